using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>The statements on change logs, apart from the appending, which is a part of the commit.</summary>
internal static class ChangeLog
{
    private static readonly Sql SelectHead = new("SELECT sequence FROM scope_head WHERE scope = ?1");

    private static readonly Sql SelectAfter = new("""
        SELECT sequence, time, kind, path, old_path, version, size, actor FROM change
        WHERE tenant = ?1 AND scope = ?2 AND sequence > ?3 ORDER BY sequence LIMIT ?4
        """);

    private static readonly Sql SelectOldest = new(
        "SELECT sequence FROM change WHERE tenant = ?1 AND scope = ?2 ORDER BY sequence LIMIT 1");

    private static readonly Sql SelectScopes = new("SELECT id FROM scope WHERE tenant = ?1 AND id > ?2 ORDER BY id LIMIT ?3");

    private static readonly Sql SelectLastOld = new(
        "SELECT MAX(sequence) FROM change WHERE tenant = ?1 AND scope = ?2 AND sequence < ?3 AND time < ?4");

    private static readonly Sql DeleteUpTo = new("DELETE FROM change WHERE tenant = ?1 AND scope = ?2 AND sequence <= ?3");

    public static long Head(CatalogSession session, ScopeId scope) => session.Scalar(SelectHead, scope) ?? 0;

    /// <summary>
    /// Reads a page. The head comes first: where statements of one read see different moments, the rows are then newer than
    /// it, and a change that is missing below it has been removed.
    /// </summary>
    public static ChangePage Read(CatalogSession session, TenantId tenant, ScopeId scope, long after, int limit)
    {
        var head = Head(session, scope);
        if (after > head)
        {
            return new ChangePage(CursorState.Future, head, Oldest(session, tenant, scope, head), []);
        }

        var items = after == head ? [] : Items(session, tenant, scope, after, limit);
        if (after < head && (items.Count == 0 || items[0].Sequence != after + 1))
        {
            return new ChangePage(CursorState.Expired, head, Oldest(session, tenant, scope, head), []);
        }

        return new ChangePage(CursorState.Valid, head, Math.Min(after, head), items);
    }

    /// <summary>The oldest cursor from which nothing is missing.</summary>
    public static long Oldest(CatalogSession session, TenantId tenant, ScopeId scope, long head) =>
        session.Scalar(SelectOldest, tenant, scope) is { } first ? first - 1 : head;

    /// <summary>A page of a tenant's scopes, whatever their state.</summary>
    public static List<ScopeId> Scopes(CatalogSession session, TenantId tenant, ScopeId after, int limit)
    {
        var found = new List<ScopeId>();
        using var rows = session.Query(SelectScopes, tenant, after, limit);
        while (rows.Read())
        {
            found.Add(new ScopeId(rows.Long(0)));
        }

        return found;
    }

    /// <summary>
    /// The last of the changes, at most <paramref name="limit"/> from the beginning of a log, that retention does not keep;
    /// null when it keeps them all.
    /// </summary>
    public static long? Overdue(CatalogSession session, TenantId tenant, ScopeId scope, DateTimeOffset olderThan, long count, int limit)
    {
        var head = Head(session, scope);
        if (session.Scalar(SelectOldest, tenant, scope) is not { } first)
        {
            return null;
        }

        var byCount = Math.Min(head - count, first + limit - 1);
        var byAge = session.Scalar(SelectLastOld, tenant, scope, first + limit, olderThan) ?? 0;
        var last = Math.Max(byCount, byAge);
        return last >= first ? last : null;
    }

    /// <summary>Removes the beginning of a log.</summary>
    public static int Cut(CatalogSession session, TenantId tenant, ScopeId scope, long upTo) => session.Execute(DeleteUpTo, tenant, scope, upTo);

    private static List<ChangeInfo> Items(CatalogSession session, TenantId tenant, ScopeId scope, long after, int limit)
    {
        var items = new List<ChangeInfo>();
        using var rows = session.Query(SelectAfter, tenant, scope, after, limit);
        while (rows.Read())
        {
            items.Add(new ChangeInfo(
                rows.Long(0), rows.Time(1), (ChangeKind)rows.Int(2), rows.Path(3), rows.IsNull(4) ? null : rows.Path(4), rows.Long(5), rows.Long(6), rows.Text(7)));
        }

        return items;
    }
}
