using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>The statements on files under legal hold.</summary>
internal static class HoldTable
{
    private const string Columns = "path, since, actor, reason";

    private static readonly Sql SelectHeld = new("SELECT 1 FROM file_hold WHERE tenant = ?1 AND scope = ?2 AND path = ?3");

    private static readonly Sql SelectOne = new($"SELECT {Columns} FROM file_hold WHERE tenant = ?1 AND scope = ?2 AND path = ?3");

    private static readonly Sql SelectPage = new(
        $"SELECT {Columns} FROM file_hold WHERE tenant = ?1 AND scope = ?2 AND path > ?3 ORDER BY path LIMIT ?4");

    private static readonly Sql InsertHold = new(
        "INSERT OR IGNORE INTO file_hold (tenant, scope, path, since, actor, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");

    private static readonly Sql UpdateReason = new("UPDATE file_hold SET reason = ?4 WHERE tenant = ?1 AND scope = ?2 AND path = ?3");

    private static readonly Sql DeleteHold = new("DELETE FROM file_hold WHERE tenant = ?1 AND scope = ?2 AND path = ?3");

    private static readonly Sql AddHolds = new("UPDATE scope SET holds = holds + ?2 WHERE id = ?1");

    /// <summary>True when the path itself is held.</summary>
    public static bool IsHeld(CatalogSession session, TenantId tenant, ScopeId scope, byte[] path) =>
        session.Exists(SelectHeld, tenant, scope, path);

    /// <summary>The hold of a path, or null.</summary>
    public static FileHold? Find(CatalogSession session, TenantId tenant, ScopeId scope, byte[] path)
    {
        using var rows = session.Query(SelectOne, tenant, scope, path);
        return rows.Read() ? Read(rows) : null;
    }

    /// <summary>Holds in the order of their paths.</summary>
    public static List<FileHold> List(CatalogSession session, TenantId tenant, ScopeId scope, byte[] after, int limit)
    {
        var found = new List<FileHold>();
        using var rows = session.Query(SelectPage, tenant, scope, after, limit);
        while (rows.Read())
        {
            found.Add(Read(rows));
        }

        return found;
    }

    /// <summary>Sets a hold, or the reason of one that is there.</summary>
    /// <returns>True when it is new.</returns>
    public static bool Put(CatalogSession session, TenantId tenant, ScopeId scope, byte[] path, string by, string? reason)
    {
        if (session.Execute(InsertHold, tenant, scope, path, session.Now, by, reason) != 0)
        {
            session.Execute(AddHolds, scope, 1);
            return true;
        }

        if (reason is not null)
        {
            session.Execute(UpdateReason, tenant, scope, path, reason);
        }

        return false;
    }

    /// <summary>Ends a hold; false when there is none.</summary>
    public static bool Remove(CatalogSession session, TenantId tenant, ScopeId scope, byte[] path)
    {
        if (session.Execute(DeleteHold, tenant, scope, path) == 0)
        {
            return false;
        }

        session.Execute(AddHolds, scope, -1);
        return true;
    }

    private static FileHold Read(SqlRows rows) => new(rows.Path(0), rows.Time(1), rows.Text(2), rows.TextOrNull(3));
}
