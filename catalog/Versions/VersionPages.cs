using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Removes kept versions whose days are over, in the order in which they fall due. Decided like a commit, under the lock of
/// the scope's head: numbers and holds are looked at again, and what they protect is marked so.
/// </summary>
internal static class VersionPages
{
    /// <summary>Versions in one transaction: some milliseconds, so that commits behind it hardly wait.</summary>
    private const int PageSize = 128;

    private const long Day = 24L * 60 * 60 * 1000;

    // One look at the front of each scope's index. Without days everything that is marked is due, now and in a day.
    private static readonly Sql SelectScope = new($"""
        SELECT s.id FROM scope s
        WHERE s.tenant = ?1 AND s.state = 0 AND s.legal_hold = 0
          AND EXISTS (SELECT 1 FROM file_version v WHERE v.tenant = s.tenant AND v.scope = s.id AND v.expirable < ?2 - COALESCE(s.keep_days, -1) * {Day})
        ORDER BY s.id LIMIT 1
        """);

    private static readonly Sql SelectTenants = new($"""
        SELECT DISTINCT s.tenant FROM scope s
        WHERE s.state = 0 AND s.legal_hold = 0
          AND EXISTS (SELECT 1 FROM file_version v WHERE v.tenant = s.tenant AND v.scope = s.id AND v.expirable < ?1 - COALESCE(s.keep_days, -1) * {Day})
        """);

    private static readonly Sql SelectScopes = new("SELECT id FROM scope WHERE tenant = ?1 AND state = 0 ORDER BY id");

    private static readonly Sql LockHead = new("SELECT sequence FROM scope_head WHERE scope = ?1 /*lock*/");

    private static readonly Sql SelectDue = new("""
        SELECT path, version, size, manifest FROM file_version
        WHERE tenant = ?1 AND scope = ?2 AND expirable < ?3
        ORDER BY expirable LIMIT ?4
        """);

    private static readonly Sql CountDue = new("SELECT COUNT(*), SUM(size) FROM file_version WHERE tenant = ?1 AND scope = ?2 AND expirable < ?3");

    /// <summary>Does one page of what is due in a tenant, of one of its scopes.</summary>
    public static ExpiredPage Expire(CatalogSession session, TenantId tenant)
    {
        if (session.Scalar(SelectScope, tenant, session.Now) is not { } id)
        {
            return new ExpiredPage(Worked: false, 0, 0);
        }

        var scope = new ScopeId(id);
        session.Exists(LockHead, scope);
        return NamespaceGroup.ReadRule(session, tenant, scope) is { Retention.Held: false } rule
            ? Expire(session, tenant, scope, rule)
            : new ExpiredPage(Worked: true, 0, 0);
    }

    /// <summary>Tenants that have something due now.</summary>
    public static List<TenantId> FindTenants(CatalogSession session)
    {
        var tenants = new List<TenantId>();
        using var rows = session.Query(SelectTenants, session.Now);
        while (rows.Read())
        {
            tenants.Add(new TenantId(rows.Long(0)));
        }

        return tenants;
    }

    /// <summary>Counts what is due, by the index alone; versions that a hold or their number protects are counted once more.</summary>
    public static VersionsDue Count(CatalogSession session, TenantId tenant)
    {
        var (versions, bytes) = (0L, 0L);
        foreach (var scope in Scopes(session, tenant))
        {
            if (NamespaceGroup.ReadRule(session, tenant, scope) is { Retention.Held: false } rule)
            {
                using var rows = session.Query(CountDue, tenant, scope, rule.Retention.ExpiredBefore(session.Now));
                if (rows.Read())
                {
                    versions += rows.Long(0);
                    bytes += rows.Long(1);
                }
            }
        }

        return new VersionsDue(versions, bytes);
    }

    private static ExpiredPage Expire(CatalogSession session, TenantId tenant, ScopeId scope, ScopeRule rule)
    {
        var newest = new Dictionary<string, long>(StringComparer.Ordinal);
        var (versions, bytes) = (0L, 0L);
        foreach (var (path, old) in ReadDue(session, tenant, scope, rule.Retention.ExpiredBefore(session.Now)))
        {
            var key = Convert.ToBase64String(path);
            if (!newest.TryGetValue(key, out var last))
            {
                // A held path counts as one whose numbers all protect.
                newest[key] = last = rule.SomeHeld && HoldTable.IsHeld(session, tenant, scope, path)
                    ? 0
                    : FileTable.NewestNumber(session, tenant, scope, path);
            }

            if (old.Version > last - rule.Retention.KeepVersions)
            {
                FileTable.Protect(session, tenant, scope, path, old.Version);
                continue;
            }

            FileTable.RemoveKept(session, tenant, scope, path, old.Version);
            if (old.Manifest is not null)
            {
                UploadRow.Release(session, old.Manifest);
            }

            versions++;
            bytes += old.Size;
        }

        UsageLedger.Add(session, tenant, scope, -bytes, 0, 0);
        return new ExpiredPage(Worked: true, versions, bytes);
    }

    private static List<(byte[] Path, OldVersion Version)> ReadDue(CatalogSession session, TenantId tenant, ScopeId scope, DateTimeOffset before)
    {
        var due = new List<(byte[] Path, OldVersion Version)>(PageSize);
        using var rows = session.Query(SelectDue, tenant, scope, before, PageSize);
        while (rows.Read())
        {
            due.Add((rows.Span(0).ToArray(), new OldVersion(rows.Long(1), rows.Long(2), rows.BytesOrNull(3))));
        }

        return due;
    }

    private static List<ScopeId> Scopes(CatalogSession session, TenantId tenant)
    {
        var scopes = new List<ScopeId>();
        using var rows = session.Query(SelectScopes, tenant);
        while (rows.Read())
        {
            scopes.Add(new ScopeId(rows.Long(0)));
        }

        return scopes;
    }
}
