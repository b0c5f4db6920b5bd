using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Retention without a commit (S8): versions that only <c>keepDays</c> protected go when their time is over, and those that a
/// changed setting or an ended hold let go of. The cost follows what is due, not what is kept.
/// </summary>
public sealed class VersionCatalog(CatalogDatabase database)
{
    /// <summary>
    /// Does one bounded page of a tenant's work in one transaction: quota is given back in it, references are uncounted later
    /// (<see cref="ReclaimCatalog.UncountPageAsync"/>). Safe to run twice, at two places, or to be cut off.
    /// </summary>
    public Task<ExpiredPage> ExpirePageAsync(TenantId tenant, CancellationToken cancellationToken) =>
        database.WriteAsync(
            session => VersionWalks.DoPage(session, tenant) ? new ExpiredPage(Worked: true, 0, 0) : VersionPages.Expire(session, tenant), cancellationToken);

    /// <summary>Counts what is due, as far as it is known: what a walk has yet to find is not in it.</summary>
    public Task<VersionsDue> CountDueAsync(TenantId tenant, CancellationToken cancellationToken) =>
        database.ReadAsync(session => VersionPages.Count(session, tenant), cancellationToken);
}
