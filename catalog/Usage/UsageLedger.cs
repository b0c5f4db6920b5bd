using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// The bytes that quotas count: kept versions plus what open uploads reserved, per scope and per tenant. Never passed, by
/// no byte: growth is written by a conditional update in the transaction of what it pays for (design, rule 3), the last of
/// its statements (<see cref="SharedCounts"/>).
/// </summary>
internal static class UsageLedger
{
    /// <summary>The tenant's own row stands where a scope's id would.</summary>
    public static readonly ScopeId WholeTenant = new(0);

    private static readonly Sql SelectRow = new("SELECT quota, logical, reserved, files, unique_bytes, unique_chunks FROM usage WHERE tenant = ?1 AND scope = ?2");

    private static readonly Sql SelectBoth = new("SELECT scope, quota, logical + reserved FROM usage WHERE tenant = ?1 AND (scope = ?2 OR scope = 0) ORDER BY scope");

    private static readonly Sql InsertRow = new("INSERT INTO usage (tenant, scope, quota) VALUES (?1, ?2, ?3)");

    private static readonly Sql UpdateQuota = new("UPDATE usage SET quota = ?3 WHERE tenant = ?1 AND scope = ?2");

    private static readonly Sql DeleteRow = new("DELETE FROM usage WHERE tenant = ?1 AND scope = ?2");

    /// <summary>Reads a row, with what the transaction has changed so far; null when there is none.</summary>
    public static UsageRow? Find(CatalogSession session, TenantId tenant, ScopeId scope)
    {
        using var rows = session.Query(SelectRow, tenant, scope);
        if (!rows.Read())
        {
            return null;
        }

        var own = session.Shared.PendingUsage(tenant, scope);
        return new UsageRow(
            rows.LongOrNull(0), rows.Long(1) + own.Logical, rows.Long(2) + own.Reserved, rows.Long(3) + own.Files,
            rows.Long(4) + own.UniqueBytes, rows.Long(5) + own.UniqueChunks);
    }

    /// <summary>Reserves bytes in scope and tenant, or in neither.</summary>
    /// <returns>Null when there was room, else which quota refused; the scope's is told before the tenant's.</returns>
    public static QuotaRefusal? TryReserve(CatalogSession session, TenantId tenant, ScopeId scope, long bytes)
    {
        if (bytes == 0)
        {
            return null;
        }

        QuotaRefusal? refusal = null;
        using (var rows = session.QueryOnce(SelectBoth, tenant, scope))
        {
            while (rows.Read())
            {
                var own = session.Shared.PendingUsage(tenant, new ScopeId(rows.Long(0)));
                var used = rows.Long(2) + own.Logical + own.Reserved;
                if (rows.LongOrNull(1) is { } quota && used + bytes > quota)
                {
                    refusal = new QuotaRefusal(rows.Long(0) == WholeTenant.Value, quota, used);
                }
            }
        }

        if (refusal is null)
        {
            session.Shared.AddUsage(tenant, scope, 0, bytes, 0, 0, 0);
        }

        return refusal;
    }

    /// <summary><see cref="TryReserve"/> is going to be asked for.</summary>
    public static void ExpectReserve(CatalogSession session, TenantId tenant, ScopeId scope) => session.Expect(SelectBoth, tenant, scope);

    /// <summary><see cref="Find"/> is going to be asked for.</summary>
    public static void ExpectRow(CatalogSession session, TenantId tenant, ScopeId scope) => session.Expect(SelectRow, tenant, scope);

    /// <summary>
    /// Changes what scope and tenant count: gives back, or writes what was decided before. Growth that does not fit any more
    /// when it is written makes the transaction run again.
    /// </summary>
    public static void Add(CatalogSession session, TenantId tenant, ScopeId scope, long logical, long reserved, long files)
    {
        if ((logical | reserved | files) != 0)
        {
            session.Shared.AddUsage(tenant, scope, logical, reserved, files, 0, 0);
        }
    }

    /// <summary>Follows scope_chunk: a scope began or ceased to reference distinct chunks.</summary>
    public static void AddUnique(CatalogSession session, TenantId tenant, ScopeId scope, long bytes, long chunks) =>
        session.Shared.AddUsage(tenant, scope, 0, 0, 0, bytes, chunks);

    /// <summary>Makes the row of a new tenant or scope.</summary>
    public static void Insert(CatalogSession session, TenantId tenant, ScopeId scope, long? quota) =>
        session.Execute(InsertRow, tenant, scope, quota);

    /// <summary>Repeats a changed setting here. A quota below what is used refuses growth and nothing else.</summary>
    public static void SetQuota(CatalogSession session, TenantId tenant, ScopeId scope, long? quota) =>
        session.Execute(UpdateQuota, tenant, scope, quota);

    /// <summary>Removes the row of a tenant or scope that is gone.</summary>
    public static void Delete(CatalogSession session, TenantId tenant, ScopeId scope) =>
        session.Execute(DeleteRow, tenant, scope);
}

/// <summary>One row of usage.</summary>
internal sealed record UsageRow(long? Quota, long Logical, long Reserved, long Files, long UniqueBytes, long UniqueChunks);

/// <summary>Which quota had no room.</summary>
internal sealed record QuotaRefusal(bool IsTenant, long? Limit, long Used);
