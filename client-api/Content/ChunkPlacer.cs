using Granary.Catalog;
using Granary.ClientApi.Http;
using Granary.ClientApi.Metrics;
using Granary.ClientApi.Stores;
using Granary.GrainInterfaces;
using Granary.GrainInterfaces.Diagnostics;
using Granary.Stores;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Granary.ClientApi.Content;

/// <summary>
/// Stores one sealed chunk of an upload: asks the catalog where, writes, and goes to the next candidate when a store has no
/// space or fails (D13). Nothing here is given up halfway when the client goes: a write that is under way is waited for, so
/// that its location is either reported or taken back.
/// </summary>
internal sealed partial class ChunkPlacer(
    UploadCatalog uploads, IStoreDirectory directory, IGrainFactory grains, ISiloContext silo, ApiMetrics metrics, ILogger<ChunkPlacer> logger)
{
    /// <summary>Rounds after which a chunk is given up: more than any scope has stores, times the recalls of one.</summary>
    private const int MaxRounds = 64;

    /// <summary>The question to the catalog for a chunk.</summary>
    /// <param name="target">The upload.</param>
    /// <param name="chunk">Sealed.</param>
    /// <param name="index">Its place in the manifest.</param>
    /// <param name="sizeDeclared">Was the upload's size reserved at its beginning?</param>
    public PlaceChunk Ask(UploadTarget target, ChunkBuffer chunk, int index, bool sizeDeclared) => new()
    {
        Tenant = target.Tenant,
        Scope = target.Scope,
        Upload = target.Upload,
        Index = index,
        Hash = chunk.Hash,
        Size = chunk.Length,
        Reserve = sizeDeclared ? 0 : chunk.Length,
        Candidates = target.Stores.WriteCandidates(),
        Unusable = target.Stores.Unusable(),
        Epoch = silo.Epoch,
    };

    /// <summary>
    /// Steps: (1) place; (2) present: done; (3) needs space: ask the store's grain, else leave that store out; (4) write:
    /// put the bytes, and on failure report the store, take the location back and place anew without that store.
    /// </summary>
    /// <param name="target">The upload.</param>
    /// <param name="ask">The question.</param>
    /// <param name="placed">The first answer where it is known already, else null.</param>
    /// <param name="write">Puts the bytes into a store under a location.</param>
    public async Task<ChunkOutcome> StoreAsync(
        UploadTarget target, PlaceChunk ask, ChunkPlaced? placed, Func<IChunkStore, LocationKey, Task> write)
    {
        var attempt = new Attempt();
        LocationId? failed = null;
        placed ??= await uploads.PlaceChunkAsync(ask, CancellationToken.None);
        for (var round = 0; round < MaxRounds; round++)
        {
            switch (placed.Status)
            {
                case PlaceStatus.Present:
                    metrics.ChunkPresent();
                    return default;
                case PlaceStatus.NeedsSpace:
                    ask = await GetSpaceAsync(ask, placed, attempt);
                    placed = failed is { } again
                        ? await uploads.ReplaceChunkAsync(ask, again, CancellationToken.None)
                        : await uploads.PlaceChunkAsync(ask, CancellationToken.None);
                    break;
                case PlaceStatus.Write:
                    if (await TryWriteAsync(target, ask, placed, write) is not { } failure)
                        return new ChunkOutcome(placed.Location, null);
                    attempt.Failed |= failure.Fault != ChunkStoreFault.Full;
                    attempt.Full |= failure.Fault == ChunkStoreFault.Full;
                    ask = Without(ask, placed.Store);
                    failed = placed.Location;
                    placed = await uploads.ReplaceChunkAsync(ask, placed.Location, CancellationToken.None);
                    break;
                case PlaceStatus.NoStore:
                    return ChunkOutcome.Refused(NoStore(target, attempt));
                default:
                    return ChunkOutcome.Refused(UploadRefusals.Of(placed));
            }
        }

        return ChunkOutcome.Refused(Problem.Unavailable("No store took the bytes in a reasonable number of attempts."));
    }

    /// <summary>The refusal when no store is left: 503 when health alone is to blame, else 507 (D6).</summary>
    public static Problem NoStore(UploadTarget target, bool full, bool failed) => NoStore(target.Stores, full, failed);

    /// <summary>The same, before there is an upload.</summary>
    public static Problem NoStore(ScopeStores stores, bool full, bool failed) =>
        !full && (failed || stores.SomeOffline())
            ? Problem.Unavailable("Every store that this scope may write to is offline now.")
            : new Problem(ProblemKinds.NoStoreAvailable, full
                ? "No store of this scope has room for the bytes."
                : "This scope has no store that may be written to.");

    private static Problem NoStore(UploadTarget target, Attempt attempt) => NoStore(target, attempt.Full, attempt.Failed);

    private async Task<PlaceChunk> GetSpaceAsync(PlaceChunk ask, ChunkPlaced placed, Attempt attempt)
    {
        var store = placed.NeedsSpace ?? throw new InvalidOperationException("The catalog asked for space and named no store.");
        try
        {
            var grant = await grains.GetGrain<IFileStoreGrain>(GrainKeys.Store(store))
                .GrantSpaceAsync(new SpaceRequest(ask.Epoch, placed.NeededBytes), CancellationToken.None);
            if (!grant.Refused)
                return ask;
            attempt.Full = true;
        }
        catch (Exception error) when (error is TimeoutException or OrleansException)
        {
            attempt.Failed = true;
            LogNoSpaceAnswer(store, error);
        }

        return Without(ask, store);
    }

    private async Task<ChunkStoreException?> TryWriteAsync(
        UploadTarget target, PlaceChunk ask, ChunkPlaced placed, Func<IChunkStore, LocationKey, Task> write)
    {
        try
        {
            if (!directory.TryGet(placed.Store, out var store))
                throw new ChunkStoreException(target.Stores.NameOf(placed.Store), ChunkStoreFault.Unavailable, "The store is not open here.");
            FaultPoint.Reached("upload.row-before-bytes");
            await write(store, new LocationKey(target.TenantText, ask.Hash, placed.Location.Value));
            FaultPoint.Reached("upload.bytes-before-row");
            metrics.ChunkWritten();
            return null;
        }
        catch (Exception error) when (error is ChunkStoreException or ObjectDisposedException or OperationCanceledException)
        {
            var name = target.Stores.NameOf(placed.Store);
            var failure = error as ChunkStoreException ?? new ChunkStoreException(name, ChunkStoreFault.Unavailable, "The store was closed.", error);
            metrics.WriteFailed(name);
            LogWriteFailed(name, placed.Location, failure.CodeText, failure);
            directory.ReportFailure(placed.Store, failure);
            return failure;
        }
    }

    private static PlaceChunk Without(PlaceChunk ask, StoreId store) =>
        ask with { Candidates = [.. ask.Candidates.Where(candidate => candidate != store)] };

    [LoggerMessage(5011, LogLevel.Warning, "Store {Store} did not take location {Location}: {Fault}")]
    private partial void LogWriteFailed(string store, LocationId location, string fault, Exception error);

    [LoggerMessage(5012, LogLevel.Warning, "The grain of store {Store} did not answer a request for space")]
    private partial void LogNoSpaceAnswer(StoreId store, Exception error);

    private sealed class Attempt
    {
        public bool Full { get; set; }

        public bool Failed { get; set; }
    }
}
