using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Recounts the rows of usage. One statement reads the sum and what it sums up, so both are of one moment; the difference is
/// added later, since every commit in between adds its own.
/// </summary>
internal static class UsageAudit
{
    private static readonly Sql SelectNext = new("SELECT MIN(scope) FROM usage WHERE tenant = ?1 AND scope > ?2");

    private static readonly Sql CompareScope = new("""
        SELECT g.logical, g.reserved, g.files, g.unique_bytes, g.unique_chunks,
            (SELECT COALESCE(SUM(f.size), 0) FROM file f WHERE f.tenant = ?1 AND f.scope = ?2)
                + (SELECT COALESCE(SUM(v.size), 0) FROM file_version v WHERE v.tenant = ?1 AND v.scope = ?2),
            (SELECT COALESCE(SUM(u.reserved), 0) FROM upload u WHERE u.tenant = ?1 AND u.scope = ?2 AND u.state = 0),
            (SELECT COUNT(*) FROM file f WHERE f.tenant = ?1 AND f.scope = ?2),
            (SELECT COALESCE(SUM(c.size), 0) FROM scope_chunk s JOIN chunk c ON c.tenant = s.tenant AND c.hash = s.chunk WHERE s.tenant = ?1 AND s.scope = ?2),
            (SELECT COUNT(*) FROM scope_chunk s WHERE s.tenant = ?1 AND s.scope = ?2)
        FROM usage g WHERE g.tenant = ?1 AND g.scope = ?2
        """);

    private static readonly Sql CompareTenant = new("""
        SELECT g.logical, g.reserved, g.files, 0, 0,
            (SELECT COALESCE(SUM(s.logical), 0) FROM usage s WHERE s.tenant = ?1 AND s.scope <> 0),
            (SELECT COALESCE(SUM(s.reserved), 0) FROM usage s WHERE s.tenant = ?1 AND s.scope <> 0),
            (SELECT COALESCE(SUM(s.files), 0) FROM usage s WHERE s.tenant = ?1 AND s.scope <> 0),
            0, 0
        FROM usage g WHERE g.tenant = ?1 AND g.scope = ?2
        """);

    private static readonly Sql AddDifference = new("""
        UPDATE usage SET logical = logical + ?3, reserved = reserved + ?4, files = files + ?5, unique_bytes = unique_bytes + ?6, unique_chunks = unique_chunks + ?7
        WHERE tenant = ?1 AND scope = ?2
        """);

    private static readonly string[] Names = ["logical bytes", "reserved bytes", "files", "unique bytes", "unique chunks"];

    public static ScopeId? Next(CatalogSession session, TenantId tenant, ScopeId after) =>
        session.Scalar(SelectNext, tenant, after) is { } scope ? new ScopeId(scope) : null;

    public static SumAudit Look(CatalogSession session, TenantId tenant, ScopeId? scope, bool repair)
    {
        var key = scope ?? UsageLedger.WholeTenant;
        using var rows = session.Query(scope is null ? CompareTenant : CompareScope, tenant, key);
        if (!rows.Read())
        {
            return new SumAudit([]);
        }

        var differences = new long[Names.Length];
        var words = new List<string>();
        for (var i = 0; i < Names.Length; i++)
        {
            differences[i] = rows.Long(i + Names.Length) - rows.Long(i);
            if (differences[i] != 0)
            {
                words.Add($"{rows.Long(i)} {Names[i]} where there are {rows.Long(i + Names.Length)}");
            }
        }

        if (words.Count == 0)
        {
            return new SumAudit([]);
        }

        var whose = scope is null ? $"Tenant {tenant}" : $"Scope {scope}";
        var finding = new TaskFinding(
            repair ? FindingKind.Repaired : FindingKind.Error, "usage-differs", $"{whose} counts {string.Join(", ", words)}.", null, null, scope);
        return new SumAudit([finding])
        {
            Correction = repair
                ? session => session.Execute(AddDifference, tenant, key, differences[0], differences[1], differences[2], differences[3], differences[4])
                : null,
        };
    }
}
