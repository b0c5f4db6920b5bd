using System.Collections.Concurrent;
using Granary.GrainInterfaces;

namespace Granary.Catalog;

public sealed partial class ScopeCatalog
{
    // Chunks looked at in one read, so that no walk over a large scope holds a reader for long.
    private const int PageSize = 5_000;

    // A count is kept for this many times what it took, and not less than some seconds.
    private const int KeepFactor = 20;

    private static readonly TimeSpan KeepAtLeast = TimeSpan.FromSeconds(5);

    private static readonly Sql SelectChunks = new("SELECT chunk FROM scope_chunk WHERE scope = ?1 AND chunk > ?2 ORDER BY chunk LIMIT ?3");

    private static readonly Sql SelectStored = new("SELECT store, length FROM location WHERE tenant = ?1 AND chunk = ?2 AND state = 1 ORDER BY store");

    private static readonly Sql SelectHolds = new("SELECT holds FROM scope WHERE id = ?1");

    // Being written counts as here: it will be, before this scope's upload commits.
    private static readonly Sql SelectHere = new("SELECT 1 FROM location WHERE tenant = ?1 AND chunk = ?2 AND +store = ?3 AND state IN (0, 1)");

    private static readonly Sql SelectElsewhere = new("""
        SELECT 1 FROM location l JOIN attachment a ON a.scope = ?3 AND a.store = l.store
        WHERE l.tenant = ?1 AND l.chunk = ?2 AND l.state = 1 AND a.state = 0 AND a.write_only = 0 AND a.store <> ?4
        """);

    private readonly ConcurrentDictionary<ScopeId, Counted> _counts = new();

    /// <summary>Bytes, files, and what lies where. The table of stores is counted by walking the scope's chunks, and kept for a while.</summary>
    /// <returns>Null when there is no such scope.</returns>
    public async Task<ScopeDetails?> GetDetailsAsync(TenantId tenant, ScopeId scope, CancellationToken cancellationToken)
    {
        var (usage, holds) = await database.ReadAsync(
            session => (UsageLedger.Find(session, tenant, scope), session.Scalar(SelectHolds, scope) ?? 0), cancellationToken);
        if (usage is null)
        {
            return null;
        }

        var now = database.Time.GetUtcNow();
        if (!_counts.TryGetValue(scope, out var counted) || counted.Until <= now)
        {
            _counts[scope] = counted = await CountAsync(tenant, scope, cancellationToken);
        }

        return new ScopeDetails
        {
            LogicalBytes = usage.Logical,
            ReservedBytes = usage.Reserved,
            UniqueBytes = usage.UniqueBytes,
            Files = usage.Files,
            Holds = holds,
            Stores = counted.Stores,
            CountedAt = counted.At,
        };
    }

    /// <summary>
    /// Second step of detaching: looks for a chunk of the scope that no other attached store holds where it could be read
    /// (D53). What is still being written counts as here.
    /// </summary>
    /// <returns>One such chunk, or null when nothing is only there.</returns>
    public async Task<ChunkHash?> FindChunkOnlyHereAsync(TenantId tenant, ScopeId scope, StoreId store, CancellationToken cancellationToken)
    {
        var after = Array.Empty<byte>();
        while (true)
        {
            var from = after;
            var (last, found) = await database.ReadAsync(session => FindOnlyHere(session, tenant, scope, store, from), cancellationToken);
            if (found is not null || last is null)
            {
                return found;
            }

            after = last;
        }
    }

    private async Task<Counted> CountAsync(TenantId tenant, ScopeId scope, CancellationToken cancellationToken)
    {
        var started = database.Time.GetTimestamp();
        var attachments = (await topology.GetAsync(cancellationToken)).Attachments(scope);
        var totals = attachments.ToDictionary(static attachment => attachment.Settings.Store, static _ => (Chunks: 0L, Bytes: 0L));
        var after = Array.Empty<byte>();
        while (after is not null)
        {
            var from = after;
            after = await database.ReadAsync(session => CountPage(session, tenant, scope, from, totals), cancellationToken);
        }

        var now = database.Time.GetUtcNow();
        var took = database.Time.GetElapsedTime(started) * KeepFactor;
        var stores = totals.Select(static pair => new ScopeStoreContent(pair.Key, pair.Value.Chunks, pair.Value.Bytes)).ToArray();
        return new Counted(stores, now, now + (took > KeepAtLeast ? took : KeepAtLeast));
    }

    private static byte[]? CountPage(CatalogSession session, TenantId tenant, ScopeId scope, byte[] after, Dictionary<StoreId, (long Chunks, long Bytes)> totals)
    {
        var chunks = ReadPage(session, scope, after);
        foreach (var chunk in chunks)
        {
            // Two stored copies of a chunk in one store count once.
            var previous = -1L;
            using var rows = session.Query(SelectStored, tenant, chunk);
            while (rows.Read())
            {
                if (rows.Long(0) != previous)
                {
                    previous = rows.Long(0);
                    var store = new StoreId(previous);
                    var total = totals.GetValueOrDefault(store);
                    totals[store] = (total.Chunks + 1, total.Bytes + rows.Long(1));
                }
            }
        }

        return chunks.Count == PageSize ? chunks[^1] : null;
    }

    private static (byte[]? Last, ChunkHash? Found) FindOnlyHere(CatalogSession session, TenantId tenant, ScopeId scope, StoreId store, byte[] after)
    {
        var chunks = ReadPage(session, scope, after);
        foreach (var chunk in chunks)
        {
            if (session.Exists(SelectHere, tenant, chunk, store) && !session.Exists(SelectElsewhere, tenant, chunk, scope, store))
            {
                return (null, ChunkHash.From(chunk));
            }
        }

        return (chunks.Count == PageSize ? chunks[^1] : null, null);
    }

    private static List<byte[]> ReadPage(CatalogSession session, ScopeId scope, byte[] after)
    {
        var chunks = new List<byte[]>();
        using var rows = session.Query(SelectChunks, scope, after, PageSize);
        while (rows.Read())
        {
            chunks.Add(rows.Span(0).ToArray());
        }

        return chunks;
    }

    private sealed record Counted(IReadOnlyList<ScopeStoreContent> Stores, DateTimeOffset At, DateTimeOffset Until);
}
