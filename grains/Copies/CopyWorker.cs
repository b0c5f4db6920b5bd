using System.Collections.Concurrent;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.GrainInterfaces.Diagnostics;
using Granary.Stores;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Granary.Grains.Copies;

/// <summary>
/// Makes copies of chunks: a good copy is read and its hash checked, written under a key of its own, read back unless the
/// store's word is enough (<c>verify: backend</c>), and only then counts (rule 4, G6). The same copy that is asked for twice at
/// one time is made once. Nothing of it is remembered: after a crash the rows say what was under way.
/// </summary>
/// <remarks>
/// 1. The row, and space for it; the store's grain is asked where the block has too little.
/// 2. The bytes, from the copy that the scope would read, then from any other.
/// 3. Written, read back.
/// 4. Completed, decided again in the transaction.
/// </remarks>
internal sealed partial class CopyWorker(
    CopyCatalog copies, RepairCatalog repairs, TopologyCache topology, IStoreDirectory directory, ChunkBufferPool buffers, ISiloLife life, IGrainFactory grains, TimeProvider time,
    ILogger<CopyWorker> logger)
{
    // Its own turn among the tenants that wait for memory: maintenance takes nobody's.
    private const string BufferTenant = "-maintenance";

    // A block is granted for one copy at a time near the limit; others may take it before we come.
    private const int MostGrants = 8;

    private static readonly TimeSpan BusyWait = TimeSpan.FromMilliseconds(200);
    private const int MostBusyWaits = 25;

    /// <summary>One transfer: 64 MiB at 1 MB/s.</summary>
    private static readonly TimeSpan OneTransfer = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<(TenantId Tenant, ChunkHash Hash, StoreId Target), Task<CopyOutcome>> _underWay = new();

    /// <summary>Makes one copy.</summary>
    /// <param name="request">Which.</param>
    /// <param name="slots">Bounds the transfers; null for no other bound than the stores' own.</param>
    /// <param name="cancellationToken">Gives up; what was begun is cleaned up.</param>
    public async Task<CopyOutcome> CopyAsync(CopyRequest request, SemaphoreSlim? slots, CancellationToken cancellationToken)
    {
        var key = (request.Tenant, request.Hash, request.Target);
        var mine = new TaskCompletionSource<CopyOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = _underWay.GetOrAdd(key, mine.Task);
        if (first != mine.Task)
        {
            // Whether it counts for this scope too is decided by who asked, from the rows.
            var other = await first.WaitAsync(cancellationToken);
            return other.Status == CopyStatus.Copied ? new CopyOutcome(CopyStatus.AlreadyThere) : other;
        }

        var outcome = new CopyOutcome(CopyStatus.Failed, Reason: "The copy was given up.");
        try
        {
            return outcome = await MakeAsync(request, slots, cancellationToken);
        }
        finally
        {
            _underWay.TryRemove(key, out _);
            mine.SetResult(outcome);
        }
    }

    /// <inheritdoc cref="CopyAsync(CopyRequest, SemaphoreSlim, CancellationToken)"/>
    public Task<CopyOutcome> CopyAsync(CopyRequest request, CancellationToken cancellationToken) => CopyAsync(request, slots: null, cancellationToken);

    /// <summary>Says how the copy would end as far as can be told without making it; for dry runs.</summary>
    public async Task<CopyOutcome> TryAsync(CopyRequest request, long size, CancellationToken cancellationToken)
    {
        var stored = await copies.SourcesAsync(request.Tenant, request.Hash, cancellationToken);
        if (stored.Any(copy => copy.Store == request.Target))
        {
            return new CopyOutcome(CopyStatus.AlreadyThere);
        }

        var sources = Sources(request, stored).FindAll(copy => directory.TryGetMaintenance(copy.Store, out _));
        if (sources.Count == 0)
        {
            return new CopyOutcome(CopyStatus.NoSource, Reason: "No store that may be read has a copy.");
        }

        return await copies.HasRoomAsync(request.Target, (int)size, cancellationToken)
            ? new CopyOutcome(CopyStatus.Copied, size, Source: sources[0].Store)
            : new CopyOutcome(CopyStatus.TargetFull, Reason: $"Store {NameOf(request.Target)} has no room within its limits.");
    }

    private async Task<CopyOutcome> MakeAsync(CopyRequest request, SemaphoreSlim? slots, CancellationToken cancellationToken)
    {
        if (!directory.TryGetMaintenance(request.Target, request.Urgency, out var target))
        {
            return new CopyOutcome(CopyStatus.Failed, Reason: $"Store {NameOf(request.Target)} is offline.");
        }

        var copy = new BeginCopy
        {
            Tenant = request.Tenant,
            Hash = request.Hash,
            Target = request.Target,
            Epoch = life.Epoch,
            Purpose = request.Purpose,
            Scope = request.Scope,
            Replaces = request.Replaces,
        };
        var begun = await BeginAsync(copy, cancellationToken);
        if (begun.Status != CopyBeginStatus.Write)
        {
            return Refused(begun.Status, request.Target);
        }

        var settled = false;
        var mayArriveLate = false;
        if (slots is not null)
        {
            await WaitOrFailAsync(slots, copy, begun, cancellationToken);
        }

        try
        {
            FaultPoint.Reached("copy.row-before-bytes");
            using var account = buffers.Open(BufferTenant, BufferUse.Internal);
            var (chunk, source, why) = await ReadAsync(request, begun, account, cancellationToken);
            if (chunk is null)
            {
                return why!;
            }

            using (chunk)
            {
                mayArriveLate = true;
                if (await WriteAsync(target, copy, begun, chunk, cancellationToken) is { } failed)
                {
                    return failed;
                }
            }

            mayArriveLate = false;
            if (!VerifiedByBackend(request.Target) && await ReadBackAsync(target, copy, begun, account, cancellationToken) is { } wrong)
            {
                return wrong;
            }

            // The transfer is over; the commit, which waits for others', takes nobody's slot.
            slots?.Release();
            slots = null;
            FaultPoint.Reached("copy.bytes-before-row");
            var completed = await copies.CompleteAsync(copy, begun.Location, CancellationToken.None);
            settled = true;
            return completed switch
            {
                CopyCompletion.Stored => new CopyOutcome(CopyStatus.Copied, begun.Size, Source: source),
                CopyCompletion.NotWanted => new CopyOutcome(CopyStatus.ChunkGone),
                _ => new CopyOutcome(CopyStatus.Failed, Reason: "The copy was settled by somebody else, or this process was taken for dead."),
            };
        }
        finally
        {
            slots?.Release();
            if (!settled)
            {
                await FailAsync(copy, begun.Location, mayArriveLate);
            }
        }
    }

    private async Task WaitOrFailAsync(SemaphoreSlim slots, BeginCopy copy, CopyBegun begun, CancellationToken cancellationToken)
    {
        try
        {
            await slots.WaitAsync(cancellationToken);
        }
        catch
        {
            await FailAsync(copy, begun.Location, mayArriveLate: false);
            throw;
        }
    }

    private async Task<CopyBegun> BeginAsync(BeginCopy copy, CancellationToken cancellationToken)
    {
        var begun = await copies.BeginAsync(copy, cancellationToken);
        var busy = 0;
        for (var grants = 0; begun.Status is CopyBeginStatus.NeedsSpace or CopyBeginStatus.Busy;)
        {
            if (begun.Status == CopyBeginStatus.Busy)
            {
                if (++busy > MostBusyWaits)
                {
                    return begun;
                }

                await Task.Delay(BusyWait, time, cancellationToken);
            }
            else if (++grants > MostGrants || !await TryGetSpaceAsync(copy.Target, begun.Size, cancellationToken))
            {
                return begun;
            }

            begun = await copies.BeginAsync(copy, cancellationToken);
        }

        return begun;
    }

    private async Task<bool> TryGetSpaceAsync(StoreId store, long bytes, CancellationToken cancellationToken)
    {
        try
        {
            var grant = await grains.GetGrain<IFileStoreGrain>(GrainKeys.Store(store)).GrantSpaceAsync(new SpaceRequest(life.Epoch, bytes), cancellationToken);
            return !grant.Refused;
        }
        catch (Exception failure) when (failure is TimeoutException or OrleansException)
        {
            LogNoSpaceAnswer(store, failure);
            return false;
        }
    }

    private CopyOutcome Refused(CopyBeginStatus status, StoreId target) => status switch
    {
        CopyBeginStatus.AlreadyThere => new CopyOutcome(CopyStatus.AlreadyThere),
        CopyBeginStatus.ChunkGone or CopyBeginStatus.NotYet => new CopyOutcome(CopyStatus.ChunkGone),
        CopyBeginStatus.NotWanted => new CopyOutcome(CopyStatus.TargetRefused, Reason: $"Store {NameOf(target)} does not take copies for this policy any more."),
        CopyBeginStatus.OverSoftLimit => new CopyOutcome(CopyStatus.TargetFull, Reason: $"Store {NameOf(target)} would pass its soft limit."),
        CopyBeginStatus.NeedsSpace => new CopyOutcome(CopyStatus.TargetFull, Reason: $"Store {NameOf(target)} has no room."),
        CopyBeginStatus.EpochDead => new CopyOutcome(CopyStatus.Failed, Reason: "This process was taken for dead; its life is over."),
        _ => new CopyOutcome(CopyStatus.Failed, Reason: "Another process makes the same copy."),
    };

    private async Task<(ChunkBuffer? Chunk, StoreId? Source, CopyOutcome? Why)> ReadAsync(
        CopyRequest request, CopyBegun begun, BufferAccount account, CancellationToken cancellationToken)
    {
        var corrupt = false;
        string? reason = null;
        foreach (var source in Sources(request, begun.Sources))
        {
            if (!directory.TryGetMaintenance(source.Store, request.Urgency, out var store))
            {
                reason = $"Store {NameOf(source.Store)} is offline.";
                continue;
            }

            try
            {
                var key = new LocationKey(request.Tenant.ToString(), request.Hash, source.Location.Value);
                using var limit = Limit(cancellationToken);
                if (await store.ReadVerifiedAsync(key, begun.Size, account, limit.Token) is { } chunk)
                {
                    return (chunk, source.Store, null);
                }

                reason = $"Store {NameOf(source.Store)} does not have the copy that is recorded.";
                LogAbsent(source.Store, key);
            }
            catch (ChunkCorruptException damaged)
            {
                corrupt = true;
                reason = damaged.Message;
                LogCorrupt(source.Store, source.Location, damaged);
                await repairs.ReportAsync([new DamagedCopy(request.Tenant, source.Store, source.Location, request.Hash)], cancellationToken);
            }
            catch (Exception failure) when (IsStoreFailure(failure, cancellationToken))
            {
                reason = failure.Message;
                directory.ReportFailure(source.Store, failure);
                LogFailed(source.Store, source.Location, failure);
            }
        }

        var status = corrupt ? CopyStatus.SourceCorrupt : CopyStatus.NoSource;
        return (null, null, new CopyOutcome(status, Reason: reason ?? "No store that may be read has a copy."));
    }

    // As the scope would read it; then stores that the scope does not have (D33). One that it only writes to is no source for
    // its policies (D30), but may be for a repair.
    private List<ChunkCopy> Sources(CopyRequest request, IReadOnlyList<ChunkCopy> stored)
    {
        var current = topology.Current;
        var attachments = request.Scope is { } scope ? current.Attachments(scope) : [];
        var allowed = stored
            .Where(copy => copy.Store != request.Target || request.Purpose == CopyPurpose.Repair)
            .Where(copy => copy.Location != request.Replaces && !request.Unusable.Contains(copy.Store))
            .ToArray();
        var order = new List<ChunkCopy>(ReadPlacement.Order(allowed, attachments, current.Store, IsLocal));
        foreach (var copy in allowed)
        {
            var writeOnly = attachments.Any(attachment => attachment.Settings.Store == copy.Store && attachment.Settings.WriteOnly);
            if (!order.Contains(copy) && (!writeOnly || request.Purpose == CopyPurpose.Repair))
            {
                order.Add(copy);
            }
        }

        return order;
    }

    private async Task<CopyOutcome?> WriteAsync(IChunkStore target, BeginCopy copy, CopyBegun begun, ChunkBuffer chunk, CancellationToken cancellationToken)
    {
        try
        {
            using var limit = Limit(cancellationToken);
            await target.PutAsync(KeyOf(copy, begun), chunk, limit.Token);
            return null;
        }
        catch (Exception failure) when (IsStoreFailure(failure, cancellationToken))
        {
            directory.ReportFailure(copy.Target, failure);
            LogFailed(copy.Target, begun.Location, failure);
            return new CopyOutcome(failure is ChunkStoreException { Fault: ChunkStoreFault.Full } ? CopyStatus.TargetFull : CopyStatus.Failed, Reason: failure.Message);
        }
    }

    private async Task<CopyOutcome?> ReadBackAsync(IChunkStore target, BeginCopy copy, CopyBegun begun, BufferAccount account, CancellationToken cancellationToken)
    {
        try
        {
            using var limit = Limit(cancellationToken);
            using var again = await target.ReadVerifiedAsync(KeyOf(copy, begun), begun.Size, account, limit.Token);
            return again is not null ? null : new CopyOutcome(CopyStatus.TargetCorrupt, Reason: $"Store {NameOf(copy.Target)} took the bytes and does not have them.");
        }
        catch (ChunkCorruptException damaged)
        {
            LogCorrupt(copy.Target, begun.Location, damaged);
            return new CopyOutcome(CopyStatus.TargetCorrupt, Reason: $"Store {NameOf(copy.Target)} gave back other bytes than were written.");
        }
        catch (Exception failure) when (IsStoreFailure(failure, cancellationToken))
        {
            directory.ReportFailure(copy.Target, failure);
            LogFailed(copy.Target, begun.Location, failure);
            return new CopyOutcome(CopyStatus.Failed, Reason: failure.Message);
        }
    }

    private async Task FailAsync(BeginCopy copy, LocationId location, bool mayArriveLate)
    {
        try
        {
            await copies.FailAsync(copy.Tenant, copy.Hash, location, mayArriveLate, CancellationToken.None);
        }
        catch (CatalogException failure)
        {
            // The row stays as it is: it dies with this life, and its bytes with it.
            LogNotSettled(copy.Target, location, failure);
        }
    }

    private static LocationKey KeyOf(BeginCopy copy, CopyBegun begun) => new(copy.Tenant.ToString(), copy.Hash, begun.Location.Value);

    private static CancellationTokenSource Limit(CancellationToken cancellationToken)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(OneTransfer);
        return limit;
    }

    private static bool IsStoreFailure(Exception failure, CancellationToken cancellationToken) =>
        !cancellationToken.IsCancellationRequested && failure is ChunkStoreException or ObjectDisposedException or OperationCanceledException;

    private bool IsLocal(StoreId store) => directory.TryGetMaintenance(store, out var open) && open.Traits.IsLocal;

    private bool VerifiedByBackend(StoreId store) => topology.Current.Store(store)?.Settings.VerifyByBackend == true;

    private string NameOf(StoreId store) => topology.Current.Store(store)?.Name ?? store.ToString();
}
