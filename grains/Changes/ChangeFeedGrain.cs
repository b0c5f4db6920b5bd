using Granary.Catalog;
using Granary.GrainInterfaces;
using Microsoft.Extensions.Logging;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Streams;

namespace Granary.Grains.Changes;

/// <summary>
/// Announces one scope's committed changes, key <c>{tenant}/{scope}</c>. Invariant: while something newer than the last
/// announcement is known, an announcement is under way. It keeps nothing: what a crash loses is found by those who look at
/// the heads.
/// </summary>
/// <remarks>
/// The commands interleave: they only raise <see cref="_newest"/>, start the one <see cref="PublishAsync"/> there is, and
/// arm the timer that wakes webhooks.
/// </remarks>
[PreferLocalPlacement] // the scope's grain calls it after every group of commits, so it lies on the same silo
internal sealed partial class ChangeFeedGrain(WebhookCatalog webhooks, TimeProvider time, ILogger<ChangeFeedGrain> logger) : Grain, IChangeFeedGrain
{
    /// <summary>Webhooks are woken at most this often: what came meanwhile goes in one delivery.</summary>
    private static readonly TimeSpan WakePause = TimeSpan.FromMilliseconds(200);

    /// <summary>Which webhooks there are is read again after this time, should a call that said so have been lost.</summary>
    private static readonly TimeSpan WebhooksAge = TimeSpan.FromMinutes(1);

    private readonly ILogger _logger = logger;
    private IGrainTimer? _wakeTimer;
    private bool _wakeArmed;
    private IWebhookGrain[] _webhooks = [];
    private DateTimeOffset _webhooksRead;
    private IAsyncStream<ChangesAnnounced>? _stream;
    private long _newest;
    private long _announced;
    private bool _publishing;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var key = this.GetPrimaryKeyString();
        _stream = this.GetStreamProvider(ChangeStreams.Provider).GetStream<ChangesAnnounced>(StreamId.Create(ChangeStreams.Namespace, key));
        _wakeTimer = this.RegisterGrainTimer(
            WakeWebhooksAsync, new GrainTimerCreationOptions(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) { Interleave = true });
        try
        {
            // A log that grows is cut some day: from its first wake on, the tenant's maintenance has a reminder of its own.
            await GrainFactory.GetGrain<ITenantMaintenanceGrain>(GrainKeys.Tenant(GrainKeys.ParseScope(key).Tenant)).WakeAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            LogWakeFailed(failure, key);
        }
    }

    /// <inheritdoc/>
    public Task AnnounceAsync(long sequence, CancellationToken cancellationToken)
    {
        if (sequence > _newest)
        {
            _newest = sequence;
            if (!_publishing)
            {
                _publishing = true;
                _ = PublishAsync();
            }

            if (!_wakeArmed)
            {
                _wakeArmed = true;
                _wakeTimer?.Change(WakePause, Timeout.InfiniteTimeSpan);
            }
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task WebhooksChangedAsync(CancellationToken cancellationToken)
    {
        _webhooksRead = default;
        _wakeArmed = true;
        _wakeTimer?.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        return Task.CompletedTask;
    }

    private async Task WakeWebhooksAsync(CancellationToken cancellationToken)
    {
        _wakeArmed = false;
        try
        {
            var now = time.GetUtcNow();
            if (now - _webhooksRead > WebhooksAge)
            {
                _webhooksRead = now;
                var (_, scope) = GrainKeys.ParseScope(this.GetPrimaryKeyString());
                var found = await webhooks.ListAsync(scope, cancellationToken);
                _webhooks = [.. found.Select(w => GrainFactory.GetGrain<IWebhookGrain>(WebhookKeys.Of(w.Tenant, w.Scope, w.Id)))];
            }

            await Task.WhenAll(_webhooks.Select(webhook => webhook.WakeAsync(cancellationToken)));
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            _webhooksRead = default;
            LogWakeFailed(failure, this.GetPrimaryKeyString());
        }
    }

    private async Task PublishAsync()
    {
        try
        {
            while (_announced < _newest)
            {
                var sequence = _newest;
                await _stream!.OnNextAsync(new ChangesAnnounced(sequence));
                _announced = sequence;
            }
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            LogAnnounceFailed(failure, this.GetPrimaryKeyString());
        }
        finally
        {
            _publishing = false;
        }
    }
}
