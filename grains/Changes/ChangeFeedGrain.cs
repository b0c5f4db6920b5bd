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
/// The commands interleave: they only raise <see cref="_newest"/> and start the one <see cref="PublishAsync"/> there is.
/// </remarks>
[PreferLocalPlacement] // the scope's grain calls it after every group of commits, so it lies on the same silo
internal sealed partial class ChangeFeedGrain(ILogger<ChangeFeedGrain> logger) : Grain, IChangeFeedGrain
{
    private readonly ILogger _logger = logger;
    private IAsyncStream<ChangesAnnounced>? _stream;
    private long _newest;
    private long _announced;
    private bool _publishing;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var key = this.GetPrimaryKeyString();
        _stream = this.GetStreamProvider(ChangeStreams.Provider).GetStream<ChangesAnnounced>(StreamId.Create(ChangeStreams.Namespace, key));
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
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task WebhooksChangedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

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
