using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Collection of chunks that nothing references (design, A chunk's life): whether a chunk may go is decided in one
/// transaction under its lock, from the referring rows themselves and not from their count (rule 2, G2). Its copies are
/// then deleted one by one, each charged until its store says that it is absent.
/// </summary>
public sealed class CollectCatalog(CatalogDatabase database)
{
    /// <summary>What is due: chunks that have been unreferenced since before a time.</summary>
    public Task<TaskTotals> MeasureAsync(TenantId tenant, DateTimeOffset before, CancellationToken cancellationToken) =>
        database.ReadAsync(session => Collection.Measure(session, tenant, before), cancellationToken);

    /// <summary>A page of what is due, oldest first. Only a hint: <see cref="CollectAsync"/> decides.</summary>
    public Task<IReadOnlyList<UnreferencedChunk>> NextAsync(
        TenantId tenant, DateTimeOffset before, CollectPosition after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(session => Collection.Next(session, tenant, before, after, limit), cancellationToken);

    /// <summary>Collects chunks, each decided for itself, in one transaction.</summary>
    public Task<CollectPage> CollectAsync(TenantId tenant, DateTimeOffset before, IReadOnlyList<ChunkHash> chunks, CancellationToken cancellationToken) =>
        database.WriteAsync(session => Collection.Collect(session, tenant, before, chunks), cancellationToken);

    /// <summary>
    /// Removes the rows of chunks that have neither references nor copies any more; after copies were deleted. What a crash
    /// leaves over is found by the next collection.
    /// </summary>
    public Task<int> ForgetAsync(IReadOnlyList<(TenantId Tenant, ChunkHash Hash)> chunks, CancellationToken cancellationToken) =>
        database.WriteAsync(session => Collection.Forget(session, chunks), cancellationToken);
}
