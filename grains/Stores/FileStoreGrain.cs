using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Batching;
using Microsoft.Extensions.Logging;
using Orleans.Placement;

namespace Granary.Grains.Stores;

/// <summary>
/// One file store, key: its id. Grants space in blocks so that maxSize is never passed: the transaction decides, from the
/// rows; this grain only groups requests and chooses how large a block is. Invariant: nothing here is needed to be right,
/// so two activations are harmless. A crash loses only the memory of who was busy.
/// </summary>
/// <remarks>
/// <see cref="GrantSpaceAsync"/> interleaves: it only adds to <see cref="_grants"/>. The other fields are used by the
/// flusher alone, of which there is one.
/// </remarks>
[HashBasedPlacement] // every silo asks it
internal sealed partial class FileStoreGrain : Grain, IFileStoreGrain
{
    /// <summary>Requests that may wait: every transfer of a few silos at once.</summary>
    public const int QueueLimit = 4096;

    /// <summary>Requests in one transaction.</summary>
    public const int MaxGroup = 256;

    /// <summary>
    /// For this long after a refusal a request is first looked at by a read, and refused from it where there is certainly
    /// no room: a full store costs no write transactions, and one that got room a moment ago refuses nobody.
    /// </summary>
    private static readonly TimeSpan RefusalMemory = TimeSpan.FromSeconds(1);

    private readonly StoreCatalog _stores;
    private readonly IMaintenancePlanner _planner;
    private readonly TimeProvider _time;
    private readonly ILogger<FileStoreGrain> _logger;
    private readonly GroupQueue<SpaceRequest, SpaceGrant> _grants;
    private readonly Dictionary<SiloEpoch, (long Preferred, long At)> _given = [];
    private StoreId _store;
    private long? _refusedAt;

    /// <summary>Collaborators.</summary>
    public FileStoreGrain(StoreCatalog stores, IMaintenancePlanner planner, TimeProvider time, ILogger<FileStoreGrain> logger)
    {
        _stores = stores;
        _planner = planner;
        _time = time;
        _logger = logger;
        _grants = new(QueueLimit, MaxGroup, GrantGroupAsync);
    }

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _store = GrainKeys.ParseStore(this.GetPrimaryKeyString());
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        _grants.Idle.WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<SpaceGrant> GrantSpaceAsync(SpaceRequest request, CancellationToken cancellationToken) =>
        _grants.TryAdd(request, cancellationToken, out var answer)
            ? answer
            : throw new CatalogBusyException($"Store {_store}: too many requests for space wait.");

    /// <inheritdoc/>
    public async Task<AdminResult> UpdateAsync(FileStoreSettings settings, OperationKey? operation, CancellationToken cancellationToken)
    {
        var result = await _stores.UpdateAsync(_store, settings, operation, cancellationToken);
        if (result.Status == AdminStatus.Done)
        {
            await _planner.StoreLimitChangedAsync(_store, CancellationToken.None);
        }

        return result;
    }

    /// <inheritdoc/>
    public async Task<AdminResult> DeleteAsync(bool force, OperationKey? operation, CancellationToken cancellationToken)
    {
        var result = await _stores.DeleteAsync(_store, force, operation, cancellationToken);
        if (result.Status is AdminStatus.Accepted)
        {
            await GrainFactory.GetGrain<IStoreMaintenanceGrain>(GrainKeys.Store(_store)).WakeAsync(cancellationToken);
        }

        return result;
    }

    /// <summary>Bytes each silo's block should have, from what its requests of one group need together.</summary>
    internal static BlockRequest[] Requests(
        IReadOnlyList<SpaceRequest> group, Func<SiloEpoch, long, long> preferred)
    {
        var sums = group.GroupBy(request => request.Epoch)
            .ToDictionary(requests => requests.Key, requests => preferred(requests.Key, requests.Sum(request => request.Needed)));
        return [.. group.Select(request => new BlockRequest(request.Epoch, request.Needed, sums[request.Epoch]))];
    }

    private async Task<IReadOnlyList<SpaceGrant>> GrantGroupAsync(IReadOnlyList<SpaceRequest> group)
    {
        var answers = new SpaceGrant?[group.Count];
        await RefuseHopelessAsync(group, answers);
        var open = Enumerable.Range(0, group.Count).Where(i => answers[i] is null).ToArray();
        if (open.Length > 0)
        {
            var asked = Requests([.. open.Select(i => group[i])], Preferred);
            var granted = await _stores.GrantAsync(_store, asked, CancellationToken.None);
            for (var i = 0; i < open.Length; i++)
            {
                answers[open[i]] = new SpaceGrant(granted[i].Granted, granted[i].Refused);
                Note(granted[i], asked[i]);
            }
        }

        return [.. answers.Select(answer => answer!)];
    }

    private async Task RefuseHopelessAsync(IReadOnlyList<SpaceRequest> group, SpaceGrant?[] answers)
    {
        if (_refusedAt is not { } refused || _time.GetElapsedTime(refused) >= RefusalMemory)
        {
            _refusedAt = null;
            return;
        }

        var space = await _stores.GetSpaceAsync(_store, CancellationToken.None);
        if (space is null)
        {
            return;
        }

        for (var i = 0; i < group.Count; i++)
        {
            if (BlockPolicy.IsHopeless(group[i].Needed, space.MaxSize, space.Charged, space.UnusedBlocks))
            {
                answers[i] = new SpaceGrant(0, Refused: true);
            }
        }
    }

    private long Preferred(SiloEpoch epoch, long needed)
    {
        var (previous, at) = _given.GetValueOrDefault(epoch);
        return BlockPolicy.Preferred(needed, previous, previous == 0 ? TimeSpan.MaxValue : _time.GetElapsedTime(at));
    }

    private void Note(BlockGrant grant, BlockRequest asked)
    {
        if (grant.Refused)
        {
            if (_refusedAt is null)
            {
                LogRefused(_store, asked.Needed);
            }

            _refusedAt = _time.GetTimestamp();
        }
        else if (grant.Granted > 0)
        {
            _given[asked.Epoch] = (Math.Min(asked.Preferred, BlockPolicy.Largest), _time.GetTimestamp());
        }
    }
}
