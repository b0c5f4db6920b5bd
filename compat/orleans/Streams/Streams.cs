using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Streams;

namespace Orleans.Configuration {
    public class StreamPullingAgentOptions {
        public TimeSpan GetQueueMsgsTimerPeriod { get; set; } = TimeSpan.FromMilliseconds(100);
    }
}

namespace Orleans.Runtime {
    public readonly record struct StreamId {
        private readonly string _text;
        private StreamId(string text) => _text = text;
        public static StreamId Create(string? ns, string key) => new($"{ns ?? "null"}/{key}");
        public override string ToString() => _text;
    }
}

namespace Orleans.Streams {
    public abstract class StreamSequenceToken;

    public interface IAsyncStream<T> {
        Task OnNextAsync(T item, StreamSequenceToken? token = null);
    }

    public abstract class StreamSubscriptionHandle<T> {
        public abstract Task UnsubscribeAsync();
    }

    public interface IStreamProvider {
        IAsyncStream<T> GetStream<T>(StreamId streamId);
    }

    public static class AsyncObservableExtensions {
        public static Task<StreamSubscriptionHandle<T>> SubscribeAsync<T>(this IAsyncStream<T> obs, Func<T, StreamSequenceToken?, Task> onNextAsync)
            => ((MemoryStream<T>)obs).Subscribe(onNextAsync);
    }
}

namespace Orleans {
    public static class GrainStreamingExtensions {
        public static IStreamProvider GetStreamProvider(this Grain grain, string name) => MemoryStreamProvider.Find(grain.GrainContext.ActivationServices, name);
    }

    public static class ClientStreamingExtensions {
        public static IStreamProvider GetStreamProvider(this IClusterClient client, string name) => MemoryStreamProvider.Find(client.ServiceProvider, name);
    }
}

namespace Orleans.Hosting {
    public static class SiloBuilderMemoryStreamExtensions {
        public static ISiloBuilder AddMemoryStreams(this ISiloBuilder builder, string name) => builder.ConfigureServices(services
            => services.AddKeyedSingleton<IStreamProvider>(name, (all, _) => new MemoryStreamProvider(name, all.GetRequiredService<Silo>())));
    }
}
