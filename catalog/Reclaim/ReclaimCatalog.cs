using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// The pages of background work that a commit relies on: uncounting what left the namespace, ending what dead silos held,
/// and forgetting copies whose bytes are gone. Each page is one bounded transaction that finds out itself what is due, so
/// it may run twice, on two silos, or be cut off anywhere.
/// </summary>
public sealed class ReclaimCatalog(CatalogDatabase database, TopologyCache topology)
{
    private const int MostManifestRows = 1_024;

    /// <summary>
    /// Aborts direct uploads whose silo's life is over: nobody can go on with them. At most a page; call again while the
    /// answer is not 0.
    /// </summary>
    /// <returns>Uploads that were aborted.</returns>
    public Task<int> AbortDeadUploadsAsync(TenantId tenant, CancellationToken cancellationToken) =>
        database.WriteAsync(session => UncountPages.AbortDead(session, tenant), cancellationToken);

    /// <summary>Takes away one page of the references of a released or aborted upload, and its row with the last of them.</summary>
    public Task<UncountPage> UncountPageAsync(TenantId tenant, CancellationToken cancellationToken) =>
        database.WriteAsync(session => UncountPages.Uncount(session, tenant), cancellationToken);

    /// <summary>
    /// Removes one page of the rows of manifests whose references were all uncounted before a time: no download that began
    /// while they were versions may still run.
    /// </summary>
    /// <returns>Rows that were worked on; 0 when nothing is due.</returns>
    public Task<int> DropManifestPageAsync(TenantId tenant, DateTimeOffset endedBefore, CancellationToken cancellationToken) =>
        database.WriteAsync(session => ManifestRests.DropPage(session, tenant, endedBefore, MostManifestRows), cancellationToken);

    /// <summary>
    /// Empties one page of a tenant's scopes that are being deleted; the last page removes the scope itself. The versions
    /// are released, which is work for <see cref="UncountPageAsync"/>.
    /// </summary>
    /// <returns>Rows that were worked on; 0 when no scope of the tenant is being deleted, or uncounting must come first.</returns>
    public async Task<int> DeleteScopePageAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var page = await database.WriteAsync(session => ScopeDeletion.DeletePage(session, tenant), cancellationToken);
        if (page.Finished)
        {
            await topology.RefreshAsync(cancellationToken);
        }

        return page.Rows;
    }

    /// <summary>
    /// Turns unfinished writes of lives that ended before a time into copies to delete, so that whatever they left is removed
    /// by name.
    /// </summary>
    /// <param name="store">The store.</param>
    /// <param name="deadBefore">Lives that ended later may still write.</param>
    /// <param name="cancellationToken">Gives up before the transaction.</param>
    public Task<int> CondemnDeadWritesAsync(StoreId store, DateTimeOffset deadBefore, CancellationToken cancellationToken) =>
        database.WriteAsync(session => LocationPages.CondemnDeadWrites(session, store, deadBefore), cancellationToken);

    /// <summary>
    /// Copies to delete, in the order of their ids. A write that failed may still arrive at its store for a while; such
    /// copies are told only when the attempt began before a time, or its silo's life ended before another.
    /// </summary>
    /// <param name="store">The store.</param>
    /// <param name="after">Copies after this one; null from the first.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="failedBefore">Failed attempts that began later are left out,</param>
    /// <param name="deadBefore">unless they were made by a life that ended before this time.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<IReadOnlyList<DeletingLocation>> NextDeletingAsync(
        StoreId store, LocationId? after, int limit, DateTimeOffset failedBefore, DateTimeOffset deadBefore, CancellationToken cancellationToken) =>
        database.ReadAsync(session => LocationPages.NextDeleting(session, store, after, limit, failedBefore, deadBefore), cancellationToken);

    /// <summary>
    /// The store said that these keys are absent: their rows go, and their space is given back (G14). Ids that are not being
    /// deleted are passed over.
    /// </summary>
    /// <returns>Bytes given back.</returns>
    public Task<long> LocationsDeletedAsync(LocationId[] locations, CancellationToken cancellationToken) =>
        database.WriteAsync(session => LocationPages.ForgetDeleted(session, locations), cancellationToken);

    /// <summary>
    /// Gives back the unused space of lives that ended before a time and have no unfinished write in the store, and forgets
    /// lives that nothing points at.
    /// </summary>
    public Task<BlocksReleased> ReleaseDeadBlocksAsync(StoreId store, DateTimeOffset deadBefore, CancellationToken cancellationToken) =>
        database.WriteAsync(session => LocationPages.ReleaseDeadBlocks(session, store, deadBefore), cancellationToken);

    /// <summary>One page of a store that was deleted by force: its copies are to be deleted; in the end the store goes.</summary>
    /// <returns>Rows that were worked on; 0 when the store is not being deleted, or copies must be deleted first.</returns>
    public async Task<int> DeleteStorePageAsync(StoreId store, CancellationToken cancellationToken)
    {
        var page = await database.WriteAsync(session => StoreDeletion.DeletePage(session, store), cancellationToken);
        if (page.Finished)
        {
            await topology.RefreshAsync(cancellationToken);
        }

        return page.Rows;
    }

    /// <summary>Removes the last rows of a tenant that was deleted, once its chunks are gone.</summary>
    /// <returns>True when the tenant is gone now.</returns>
    public async Task<bool> FinishTenantAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var finished = await database.WriteAsync(session => TenantDeletion.TryFinish(session, tenant), cancellationToken);
        if (finished)
        {
            await topology.RefreshAsync(cancellationToken);
        }

        return finished;
    }

    /// <summary>Whose work is due; asked when a silo starts.</summary>
    public Task<WorkPending> WorkPendingAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(PendingWork.Find, cancellationToken);
}

/// <summary>What a page of a deletion did.</summary>
/// <param name="Rows">Rows worked on.</param>
/// <param name="Finished">The scope or store itself is gone now.</param>
internal readonly record struct DeletionPage(int Rows, bool Finished);
