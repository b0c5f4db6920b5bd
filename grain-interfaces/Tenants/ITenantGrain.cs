namespace Granary.GrainInterfaces;

/// <summary>Settings of one tenant and the rights of its API keys. Key: the tenant's id. Not on the per-chunk path.</summary>
[Alias("granary.ITenantGrain")]
public interface ITenantGrain : IGrainWithStringKey
{
    /// <summary>Changes quota, limits and the stores it may attach.</summary>
    [Alias("Update")]
    Task<AdminResult> UpdateAsync(TenantSettings settings, OperationKey? operation, CancellationToken cancellationToken);

    /// <summary>Deletes the tenant; refused while it has scopes.</summary>
    [Alias("Delete")]
    Task<AdminResult> DeleteAsync(OperationKey? operation, CancellationToken cancellationToken);

    /// <summary>Bytes the tenant uses and may use.</summary>
    [Alias("GetQuota")]
    Task<QuotaInfo> GetQuotaAsync(CancellationToken cancellationToken);
}

/// <summary>Settings of a tenant that can change.</summary>
[GenerateSerializer, Immutable, Alias("granary.TenantSettings")]
public sealed record TenantSettings
{
    /// <summary>Logical bytes over all scopes; null for no limit.</summary>
    [Id(0)] public long? QuotaBytes { get; init; }

    /// <summary>Largest file in bytes; null for no limit.</summary>
    [Id(1)] public long? MaxFileBytes { get; init; }

    /// <summary>Requests in any minute (S18); null for no limit.</summary>
    [Id(2)] public int? RequestsPerMinute { get; init; }

    /// <summary>Stores the tenant may attach.</summary>
    [Id(3)] public IReadOnlyList<StoreId> Stores { get; init; } = [];
}

/// <summary>A quota and what counts against it.</summary>
/// <param name="Limit">Bytes allowed; null for no limit.</param>
/// <param name="Logical">Bytes of kept versions.</param>
/// <param name="Reserved">Bytes of open uploads.</param>
[GenerateSerializer, Immutable, Alias("granary.QuotaInfo")]
public sealed record QuotaInfo([property: Id(0)] long? Limit, [property: Id(1)] long Logical, [property: Id(2)] long Reserved);
