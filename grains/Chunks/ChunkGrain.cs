using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Copies;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Placement;

namespace Granary.Grains.Chunks;

/// <summary>
/// Live state of one chunk, key <c>{tenant}/{sha256}</c>: concurrent writers of the same new chunk wait for the first of
/// them. Invariant: nobody waits longer than <see cref="MaxWait"/>, whatever became of the writer. Nothing survives a
/// crash and nothing needs to: the rows in the catalog decide who may rely on which copy.
/// </summary>
/// <remarks>
/// Both commands interleave. The only state is <see cref="WriteClaims"/> and the signal of its release; each is read and
/// changed between awaits, never across one, so turns that interleave see it whole.
/// </remarks>
[PreferLocalPlacement] // the first writer's silo: on the way in it is the only one that asks
[CollectionAgeLimit(Minutes = 2)] // one activation per fresh chunk: short-lived, or memory fills with them
internal sealed class ChunkGrain(IServiceProvider services, TimeProvider time) : Grain, IChunkGrain
{
    /// <summary>
    /// Longest wait, and life of a claim: writing 64 MiB to a slow disk takes less; waiting longer than a second write
    /// costs would defeat the purpose.
    /// </summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(5);

    private readonly WriteClaims _claims = new(MaxWait);
    private TaskCompletionSource _released = NewSignal();

    /// <inheritdoc/>
    public async Task<WriteClaim> ClaimWriteAsync(UploadId claimant, CancellationToken cancellationToken)
    {
        if (_claims.TryClaim(claimant, time.GetUtcNow()))
        {
            return WriteClaim.Writer;
        }

        try
        {
            await _released.Task.WaitAsync(MaxWait, time, cancellationToken);
            return WriteClaim.LookAgain;
        }
        catch (TimeoutException)
        {
            // The writer is slow or gone. The first who notices takes over; the rows tell the others.
            return _claims.TryClaim(claimant, time.GetUtcNow()) ? WriteClaim.Writer : WriteClaim.LookAgain;
        }
    }

    /// <inheritdoc/>
    public Task ReleaseWriteAsync(UploadId claimant, CancellationToken cancellationToken)
    {
        if (_claims.Release(claimant))
        {
            _released.TrySetResult();
            _released = NewSignal();
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<NearerCopy> CopyNearerAsync(ScopeId scope, StoreId target, CancellationToken cancellationToken)
    {
        var (tenant, hash) = GrainKeys.ParseChunk(this.GetPrimaryKeyString());
        // Looked up here: of the many fresh chunks hardly one is copied.
        var worker = services.GetRequiredService<CopyWorker>();
        var outcome = await worker.CopyAsync(new CopyRequest(tenant, hash, target, [], CopyPurpose.Hot, scope), cancellationToken);
        return outcome.Status switch
        {
            CopyStatus.Copied or CopyStatus.AlreadyThere => NearerCopy.Made,
            CopyStatus.TargetFull or CopyStatus.TargetRefused => NearerCopy.NoRoom,
            _ => NearerCopy.Failed,
        };
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
