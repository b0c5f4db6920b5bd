using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// The bytes that quotas count: kept versions plus what open uploads reserved, per scope and per tenant. Never passed, by
/// no byte: a reservation is a conditional update in the transaction of what it pays for (design, rule 3).
/// </summary>
internal static class UsageLedger
{
    /// <summary>The tenant's own row stands where a scope's id would.</summary>
    public static readonly ScopeId WholeTenant = new(0);

    private static readonly Sql SelectRow = new("SELECT quota, logical, reserved, files, unique_bytes, unique_chunks FROM usage WHERE tenant = ?1 AND scope = ?2 /*lock*/");

    private static readonly Sql ReserveRow = new(
        "UPDATE usage SET reserved = reserved + ?3 WHERE tenant = ?1 AND scope = ?2 AND (quota IS NULL OR logical + reserved + ?3 <= quota)");

    private static readonly Sql AddRow = new(
        "UPDATE usage SET logical = logical + ?3, reserved = reserved + ?4, files = files + ?5 WHERE tenant = ?1 AND scope = ?2");

    private static readonly Sql AddUniqueRow = new(
        "UPDATE usage SET unique_bytes = unique_bytes + ?3, unique_chunks = unique_chunks + ?4 WHERE tenant = ?1 AND scope = ?2");

    private static readonly Sql InsertRow = new("INSERT INTO usage (tenant, scope, quota) VALUES (?1, ?2, ?3)");

    private static readonly Sql UpdateQuota = new("UPDATE usage SET quota = ?3 WHERE tenant = ?1 AND scope = ?2");

    private static readonly Sql DeleteRow = new("DELETE FROM usage WHERE tenant = ?1 AND scope = ?2");

    /// <summary>Reads a row; null when there is none.</summary>
    public static UsageRow? Find(CatalogSession session, TenantId tenant, ScopeId scope)
    {
        using var rows = session.Query(SelectRow, tenant, scope);
        return rows.Read()
            ? new UsageRow(rows.LongOrNull(0), rows.Long(1), rows.Long(2), rows.Long(3), rows.Long(4), rows.Long(5))
            : null;
    }

    /// <summary>Reserves bytes in scope and tenant, or in neither.</summary>
    /// <returns>Null when there was room, else which quota refused.</returns>
    public static QuotaRefusal? TryReserve(CatalogSession session, TenantId tenant, ScopeId scope, long bytes)
    {
        if (bytes == 0)
        {
            return null;
        }

        if (session.Execute(ReserveRow, tenant, scope, bytes) == 0)
        {
            return Refuse(session, tenant, scope, isTenant: false);
        }

        if (session.Execute(ReserveRow, tenant, WholeTenant, bytes) == 0)
        {
            session.Execute(AddRow, tenant, scope, 0, -bytes, 0);
            return Refuse(session, tenant, WholeTenant, isTenant: true);
        }

        return null;
    }

    /// <summary>Changes what scope and tenant count, without a condition: gives back, or writes what was decided before.</summary>
    public static void Add(CatalogSession session, TenantId tenant, ScopeId scope, long logical, long reserved, long files)
    {
        if ((logical | reserved | files) != 0)
        {
            session.Execute(AddRow, tenant, scope, logical, reserved, files);
            session.Execute(AddRow, tenant, WholeTenant, logical, reserved, files);
        }
    }

    /// <summary>Follows scope_chunk: a scope began or ceased to reference distinct chunks.</summary>
    public static void AddUnique(CatalogSession session, TenantId tenant, ScopeId scope, long bytes, long chunks) =>
        session.Execute(AddUniqueRow, tenant, scope, bytes, chunks);

    /// <summary>Makes the row of a new tenant or scope.</summary>
    public static void Insert(CatalogSession session, TenantId tenant, ScopeId scope, long? quota) =>
        session.Execute(InsertRow, tenant, scope, quota);

    /// <summary>Repeats a changed setting here. A quota below what is used refuses growth and nothing else.</summary>
    public static void SetQuota(CatalogSession session, TenantId tenant, ScopeId scope, long? quota) =>
        session.Execute(UpdateQuota, tenant, scope, quota);

    /// <summary>Removes the row of a tenant or scope that is gone.</summary>
    public static void Delete(CatalogSession session, TenantId tenant, ScopeId scope) =>
        session.Execute(DeleteRow, tenant, scope);

    private static QuotaRefusal Refuse(CatalogSession session, TenantId tenant, ScopeId scope, bool isTenant)
    {
        var row = Find(session, tenant, scope) ?? throw new CatalogException($"Tenant {tenant} has no usage row for scope {scope}.", isTransient: false);
        return new QuotaRefusal(isTenant, row.Quota, row.Logical + row.Reserved);
    }
}

/// <summary>One row of usage.</summary>
internal sealed record UsageRow(long? Quota, long Logical, long Reserved, long Files, long UniqueBytes, long UniqueChunks);

/// <summary>Which quota had no room.</summary>
internal sealed record QuotaRefusal(bool IsTenant, long? Limit, long Used);
