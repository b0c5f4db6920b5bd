using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Copies that maintenance makes and lets go. A copy is a row before its bytes, written by a silo's life and belonging to no
/// upload; it counts when its bytes were read back, or where the store's word is enough. Any step may be repeated.
/// </summary>
public sealed class CopyCatalog(CatalogDatabase database)
{
    /// <summary>Records a copy that is about to be written, and says where the chunk can be read.</summary>
    public Task<CopyBegun> BeginAsync(BeginCopy copy, CancellationToken cancellationToken) =>
        database.WriteAsync(session => CopyTransactions.Begin(session, copy), cancellationToken);

    /// <summary>
    /// The bytes are there and were verified. The copy counts if it is still wanted and the silo's life is not over: a process
    /// that was frozen and wakes later is refused.
    /// </summary>
    public Task<CopyCompletion> CompleteAsync(BeginCopy copy, LocationId location, CancellationToken cancellationToken) =>
        database.WriteAsync(session => CopyTransactions.Complete(session, copy, location), cancellationToken);

    /// <summary>The copy came to nothing: whatever lies under its key is deleted.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="hash">The chunk.</param>
    /// <param name="location">The copy.</param>
    /// <param name="mayArriveLate">The store's answer is unknown: the delete waits until nothing can arrive any more.</param>
    /// <param name="cancellationToken">Gives up before the transaction.</param>
    /// <returns>False when it was settled before.</returns>
    public Task<bool> FailAsync(TenantId tenant, ChunkHash hash, LocationId location, bool mayArriveLate, CancellationToken cancellationToken) =>
        database.WriteAsync(session => CopyTransactions.Fail(session, tenant, hash, location, mayArriveLate), cancellationToken);

    /// <summary>
    /// Lets a copy go, if nobody loses what it relies on; decided in the transaction. <see cref="ReleaseKind.Free"/> means that
    /// it is being deleted now.
    /// </summary>
    public Task<ReleaseVerdict> ReleaseAsync(ReleaseCopy release, CancellationToken cancellationToken) =>
        database.WriteAsync(session => CopyTransactions.Release(session, release), cancellationToken);

    /// <summary>What <see cref="ReleaseAsync"/> would decide about each of some copies, in one read.</summary>
    public Task<ReleaseVerdict[]> JudgeAsync(IReadOnlyList<ReleaseCopy> releases, CancellationToken cancellationToken) =>
        database.ReadAsync(session => releases.Select(release => CopyTransactions.Judge(session, release)).ToArray(), cancellationToken);

    /// <summary>Stored copies of a chunk.</summary>
    public Task<IReadOnlyList<ChunkCopy>> SourcesAsync(TenantId tenant, ChunkHash hash, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<ChunkCopy>>(session => ManifestReader.Copies(session, tenant, hash), cancellationToken);

    /// <summary>Whether a store has room for bytes within its limits, as far as can be told without taking them; for dry runs.</summary>
    public Task<bool> HasRoomAsync(StoreId target, int size, CancellationToken cancellationToken) =>
        database.ReadAsync(session => CopyTransactions.HasRoom(session, target, size), cancellationToken);
}
