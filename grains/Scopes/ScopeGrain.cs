using Granary.Catalog;

using Granary.GrainInterfaces;
using Granary.GrainInterfaces.Diagnostics;
using Granary.Grains.Batching;
using Microsoft.Extensions.Logging;
using Orleans.Placement;
using Orleans.Runtime;

namespace Granary.Grains.Scopes;

/// <summary>
/// The single writer of one scope's namespace, key <c>{tenant}/{scope}</c>. Invariant: the rows decide; the head sequence
/// kept here is a guess that the transaction compares, so two activations at one time can do no harm. A crash loses only
/// calls that were not answered, and those may be repeated.
/// </summary>
/// <remarks>
/// <see cref="ApplyAsync"/> interleaves with everything: it only adds to <see cref="_commits"/>. <see cref="_head"/>,
/// <see cref="_announced"/> and <see cref="_retired"/> are written by the flusher alone, of which there is one. The administrative commands share no
/// field with it.
/// </remarks>
[HashBasedPlacement] // spreads scopes evenly whoever asks first; a scope's writers come through every silo
internal sealed partial class ScopeGrain : Grain, IScopeGrain
{
    /// <summary>Commits that may wait. At 20,000 commits a second this is a fifth of a second; beyond, callers get 503.</summary>
    public const int QueueLimit = 4096;

    /// <summary>Commits in one transaction: where the cost of the fsync is spread thin and a group still takes milliseconds.</summary>
    public const int MaxGroup = 256;

    /// <summary>Background work is woken at most this often; a sweep that starts a second later loses nothing.</summary>
    private static readonly TimeSpan WakeDelay = TimeSpan.FromSeconds(1);

    private readonly NamespaceCatalog _namespace;
    private readonly ScopeCatalog _scopes;
    private readonly TopologyCache _topology;
    private readonly IMaintenancePlanner _planner;
    private readonly ILogger<ScopeGrain> _logger;
    private readonly GroupQueue<NamespaceOperation, NamespaceResult> _commits;
    private TenantId _tenant;
    private ScopeId _scope;
    private long _head = NamespaceCatalog.UnknownSequence;
    private long _announced;
    private IChangeFeedGrain? _feed;
    private bool _retired;
    private bool _wakeArmed;
    private IGrainTimer? _wakeTimer;

    /// <summary>Collaborators.</summary>
    public ScopeGrain(NamespaceCatalog names, ScopeCatalog scopes, TopologyCache topology, IMaintenancePlanner planner, ILogger<ScopeGrain> logger)
    {
        _namespace = names;
        _scopes = scopes;
        _topology = topology;
        _planner = planner;
        _logger = logger;
        _commits = new(QueueLimit, MaxGroup, CommitGroupAsync);
    }

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        (_tenant, _scope) = GrainKeys.ParseScope(this.GetPrimaryKeyString());
        _wakeTimer = this.RegisterGrainTimer(
            WakeMaintenanceAsync,
            new GrainTimerCreationOptions(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) { Interleave = true });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await _commits.Idle.WaitAsync(cancellationToken);
        if (_wakeArmed)
        {
            await WakeMaintenanceAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public Task<NamespaceResult> ApplyAsync(NamespaceOperation operation, CancellationToken cancellationToken)
    {
        if (!_retired && _commits.TryAdd(operation, cancellationToken, out var answer))
        {
            return answer;
        }

        return Task.FromResult(NamespaceResult.Refused(NamespaceStatus.Busy));
    }

    /// <inheritdoc/>
    public async Task<AdminResult> AttachAsync(AttachmentSettings settings, OperationKey? operation, CancellationToken cancellationToken) =>
        await FollowAsync(await PutAttachmentAsync(settings, operation, cancellationToken));

    /// <inheritdoc/>
    public async Task<AdminResult> DetachAsync(StoreId store, OperationKey? operation, CancellationToken cancellationToken) =>
        await FollowAsync(await RemoveAttachmentAsync(store, operation, cancellationToken));

    /// <inheritdoc/>
    public async Task PutBackLeavingAsync(CancellationToken cancellationToken)
    {
        // Calls of this kind come one after the other: no detach of this activation is between its steps.
        var topology = await _topology.RefreshAsync(cancellationToken);
        foreach (var attachment in topology.Attachments(_scope).Where(static attachment => attachment.State == AttachmentState.Leaving))
        {
            await _scopes.PutBackAsync(_tenant, _scope, attachment.Settings.Store, attempt: null, cancellationToken);
            LogPutBack(_scope, attachment.Settings.Store);
        }
    }

    /// <inheritdoc/>
    public async Task<AdminResult> UpdateSettingsAsync(ScopeSettings settings, OperationKey? operation, CancellationToken cancellationToken)
    {
        var result = await _scopes.UpdateAsync(_tenant, _scope, settings, operation, cancellationToken);
        if (result.Status == AdminStatus.Done)
        {
            // A changed retention takes effect on versions that are there.
            ArmWake();
        }

        return result;
    }

    /// <inheritdoc/>
    public async Task<AdminResult> DeleteScopeAsync(bool force, OperationKey? operation, CancellationToken cancellationToken)
    {
        var result = await _scopes.MarkDeletingAsync(_tenant, _scope, force, operation, cancellationToken);
        if (result.Status is AdminStatus.Done or AdminStatus.Accepted)
        {
            ArmWake();
        }

        return result;
    }

    private async Task<AdminResult> PutAttachmentAsync(AttachmentSettings settings, OperationKey? operation, CancellationToken cancellationToken)
    {
        var topology = await _topology.RefreshAsync(cancellationToken);
        var before = topology.Attachments(_scope).FirstOrDefault(attachment => attachment.Settings.Store == settings.Store);
        if (!settings.WriteOnly || before is null or { Settings.WriteOnly: true })
        {
            return await _scopes.PutAttachmentAsync(_tenant, _scope, settings, operation, cancellationToken);
        }

        // A store that is no longer read is left in the same steps as one that is detached (design, Writing 8).
        return await LeaveAsync(
            settings.Store,
            async attempt =>
            {
                var result = await _scopes.PutAttachmentAsync(_tenant, _scope, settings, operation, CancellationToken.None);
                await _scopes.PutBackAsync(_tenant, _scope, settings.Store, attempt, CancellationToken.None);
                return result;
            },
            cancellationToken);
    }

    private async Task<AdminResult> RemoveAttachmentAsync(StoreId store, OperationKey? operation, CancellationToken cancellationToken)
    {
        var result = await LeaveAsync(
            store,
            attempt => _scopes.CompleteDetachAsync(_tenant, _scope, store, attempt, operation, CancellationToken.None),
            cancellationToken);
        if (result.Status != AdminStatus.NotFound || operation is null)
        {
            return result;
        }

        // The attachment may be gone because this very request removed it: then its stored answer is given again.
        var stored = await _scopes.CompleteDetachAsync(_tenant, _scope, store, attempt: 0, operation, cancellationToken);
        return stored.Status == AdminStatus.Conflict ? result : stored;
    }

    // What the change asks for begins now, not with the next scheduled run.
    private async Task<AdminResult> FollowAsync(AdminResult result)
    {
        if (result.Status is AdminStatus.Done or AdminStatus.Created)
        {
            await _planner.PolicyChangedAsync(_tenant, _scope, CancellationToken.None);
        }

        return result;
    }

    /// <summary>The sentence for leaving a store that would lose content (D53).</summary>
    internal static string LeaveRefusal(string? store, ChunkHash onlyHere) =>
        $"Store {store ?? "(unnamed)"} holds the only readable copy of chunk {onlyHere} of this scope; drain it first.";

    private async Task<AdminResult> LeaveAsync(StoreId store, Func<long, Task<AdminResult>> complete, CancellationToken cancellationToken)
    {
        // 1. Nothing new relies on the store from here on.
        var marked = await _scopes.MarkLeavingAsync(_tenant, _scope, store, cancellationToken);
        if (marked.Result.Status != AdminStatus.Done)
        {
            return marked.Result;
        }

        try
        {
            // 2. Has every chunk of the scope another copy that it can read?
            var onlyHere = await _scopes.FindChunkOnlyHereAsync(_tenant, _scope, store, cancellationToken);

            // 3. Complete, or put back.
            if (onlyHere is null)
            {
                return await complete(marked.Attempt);
            }

            await _scopes.PutBackAsync(_tenant, _scope, store, marked.Attempt, CancellationToken.None);
            return AdminResult.Refused(AdminStatus.NotEmpty, LeaveRefusal(_topology.Current.Store(store)?.Name, onlyHere.Value));
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            LogLeaveFailed(failure, _scope, store);
            await _scopes.PutBackAsync(_tenant, _scope, store, marked.Attempt, CancellationToken.None);
            throw;
        }
    }

    private async Task<IReadOnlyList<NamespaceResult>> CommitGroupAsync(IReadOnlyList<NamespaceOperation> group)
    {
        try
        {
            FaultPoint.Reached("commit.before");
            var answer = await _namespace.ApplyAsync(_tenant, _scope, _head, group, CancellationToken.None);
            FaultPoint.Reached("commit.after");
            if (answer.HeadMoved)
            {
                answer = await RetireAsync(answer.Sequence, group);
            }

            _head = answer.HeadMoved ? NamespaceCatalog.UnknownSequence : answer.Sequence;
            if (answer.HeadMoved)
            {
                return Refuse(group, NamespaceStatus.Busy);
            }

            if (answer.Released)
            {
                ArmWake();
            }

            _planner.ScopeGrew(_tenant, _scope);
            Announce(answer.Sequence);
            return answer.Results;
        }
        catch (CatalogBusyException)
        {
            return Refuse(group, NamespaceStatus.Busy);
        }
        catch
        {
            // The outcome may be unknown: what the head is now is looked up by the next transaction.
            _head = NamespaceCatalog.UnknownSequence;
            throw;
        }
    }

    // Somebody else wrote this scope: there is another activation, and this one must go. Its waiting calls are answered
    // once more against the head that was found; if that moves too they are told to come again, with nothing done.
    private async Task<NamespaceGroupResult> RetireAsync(long found, IReadOnlyList<NamespaceOperation> group)
    {
        LogHeadMoved(_scope, _head, found);
        _retired = true;
        DeactivateOnIdle();
        return await _namespace.ApplyAsync(_tenant, _scope, found, group, CancellationToken.None);
    }

    // One way: the commit's callers get their answers meanwhile, and a lost announcement costs its listeners a moment.
    private void Announce(long sequence)
    {
        if (sequence == _announced)
        {
            return;
        }

        _announced = sequence;
        try
        {
            _feed ??= GrainFactory.GetGrain<IChangeFeedGrain>(this.GetPrimaryKeyString());
            _ = _feed.AnnounceAsync(sequence, CancellationToken.None);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            LogAnnounceFailed(failure, _scope);
        }
    }

    private static NamespaceResult[] Refuse(IReadOnlyList<NamespaceOperation> group, NamespaceStatus status) =>
        [.. group.Select(_ => NamespaceResult.Refused(status))];

    private void ArmWake()
    {
        if (!_wakeArmed)
        {
            _wakeArmed = true;
            _wakeTimer?.Change(WakeDelay, Timeout.InfiniteTimeSpan);
        }
    }

    private async Task WakeMaintenanceAsync(CancellationToken cancellationToken)
    {
        _wakeArmed = false;
        try
        {
            await GrainFactory.GetGrain<ITenantMaintenanceGrain>(GrainKeys.Tenant(_tenant)).WakeAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Its reminder wakes it in a few minutes anyway.
            LogWakeFailed(failure, _scope);
        }
    }
}
