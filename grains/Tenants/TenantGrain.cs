using Granary.Catalog;

using Granary.GrainInterfaces;
using Orleans.Placement;

namespace Granary.Grains.Tenants;

/// <summary>
/// Settings of one tenant, key: its id. Invariant: one administrative command at a time; each is one transaction on rows,
/// so nothing is kept here and a crash loses nothing.
/// </summary>
[HashBasedPlacement] // seldom called, from anywhere
internal sealed class TenantGrain(TenantCatalog tenants) : Grain, ITenantGrain
{
    private TenantId Id => GrainKeys.ParseTenant(this.GetPrimaryKeyString());

    /// <inheritdoc/>
    public Task<AdminResult> UpdateAsync(TenantSettings settings, OperationKey? operation, CancellationToken cancellationToken) =>
        tenants.UpdateAsync(Id, settings, operation, cancellationToken);

    /// <inheritdoc/>
    public Task<AdminResult> DeleteAsync(OperationKey? operation, CancellationToken cancellationToken) =>
        tenants.DeleteAsync(Id, operation, cancellationToken);

    /// <inheritdoc/>
    public async Task<QuotaInfo> GetQuotaAsync(CancellationToken cancellationToken) =>
        await tenants.GetUsageAsync(Id, cancellationToken) ?? new QuotaInfo(Limit: 0, Logical: 0, Reserved: 0); // deleted meanwhile: it may use nothing
}
