using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Walks that look at kept versions once, to mark those that their number no longer protects: of a scope whose
/// <c>keepVersions</c> was lowered, of a path whose hold ended. The cursor is a row, so a crash costs one page.
/// </summary>
internal static class VersionWalks
{
    /// <summary>Versions in one transaction: some milliseconds.</summary>
    private const int PageSize = 512;

    private static readonly Sql BeginWalk = new("""
        INSERT INTO version_walk (tenant, scope, path, at_path, at_version) VALUES (?1, ?2, ?3, ?4, 0)
        ON CONFLICT (tenant, scope, path) DO UPDATE SET at_path = excluded.at_path, at_version = excluded.at_version
        """);

    private static readonly Sql SelectWalk = new(
        "SELECT scope, path, at_path, at_version FROM version_walk WHERE tenant = ?1 ORDER BY scope, path LIMIT 1");

    private static readonly Sql LockHead = new("SELECT sequence FROM scope_head WHERE scope = ?1 /*lock*/");

    private static readonly Sql SelectOfPath = new("""
        SELECT path, version, expirable FROM file_version
        WHERE tenant = ?1 AND scope = ?2 AND path = ?3 AND version > ?4
        ORDER BY version LIMIT ?5
        """);

    private static readonly Sql SelectBeyondPath = new("""
        SELECT path, version, expirable FROM file_version
        WHERE tenant = ?1 AND scope = ?2 AND path > ?3
        ORDER BY path, version LIMIT ?4
        """);

    private static readonly Sql MoveWalk = new("UPDATE version_walk SET at_path = ?4, at_version = ?5 WHERE tenant = ?1 AND scope = ?2 AND path = ?3");

    private static readonly Sql EndWalk = new("DELETE FROM version_walk WHERE tenant = ?1 AND scope = ?2 AND path = ?3");

    /// <summary>Asks for a walk over a whole scope, from its beginning also where one is under way.</summary>
    public static void Begin(CatalogSession session, TenantId tenant, ScopeId scope) => Begin(session, tenant, scope, []);

    /// <summary>Asks for a walk over the versions of one path; an empty path means the whole scope.</summary>
    public static void Begin(CatalogSession session, TenantId tenant, ScopeId scope, byte[] path) => session.Execute(BeginWalk, tenant, scope, path, path);

    /// <summary>Does one page of a tenant's first walk; false when there is none.</summary>
    public static bool DoPage(CatalogSession session, TenantId tenant)
    {
        if (Find(session, tenant) is not { } walk)
        {
            return false;
        }

        session.Exists(LockHead, walk.Scope);
        var rule = NamespaceGroup.ReadRule(session, tenant, walk.Scope);
        var page = rule is null ? [] : ReadPage(session, tenant, walk);
        Mark(session, tenant, walk.Scope, rule?.Retention.KeepVersions ?? 0, page);
        if (page.Count < PageSize)
        {
            session.Execute(EndWalk, tenant, walk.Scope, walk.Path);
        }
        else
        {
            session.Execute(MoveWalk, tenant, walk.Scope, walk.Path, page[^1].Path, page[^1].Version);
        }

        return true;
    }

    private static void Mark(CatalogSession session, TenantId tenant, ScopeId scope, int keepVersions, List<WalkedVersion> page)
    {
        byte[]? path = null;
        var newest = 0L;
        foreach (var version in page)
        {
            if (path is null || !path.AsSpan().SequenceEqual(version.Path))
            {
                path = version.Path;
                newest = FileTable.NewestNumber(session, tenant, scope, path);
            }

            if (!version.Expirable && version.Version <= newest - keepVersions)
            {
                FileTable.LetExpire(session, tenant, scope, path, version.Version);
            }
        }
    }

    private static Walk? Find(CatalogSession session, TenantId tenant)
    {
        using var rows = session.Query(SelectWalk, tenant);
        return rows.Read() ? new Walk(new ScopeId(rows.Long(0)), rows.Span(1).ToArray(), rows.Span(2).ToArray(), rows.Long(3)) : null;
    }

    private static List<WalkedVersion> ReadPage(CatalogSession session, TenantId tenant, Walk walk)
    {
        var page = new List<WalkedVersion>(PageSize);
        using (var rows = session.Query(SelectOfPath, tenant, walk.Scope, walk.AtPath, walk.AtVersion, PageSize))
        {
            Read(rows, page);
        }

        if (walk.Path.Length == 0 && page.Count < PageSize)
        {
            using var rows = session.Query(SelectBeyondPath, tenant, walk.Scope, walk.AtPath, PageSize - page.Count);
            Read(rows, page);
        }

        return page;
    }

    private static void Read(SqlRows rows, List<WalkedVersion> page)
    {
        while (rows.Read())
        {
            page.Add(new WalkedVersion(rows.Span(0).ToArray(), rows.Long(1), !rows.IsNull(2)));
        }
    }

    private sealed record Walk(ScopeId Scope, byte[] Path, byte[] AtPath, long AtVersion);

    private readonly record struct WalkedVersion(byte[] Path, long Version, bool Expirable);
}
