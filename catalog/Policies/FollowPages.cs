using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// What a scope's change log says is new, as chunks that a store lacks: populate follows it and need not search (design,
/// Changes).
/// </summary>
internal static class FollowPages
{
    private const int MostChanges = 256;

    private static readonly Sql SelectHead = new("SELECT sequence FROM scope_head WHERE scope = ?1");

    private static readonly Sql SelectChanges = new(
        "SELECT sequence, kind, path, version FROM change WHERE tenant = ?1 AND scope = ?2 AND sequence > ?3 ORDER BY sequence LIMIT ?4");

    private static readonly Sql SelectCurrent = new("SELECT manifest FROM file WHERE tenant = ?1 AND scope = ?2 AND path = ?3 AND version = ?4");

    private static readonly Sql SelectEarlier = new(
        "SELECT manifest FROM file_version WHERE tenant = ?1 AND scope = ?2 AND path = ?3 AND version = ?4 AND deleted = 0");

    private static readonly Sql SelectThere = new("SELECT 1 FROM location WHERE tenant = ?1 AND chunk = ?2 AND +store = ?3 AND state = 1");

    /// <summary>Where the log ends.</summary>
    public static long Head(CatalogSession session, ScopeId scope) => session.Scalar(SelectHead, scope) ?? 0;

    /// <summary>Reads changes until a page of chunks was looked at.</summary>
    public static FollowPage Read(CatalogSession session, TenantId tenant, ScopeId scope, StoreId store, FollowPosition from, int limit)
    {
        var missing = new List<PolicyChunk>();
        var position = from;
        var looked = 0;
        var changes = ReadChanges(session, tenant, scope, from.Sequence);
        if (changes.Count > 0 && changes[0].Sequence != from.Sequence + 1)
        {
            return new FollowPage([], from, Ended: false, Gap: true);
        }

        foreach (var change in changes)
        {
            var entries = FindManifest(session, tenant, scope, change) is { } manifest
                ? ManifestReader.Read(session, tenant, manifest, position.Index, limit - looked)
                : [];
            foreach (var entry in entries)
            {
                if (!session.Exists(SelectThere, tenant, entry.Hash, store))
                {
                    missing.Add(new PolicyChunk(tenant, entry.Hash, entry.Size));
                }
            }

            looked += entries.Count;
            if (looked >= limit)
            {
                return new FollowPage(missing, position with { Index = entries[^1].Index + 1 }, Ended: false, Gap: false);
            }

            position = new FollowPosition(change.Sequence, 0);
        }

        return new FollowPage(missing, position, changes.Count < MostChanges, Gap: false);
    }

    private static List<Change> ReadChanges(CatalogSession session, TenantId tenant, ScopeId scope, long after)
    {
        var changes = new List<Change>();
        using var rows = session.Query(SelectChanges, tenant, scope, after, MostChanges);
        while (rows.Read())
        {
            changes.Add(new Change(rows.Long(0), rows.Int(1), rows.Span(2).ToArray(), rows.Long(3)));
        }

        return changes;
    }

    // Versions that have gone meanwhile need no copy.
    private static byte[]? FindManifest(CatalogSession session, TenantId tenant, ScopeId scope, Change change)
    {
        if (change.Kind == (int)ChangeKind.Deleted)
        {
            return null;
        }

        using (var rows = session.Query(SelectCurrent, tenant, scope, change.Path, change.Version))
        {
            if (rows.Read())
            {
                return rows.BytesOrNull(0);
            }
        }

        using var earlier = session.Query(SelectEarlier, tenant, scope, change.Path, change.Version);
        return earlier.Read() ? earlier.BytesOrNull(0) : null;
    }

    private sealed record Change(long Sequence, int Kind, byte[] Path, long Version);
}
