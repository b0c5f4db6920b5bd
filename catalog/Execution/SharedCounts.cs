using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// The rows that nearly every transaction changes: blocks of space, totals of stores, usage. Their changes are kept back to
/// the end of the work, added up, and written in one fixed order: blocks, stores, tenants, scopes (design, Writing 7, usage
/// last). So they are locked for moments, no two transactions wait for each other crosswise, and each row is written once.
/// A change that must leave a row within its bounds is decided from a read, and checked again when it is written.
/// </summary>
internal sealed class SharedCounts
{
    // A bound that another transaction used up since it was read: the column is NOT NULL, the transaction fails and runs again.
    private static readonly Sql TakeSpace = new(
        "UPDATE block SET available = CASE WHEN available >= ?3 THEN available - ?3 ELSE NULL END WHERE store = ?1 AND epoch = ?2");

    private static readonly Sql CountSpace = new(
        "UPDATE store_space SET charged = charged + ?2, stored_bytes = stored_bytes + ?3, stored_chunks = stored_chunks + ?4, uploaded = uploaded + ?5 WHERE store = ?1");

    private static readonly Sql CountUsage = new("""
        UPDATE usage SET
            reserved = CASE WHEN ?9 <= 0 OR quota IS NULL OR logical + reserved + ?9 <= quota THEN reserved + ?4 ELSE NULL END,
            logical = logical + ?3, files = files + ?5,
            unique_bytes = unique_bytes + CASE WHEN scope = 0 THEN 0 ELSE ?6 END,
            unique_chunks = unique_chunks + CASE WHEN scope = 0 THEN 0 ELSE ?7 END
        WHERE tenant = ?1 AND (scope = ?2 OR scope = ?8)
        """);

    private readonly SortedDictionary<(StoreId Store, SiloEpoch Epoch), long> _blocks = new(Comparer<(StoreId Store, SiloEpoch Epoch)>.Create(static (a, b) =>
        a.Store != b.Store ? a.Store.Value.CompareTo(b.Store.Value) : a.Epoch.Value.CompareTo(b.Epoch.Value)));

    private readonly SortedDictionary<long, Space> _stores = [];
    private readonly SortedDictionary<(long Tenant, long Scope), Usage> _usage = [];

    /// <summary>Bytes that the work has taken from a block so far.</summary>
    public long Taken(StoreId store, SiloEpoch epoch) => _blocks.GetValueOrDefault((store, epoch));

    /// <summary>Takes bytes from a block in which they were seen.</summary>
    public void Take(StoreId store, SiloEpoch epoch, long bytes) => _blocks[(store, epoch)] = Taken(store, epoch) + bytes;

    /// <summary>Changes a store's charge and its count of stored copies.</summary>
    public void AddSpace(StoreId store, long charged, long storedBytes, long storedChunks)
    {
        var old = _stores.GetValueOrDefault(store.Value);
        _stores[store.Value] = old with { Charged = old.Charged + charged, Bytes = old.Bytes + storedBytes, Chunks = old.Chunks + storedChunks };
    }

    /// <summary>Counts bytes that an upload brought into a store.</summary>
    public void AddUploaded(StoreId store, long bytes)
    {
        var old = _stores.GetValueOrDefault(store.Value);
        _stores[store.Value] = old with { Uploaded = old.Uploaded + bytes };
    }

    /// <summary>Changes what a scope, and with it its tenant, counts.</summary>
    public void AddUsage(TenantId tenant, ScopeId scope, long logical, long reserved, long files, long uniqueBytes, long uniqueChunks)
    {
        var old = _usage.GetValueOrDefault((tenant.Value, scope.Value));
        _usage[(tenant.Value, scope.Value)] = new Usage(
            old.Logical + logical, old.Reserved + reserved, old.Files + files, old.UniqueBytes + uniqueBytes, old.UniqueChunks + uniqueChunks);
    }

    /// <summary>What the work has changed so far: of a scope, or of the whole tenant where the scope is 0.</summary>
    public Usage PendingUsage(TenantId tenant, ScopeId scope)
    {
        if (scope.Value != 0)
        {
            return _usage.GetValueOrDefault((tenant.Value, scope.Value));
        }

        var sum = default(Usage);
        foreach (var (key, usage) in _usage)
        {
            sum = key.Tenant == tenant.Value
                ? new Usage(sum.Logical + usage.Logical, sum.Reserved + usage.Reserved, sum.Files + usage.Files, 0, 0)
                : sum;
        }

        return sum;
    }

    /// <summary>Forgets what work left behind that did not end.</summary>
    public void Clear()
    {
        _blocks.Clear();
        _stores.Clear();
        _usage.Clear();
    }

    /// <summary>Writes everything, in the order of locks.</summary>
    public void Write(CatalogSession session)
    {
        foreach (var ((store, epoch), bytes) in _blocks)
        {
            session.Post(TakeSpace, store, epoch, bytes);
        }

        foreach (var (store, space) in _stores)
        {
            session.Post(CountSpace, store, space.Charged, space.Bytes, space.Chunks, space.Uploaded);
        }

        foreach (var ((tenant, scope), usage) in _usage)
        {
            if (usage == default)
            {
                continue;
            }

            // The tenant's row (scope 0) comes first in the key; where the sums do not change it is left alone.
            var whole = (usage.Logical | usage.Reserved | usage.Files) == 0 ? scope : UsageLedger.WholeTenant.Value;
            session.Post(
                CountUsage, tenant, scope, usage.Logical, usage.Reserved, usage.Files, usage.UniqueBytes, usage.UniqueChunks, whole,
                usage.Logical + usage.Reserved);
        }

        Clear();
    }

    private readonly record struct Space(long Charged, long Bytes, long Chunks, long Uploaded);
}

/// <summary>A change of usage.</summary>
internal readonly record struct Usage(long Logical, long Reserved, long Files, long UniqueBytes, long UniqueChunks);
