using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Placement;
using Orleans.Runtime;

namespace Orleans.Streams;

/// <summary>
/// Streams of one name in one silo. A grain per stream knows the silos that listen and hands on once per polling period what it was given; a
/// grain on each of those silos gives it to the subscriptions there. Only code outside of grains subscribes.
/// </summary>
internal sealed class MemoryStreamProvider(string name, Silo silo) : IStreamProvider {
    private readonly ConcurrentDictionary<string, ImmutableList<Func<object, Task>>> _subscriptions = new(StringComparer.Ordinal);
    private string Listener => $"{name}/{silo.Address.ToParsableString()}";
    public IAsyncStream<T> GetStream<T>(StreamId streamId) => new MemoryStream<T>(this, streamId);
    public IMemoryStreamGrain Grain(StreamId stream) => silo.Factory.GetGrain<IMemoryStreamGrain>($"{name}/{stream}");

    public static IStreamProvider Find(IServiceProvider services, string name) => services.GetKeyedService<IStreamProvider>(name)
        ?? throw new KeyNotFoundException($"Stream provider '{name}' not found");

    public async Task Subscribe(StreamId stream, Func<object, Task> next) {
        if (Activation.Current is not null)
            throw new NotSupportedException("Grains do not subscribe to streams here.");
        _subscriptions.AddOrUpdate(stream.ToString(), [next], (_, others) => others.Add(next));
        await silo.Factory.GetGrain<IMemoryStreamListenerGrain>(Listener).Deliver("", []); // Makes it, on this silo.
        await Grain(stream).Join(Listener);
    }

    public async Task Unsubscribe(StreamId stream, Func<object, Task> next) {
        var left = _subscriptions.AddOrUpdate(stream.ToString(), [], (_, all) => all.Remove(next));
        if (left.IsEmpty && _subscriptions.TryRemove(KeyValuePair.Create(stream.ToString(), left)))
            await Grain(stream).Leave(Listener);
    }

    public async Task Deliver(string stream, object[] items) {
        foreach (var next in _subscriptions.GetValueOrDefault(stream, [])) {
            foreach (var item in items)
                await Task.Run(() => next(item));
        }
    }
}

internal sealed class MemoryStream<T>(MemoryStreamProvider provider, StreamId id) : IAsyncStream<T> {
    public Task OnNextAsync(T item, StreamSequenceToken? token = null) => provider.Grain(id).Publish(item!);

    public async Task<StreamSubscriptionHandle<T>> Subscribe(Func<T, StreamSequenceToken?, Task> onNext) {
        Task Next(object item) => onNext((T)item, null);
        var handle = new Handle(provider, id, Next);
        await provider.Subscribe(id, handle.Next);
        return handle;
    }

    private sealed class Handle(MemoryStreamProvider provider, StreamId id, Func<object, Task> next) : StreamSubscriptionHandle<T> {
        public Func<object, Task> Next => next;
        public override Task UnsubscribeAsync() => provider.Unsubscribe(id, next);
    }
}

internal interface IMemoryStreamGrain : IGrainWithStringKey {
    Task Join(string listener);
    Task Leave(string listener);
    Task Publish(object item);
}

internal interface IMemoryStreamListenerGrain : IGrainWithStringKey {
    Task Deliver(string stream, object[] items);
}

/// <summary>One stream, key provider/namespace/key. What it was given and has not delivered dies with it.</summary>
internal sealed partial class MemoryStreamGrain(
    [PersistentState("PubSub", "PubSubStore")] IPersistentState<List<string>> listeners, Silo silo,
    IOptionsMonitor<StreamPullingAgentOptions> options, ILogger<MemoryStreamGrain> logger) : Grain, IMemoryStreamGrain {
    private readonly List<object> _items = [];
    private IGrainTimer? _timer;
    private string[] Key => this.GetPrimaryKeyString().Split('/', 2);
    public Task Join(string listener) => Change(all => all.Contains(listener) ? all : [.. all, listener]);
    public Task Leave(string listener) => Change(all => all.FindAll(l => l != listener));

    public Task Publish(object item) {
        _timer ??= this.RegisterGrainTimer(Deliver, new(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan) { Interleave = true });
        _items.Add(item);
        if (_items.Count == 1)
            _timer.Change(options.Get(Key[0]).GetQueueMsgsTimerPeriod, Timeout.InfiniteTimeSpan);
        return Task.CompletedTask;
    }

    private Task Change(Func<List<string>, List<string>> edit) {
        (var before, listeners.State) = (listeners.State, edit(listeners.State));
        return before.Count == listeners.State.Count ? Task.CompletedTask : listeners.WriteStateAsync();
    }

    private async Task Deliver(CancellationToken token) {
        var items = _items.ToArray();
        _items.Clear();
        foreach (var listener in listeners.State) {
            try {
                if (silo.Cluster.View.IsGone(SiloAddress.FromParsableString(listener[(listener.IndexOf('/') + 1)..])))
                    await Leave(listener);
                else
                    await GrainFactory.GetGrain<IMemoryStreamListenerGrain>(listener).Deliver(Key[1], items);
            } catch (Exception error) {
                LogLost(logger, Key[1], listener, error);
            }
        }
    }

    [LoggerMessage(EventId = 7, Level = LogLevel.Warning, Message = "An event of stream {Stream} did not reach {Listener}")]
    private static partial void LogLost(ILogger logger, string stream, string listener, Exception error);
}

/// <summary>What arrives at one silo, key provider/silo. First called by that silo itself, it is always there; elsewhere it cannot be.</summary>
[PreferLocalPlacement, CollectionAgeLimit(AlwaysActive = true)]
internal sealed class MemoryStreamListenerGrain(Silo silo) : Grain, IMemoryStreamListenerGrain {
    public Task Deliver(string stream, object[] items) => this.GetPrimaryKeyString().Split('/', 2) is var key && key[1] == silo.Address.ToParsableString()
        ? ((MemoryStreamProvider)MemoryStreamProvider.Find(ServiceProvider, key[0])).Deliver(stream, items)
        : throw new SiloUnavailableException($"The listener {this.GetPrimaryKeyString()} was on another silo.");
}
