using Granary.ClientApi.Changes;
using Granary.GrainInterfaces;
using Orleans.Runtime;
using Orleans.Streams;

namespace Granary.Silo.Hosting;

/// <summary>Listens to the stream on which scopes announce their changes, as this silo.</summary>
internal sealed class ChangeAnnouncements(IClusterClient cluster) : IChangeAnnouncements
{
    /// <inheritdoc/>
    public async Task<IAsyncDisposable> ListenAsync(TenantId tenant, ScopeId scope, Action<long> announced, CancellationToken cancellationToken)
    {
        var stream = cluster.GetStreamProvider(ChangeStreams.Provider)
            .GetStream<ChangesAnnounced>(StreamId.Create(ChangeStreams.Namespace, GrainKeys.Scope(tenant, scope)));
        var subscription = await stream.SubscribeAsync((announcement, _) =>
        {
            announced(announcement.Sequence);
            return Task.CompletedTask;
        });
        return new Listening(subscription);
    }

    private sealed class Listening(StreamSubscriptionHandle<ChangesAnnounced> subscription) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await subscription.UnsubscribeAsync();
    }
}
