using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// The transactions of a copy's life. Each locks the chunk's row first, then reads references, copies and attachments again,
/// and only then decides (design, Writing 7).
/// </summary>
internal static class CopyTransactions
{
    private static readonly Sql SelectChunk = new("SELECT size, refs FROM chunk WHERE tenant = ?1 AND hash = ?2 /*lock*/");

    private static readonly Sql SelectRefs = new("SELECT refs FROM chunk WHERE tenant = ?1 AND hash = ?2");

    private static readonly Sql SelectCopies = new("""
        SELECT l.id, l.store, l.state, l.upload, e.id, q.location FROM location l
        LEFT JOIN silo_epoch e ON e.id = l.epoch AND e.ended IS NULL
        LEFT JOIN repair_queue q ON q.store = l.store AND q.location = l.id
        WHERE l.tenant = ?1 AND l.chunk = ?2 AND l.state < 2 ORDER BY l.id
        """);

    private static readonly Sql SelectClaims = new("""
        SELECT a.scope, a.store, a.populate, a.drain, a.write_only, a.state
        FROM scope_chunk c JOIN scope s ON s.id = c.scope AND s.state = 0 JOIN attachment a ON a.scope = c.scope
        WHERE c.tenant = ?1 AND c.chunk = ?2 ORDER BY a.scope, a.store
        """);

    private static readonly Sql SelectTarget = new("""
        SELECT a.populate, a.drain, a.read_only, a.write_only FROM attachment a JOIN store s ON s.id = a.store
        WHERE a.scope = ?1 AND a.store = ?2 AND a.state = 0 AND s.state = 0 AND NOT EXISTS (SELECT 1 FROM silo_drain d WHERE d.silo = s.silo)
        """);

    private static readonly Sql SelectActiveStore = new("""
        SELECT 1 FROM store s WHERE s.id = ?1 AND s.state = 0 AND NOT EXISTS (SELECT 1 FROM silo_drain d WHERE d.silo = s.silo)
        """);

    // What is being written counts: copies under way would pass the limit together.
    private static readonly Sql SelectSoft = new("""
        SELECT s.soft_max_size, p.stored_bytes + (SELECT COALESCE(SUM(l.length), 0) FROM location l WHERE l.state = 0 AND +l.store = ?1)
        FROM store s JOIN store_space p ON p.store = s.id WHERE s.id = ?1 AND s.soft_max_size IS NOT NULL
        """);

    public static CopyBegun Begin(CatalogSession session, BeginCopy copy)
    {
        // 1. The chunk is still needed, and this process may still write.
        var hash = copy.Hash.ToByteArray();
        if (Lock(session, copy.Tenant, hash) is not { } chunk || !IsNeeded(session, copy.Tenant, copy.Scope, hash, chunk.Refs))
        {
            return CopyBegun.Of(CopyBeginStatus.ChunkGone);
        }

        if (!SiloCatalog.IsAlive(session, copy.Epoch))
        {
            return CopyBegun.Of(CopyBeginStatus.EpochDead);
        }

        // 2. What is there already, or about to be.
        var sources = new List<ChunkCopy>();
        if (LookAround(session, copy, hash, sources) is { } there)
        {
            return CopyBegun.Of(there, chunk.Size);
        }

        // 3. The target is still what the purpose needs, and has room. Soft limits bind the background (D4).
        if (!IsWanted(session, copy.Purpose, copy.Scope, copy.Target))
        {
            return CopyBegun.Of(CopyBeginStatus.NotWanted, chunk.Size);
        }

        if (copy.Purpose != CopyPurpose.Repair && PassesSoftLimit(session, copy.Target, chunk.Size))
        {
            return CopyBegun.Of(CopyBeginStatus.OverSoftLimit, chunk.Size);
        }

        if (LocationLedger.Available(session, copy.Target, copy.Epoch) < chunk.Size)
        {
            return CopyBegun.Of(CopyBeginStatus.NeedsSpace, chunk.Size);
        }

        // 4. A row before the bytes.
        var location = LocationLedger.Insert(session, copy.Tenant, hash, copy.Target, chunk.Size, copy.Epoch, upload: null);
        return new CopyBegun { Status = CopyBeginStatus.Write, Location = location, Size = chunk.Size, Sources = sources };
    }

    public static CopyCompletion Complete(CatalogSession session, BeginCopy copy, LocationId location)
    {
        var hash = copy.Hash.ToByteArray();
        var chunk = Lock(session, copy.Tenant, hash);
        if (LocationLedger.Find(session, location) is not { Upload: null } row)
        {
            return CopyCompletion.Lost;
        }

        if (row.State != LocationState.Writing || row.Epoch != copy.Epoch)
        {
            // Settled before: by this very report, whose answer was lost, or by somebody else.
            return row is { State: LocationState.Stored, Epoch: null } ? CopyCompletion.Stored : CopyCompletion.Lost;
        }

        if (!SiloCatalog.IsAlive(session, copy.Epoch))
        {
            return CopyCompletion.Lost;
        }

        if (chunk is not { } alive || !IsNeeded(session, copy.Tenant, copy.Scope, hash, alive.Refs) || !IsWanted(session, copy.Purpose, copy.Scope, copy.Target))
        {
            LocationLedger.Condemn(session, row);
            return CopyCompletion.NotWanted;
        }

        if (copy.Replaces is { } damaged && LocationLedger.Find(session, damaged) is { State: LocationState.Stored } old
            && old.Store == copy.Target && old.Hash.AsSpan().SequenceEqual(hash))
        {
            LocationLedger.Condemn(session, old);
        }

        LocationLedger.MarkWritten(session, row);
        return CopyCompletion.Stored;
    }

    public static bool Fail(CatalogSession session, TenantId tenant, ChunkHash hash, LocationId location, bool mayArriveLate)
    {
        Lock(session, tenant, hash.ToByteArray());
        if (LocationLedger.Find(session, location) is not { State: LocationState.Writing, Upload: null } row)
        {
            return false;
        }

        if (mayArriveLate)
        {
            LocationLedger.MarkFailed(session, location);
        }
        else
        {
            LocationLedger.Condemn(session, row);
        }

        return true;
    }

    /// <summary>Whether a store has room for bytes within its limits, as far as can be told without taking them.</summary>
    public static bool HasRoom(CatalogSession session, StoreId target, int size)
    {
        var space = SpaceLedger.Find(session, target);
        return space is not null
            && (space.MaxSize is not { } max || space.Charged - space.UnusedBlocks + size <= max)
            && !PassesSoftLimit(session, target, size);
    }

    public static ReleaseVerdict Release(CatalogSession session, ReleaseCopy release)
    {
        var hash = release.Hash.ToByteArray();
        if (Lock(session, release.Tenant, hash) is null)
        {
            return new ReleaseVerdict(ReleaseKind.Gone);
        }

        var verdict = Judge(session, release, hash, out var location);
        if (verdict.Kind == ReleaseKind.Free && LocationLedger.Find(session, location) is { State: LocationState.Stored } row)
        {
            LocationLedger.Condemn(session, row);
        }

        return verdict;
    }

    /// <summary>The decision alone; without the chunk's lock it may be out of date the next moment.</summary>
    public static ReleaseVerdict Judge(CatalogSession session, ReleaseCopy release) => Judge(session, release, release.Hash.ToByteArray(), out _);

    private static ReleaseVerdict Judge(CatalogSession session, ReleaseCopy release, byte[] hash, out LocationId location)
    {
        location = default;
        var stored = new HashSet<StoreId>();
        using (var rows = session.Query(SelectCopies, release.Tenant, hash))
        {
            while (rows.Read())
            {
                if (rows.Int(2) == (int)LocationState.Stored)
                {
                    var store = new StoreId(rows.Long(1));
                    location = store == release.Store ? new LocationId(rows.Long(0)) : location;
                    if (store == release.Store || rows.IsNull(5))
                    {
                        // One that is known to be damaged is nothing that anybody can rely on.
                        stored.Add(store);
                    }
                }
            }
        }

        var referenced = release.Scope is { } scope
            ? ChunkLedger.ScopeRefs(session, release.Tenant, scope, hash) > 0
            : session.Scalar(SelectRefs, release.Tenant, hash) > 0;
        return stored.Contains(release.Store) && referenced
            ? ReleaseRule.Decide(release.Store, release.Reason, release.Scope, Claims(session, release.Tenant, hash), stored)
            : new ReleaseVerdict(ReleaseKind.Gone);
    }

    private static List<ChunkClaim> Claims(CatalogSession session, TenantId tenant, byte[] hash)
    {
        var claims = new List<ChunkClaim>();
        using var rows = session.Query(SelectClaims, tenant, hash);
        while (rows.Read())
        {
            claims.Add(new ChunkClaim(
                new ScopeId(rows.Long(0)), new StoreId(rows.Long(1)), rows.Flag(2), rows.Flag(3), rows.Flag(4), Leaving: rows.Long(5) != 0));
        }

        return claims;
    }

    private static CopyBeginStatus? LookAround(CatalogSession session, BeginCopy copy, byte[] hash, List<ChunkCopy> sources)
    {
        var uploading = false;
        using var rows = session.Query(SelectCopies, copy.Tenant, hash);
        while (rows.Read())
        {
            var id = new LocationId(rows.Long(0));
            var store = new StoreId(rows.Long(1));
            if (rows.Int(2) == (int)LocationState.Stored)
            {
                if (store == copy.Target && id != copy.Replaces)
                {
                    return CopyBeginStatus.AlreadyThere;
                }

                sources.Add(new ChunkCopy(store, id));
            }
            else if (store == copy.Target && rows.IsNull(3) && !rows.IsNull(4))
            {
                return CopyBeginStatus.Busy;
            }

            uploading |= rows.Int(2) == (int)LocationState.Writing && !rows.IsNull(3);
        }

        return sources.Count == 0 && uploading ? CopyBeginStatus.NotYet : null;
    }

    private static bool IsWanted(CatalogSession session, CopyPurpose purpose, ScopeId? scope, StoreId target)
    {
        if (scope is not { } whose || purpose == CopyPurpose.Repair)
        {
            return session.Exists(SelectActiveStore, target);
        }

        using var rows = session.Query(SelectTarget, whose, target);
        return rows.Read() && (purpose == CopyPurpose.Populate ? rows.Flag(0) : !rows.Flag(1) && !rows.Flag(2) && !rows.Flag(3));
    }

    private static bool PassesSoftLimit(CatalogSession session, StoreId target, int size)
    {
        using var rows = session.Query(SelectSoft, target);
        return rows.Read() && rows.Long(1) + size > rows.Long(0);
    }

    private static bool IsNeeded(CatalogSession session, TenantId tenant, ScopeId? scope, byte[] hash, long refs) =>
        refs > 0 && (scope is not { } whose || ChunkLedger.ScopeRefs(session, tenant, whose, hash) > 0);

    private static (int Size, long Refs)? Lock(CatalogSession session, TenantId tenant, byte[] hash)
    {
        using var rows = session.Query(SelectChunk, tenant, hash);
        return rows.Read() ? (rows.Int(0), rows.Long(1)) : null;
    }
}
