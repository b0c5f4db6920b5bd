using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Streams;

namespace Orleans {
    public static class GrainStreamingExtensions {
        public static IStreamProvider GetStreamProvider(this Grain grain, string name) => MemoryStreamProvider.Find(grain.GrainContext.ActivationServices, name);
    }

    public static class ClientStreamingExtensions {
        public static IStreamProvider GetStreamProvider(this IClusterClient client, string name) => MemoryStreamProvider.Find(client.ServiceProvider, name);
    }
}

namespace Orleans.Streams {
    public abstract class StreamSequenceToken;
    public interface IAsyncObservable<T>;

    public interface IAsyncObserver<in T> {
        Task OnNextAsync(T item, StreamSequenceToken? token = null);
    }

    public interface IAsyncStream<T> : IAsyncObservable<T>, IAsyncObserver<T>;

    public abstract class StreamSubscriptionHandle<T> {
        public abstract Task UnsubscribeAsync();
    }

    public interface IStreamProvider {
        IAsyncStream<T> GetStream<T>(StreamId streamId);
    }

    public static class AsyncObservableExtensions {
        public static async Task<StreamSubscriptionHandle<T>> SubscribeAsync<T>(this IAsyncObservable<T> obs, Func<T, StreamSequenceToken?, Task> onNextAsync)
            => await ((MemoryStream<T>)obs).Subscribe(item => onNextAsync((T)item, null));
    }

    /// <summary>
    /// Streams of one name in one silo. A grain per stream knows the silos that listen and hands on once per polling period what it was given;
    /// a grain on each of those silos gives it to the subscriptions there. Only code outside of grains subscribes.
    /// </summary>
    internal sealed class MemoryStreamProvider(string name, Silo silo) : IStreamProvider {
        public string Listener => $"{name}/{silo.Address.ToParsableString()}";
        public ConcurrentDictionary<string, ImmutableList<Func<object, Task>>> Subscriptions { get; } = new(StringComparer.Ordinal);
        public IAsyncStream<T> GetStream<T>(StreamId streamId) => new MemoryStream<T>(this, $"{name}/{streamId}", silo.Factory);
        public static IStreamProvider Find(IServiceProvider services, string name)
            => services.GetKeyedService<IStreamProvider>(name) ?? throw new KeyNotFoundException($"Stream provider '{name}' not found");
    }

    internal sealed class MemoryStream<T>(MemoryStreamProvider provider, string key, IGrainFactory grains) : IAsyncStream<T> {
        private IMemoryStreamGrain Grain => grains.GetGrain<IMemoryStreamGrain>(key);
        public Task OnNextAsync(T item, StreamSequenceToken? token = null) => Grain.Publish(item!);

        public async Task<StreamSubscriptionHandle<T>> Subscribe(Func<object, Task> next) {
            if (Activation.Current is not null)
                throw new NotSupportedException("Grains do not subscribe to streams here.");
            provider.Subscriptions.AddOrUpdate(key, [next], (_, others) => others.Add(next));
            await grains.GetGrain<IMemoryStreamListenerGrain>(provider.Listener).Deliver("", []); // Makes it, on this silo.
            await Grain.Listen(provider.Listener, true);
            return new Handle(this, next);
        }

        private sealed class Handle(MemoryStream<T> stream, Func<object, Task> next) : StreamSubscriptionHandle<T> {
            public override Task UnsubscribeAsync() => stream.Unsubscribe(next);
        }

        private Task Unsubscribe(Func<object, Task> next) {
            var left = provider.Subscriptions.AddOrUpdate(key, [], (_, all) => all.Remove(next));
            return left.IsEmpty && provider.Subscriptions.TryRemove(KeyValuePair.Create(key, left)) ? Grain.Listen(provider.Listener, false) : Task.CompletedTask;
        }
    }

    internal interface IMemoryStreamGrain : IGrainWithStringKey {
        Task Listen(string listener, bool on);
        Task Publish(object item);
    }

    internal interface IMemoryStreamListenerGrain : IGrainWithStringKey {
        Task Deliver(string stream, object[] items);
    }

    /// <summary>One stream, key provider/namespace/key. What it was given and has not delivered dies with it.</summary>
    internal sealed class MemoryStreamGrain(
        [PersistentState("PubSub", "PubSubStore")] IPersistentState<List<string>> listeners, Silo silo, IOptionsMonitor<StreamPullingAgentOptions> options)
        : Grain, IMemoryStreamGrain {
        private readonly List<object> _items = [];
        private IGrainTimer? _timer;

        public Task Publish(object item) {
            _timer ??= this.RegisterGrainTimer(Deliver, new(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) { Interleave = true });
            _items.Add(item);
            if (_items.Count == 1)
                _timer.Change(options.Get(this.GetPrimaryKeyString().Split('/')[0]).GetQueueMsgsTimerPeriod, Timeout.InfiniteTimeSpan);
            return Task.CompletedTask;
        }

        public Task Listen(string listener, bool on) {
            if (listeners.State.Contains(listener) == on)
                return Task.CompletedTask;
            listeners.State = on ? [.. listeners.State, listener] : listeners.State.FindAll(l => l != listener);
            return listeners.WriteStateAsync();
        }

        private Task Deliver(CancellationToken token) {
            var items = _items.ToArray();
            _items.Clear();
            return Task.WhenAll(listeners.State.Select(l => silo.Cluster.View.IsGone(SiloAddress.FromParsableString(l[(l.IndexOf('/') + 1)..]))
                ? Listen(l, false) : GrainFactory.GetGrain<IMemoryStreamListenerGrain>(l).Deliver(this.GetPrimaryKeyString(), items)));
        }
    }

    /// <summary>What arrives at one silo, key provider/silo. First called by that silo itself, it is always there; elsewhere it cannot be.</summary>
    [PreferLocalPlacement, CollectionAgeLimit(AlwaysActive = true)]
    internal sealed class MemoryStreamListenerGrain : Grain, IMemoryStreamListenerGrain {
        public async Task Deliver(string stream, object[] items) {
            var provider = (MemoryStreamProvider)MemoryStreamProvider.Find(ServiceProvider, this.GetPrimaryKeyString().Split('/')[0]);
            if (this.GetPrimaryKeyString() != provider.Listener)
                throw new SiloUnavailableException($"The listener {this.GetPrimaryKeyString()} was on another silo.");
            foreach (var next in provider.Subscriptions.GetValueOrDefault(stream, [])) {
                foreach (var item in items)
                    await Task.Run(() => next(item));
            }
        }
    }
}
