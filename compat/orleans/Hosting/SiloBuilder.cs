using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Orleans.Hosting {
    public interface ISiloBuilder {
        IServiceCollection Services { get; }
        IConfiguration Configuration { get; }
    }

    internal sealed record SiloBuilder(IServiceCollection Services, IConfiguration Configuration) : ISiloBuilder;

    public static class SiloBuilderExtensions {
        public static ISiloBuilder ConfigureServices(this ISiloBuilder builder, Action<IServiceCollection> configureDelegate) {
            configureDelegate(builder.Services);
            return builder;
        }

        public static ISiloBuilder Configure<TOptions>(this ISiloBuilder builder, Action<TOptions> configureOptions) where TOptions : class
            => builder.ConfigureServices(services => services.Configure(configureOptions));
    }

    public static class CoreHostingExtensions {
        public static ISiloBuilder UseLocalhostClustering(
            this ISiloBuilder builder, int siloPort = EndpointOptions.DEFAULT_SILO_PORT, int gatewayPort = EndpointOptions.DEFAULT_GATEWAY_PORT,
            IPEndPoint? primarySiloEndpoint = null, string serviceId = "dev", string clusterId = "dev") {
            builder.Services.TryAddSingleton<ICluster, InMemoryCluster>();
            builder.Services.Configure<EndpointOptions>(o => (o.AdvertisedIPAddress, o.SiloPort, o.GatewayPort) = (IPAddress.Loopback, siloPort, gatewayPort));
            if (serviceId != "dev" || clusterId != "dev") // Otherwise what is configured stands.
                builder.Services.Configure<ClusterOptions>(o => (o.ServiceId, o.ClusterId) = (serviceId, clusterId));
            return builder;
        }
    }

    public static class EndpointOptionsExtensions {
        public static ISiloBuilder ConfigureEndpoints(
            this ISiloBuilder builder, IPAddress advertisedIP, int siloPort, int gatewayPort, bool listenOnAnyHostAddress = false)
            => builder.Configure<EndpointOptions>(o => {
                (o.AdvertisedIPAddress, o.SiloPort, o.GatewayPort) = (advertisedIP, siloPort, gatewayPort);
                if (listenOnAnyHostAddress)
                    o.SiloListeningEndpoint = new IPEndPoint(IPAddress.Any, siloPort);
            });
    }

    public static class SiloBuilderMemoryStreamExtensions {
        public static ISiloBuilder AddMemoryStreams(this ISiloBuilder builder, string name) => builder.ConfigureServices(services => services
            .AddKeyedSingleton<Streams.IStreamProvider>(name, (all, _) => new Streams.MemoryStreamProvider(name, all.GetRequiredService<Silo>())));
    }

    public static class GrainCallFilterSiloBuilderExtensions {
        public static ISiloBuilder AddIncomingGrainCallFilter<TImplementation>(this ISiloBuilder builder) where TImplementation : class, IIncomingGrainCallFilter
            => builder.ConfigureServices(services => services.AddSingleton<IIncomingGrainCallFilter, TImplementation>());

        public static ISiloBuilder AddIncomingGrainCallFilter(this ISiloBuilder builder, IncomingGrainCallFilterDelegate filter)
            => builder.ConfigureServices(services => services.AddSingleton<IIncomingGrainCallFilter>(new IncomingFilterFunction(filter)));

        public static ISiloBuilder AddOutgoingGrainCallFilter(this ISiloBuilder builder, OutgoingGrainCallFilterDelegate filter)
            => builder.ConfigureServices(services => services.AddSingleton<IOutgoingGrainCallFilter>(new OutgoingFilterFunction(filter)));
    }
}

namespace Orleans.Runtime {
    /// <summary>Something of a silo that starts once it is a member, and stops first.</summary>
    internal interface ISiloPart {
        Task StartAsync(CancellationToken token);
        Task StopAsync();
    }

    /// <summary>Ties the silo to its host. A stop whose token is cancelled from the start is a kill.</summary>
    internal sealed class SiloHost(IServiceProvider services, IOptions<ClusterOptions> options) : IHostedService {
        public async Task StartAsync(CancellationToken cancellationToken) {
            if (services.GetService<ICluster>() is null)
                throw new OrleansConfigurationException("Clustering has not been configured. Configure it, for instance with UseLocalhostClustering().");
            if (string.IsNullOrWhiteSpace(options.Value.ClusterId) || string.IsNullOrWhiteSpace(options.Value.ServiceId))
                throw new OrleansConfigurationException("ClusterOptions needs a ClusterId and a ServiceId.");
            GrainTypes.Check();
            services.GetRequiredService<Silo>().Start();
            foreach (var part in services.GetServices<ISiloPart>())
                await part.StartAsync(cancellationToken);
        }

        public async Task StopAsync(CancellationToken cancellationToken) {
            var silo = services.GetRequiredService<Silo>();
            foreach (var part in services.GetServices<ISiloPart>())
                await part.StopAsync();
            if (cancellationToken.IsCancellationRequested)
                silo.Kill();
            else
                await silo.StopAsync(cancellationToken);
        }
    }

    internal static class RuntimeServices {
        /// <summary>What silos and clients have in common.</summary>
        public static IServiceCollection AddCallRuntime<TRuntime>(this IServiceCollection services) where TRuntime : CallRuntime {
            services.TryAddSingleton(TimeProvider.System);
            services.TryAddSingleton<GrainTypes>();
            return services.AddSingleton<TRuntime>()
                .AddSingleton<IClusterClient>(s => s.GetRequiredService<TRuntime>().Factory)
                .AddSingleton<IGrainFactory>(s => s.GetRequiredService<TRuntime>().Factory);
        }
    }
}

namespace Microsoft.Extensions.Hosting {
    public static class OrleansSiloGenericHostExtensions {
        public static IHostApplicationBuilder UseOrleans(this IHostApplicationBuilder hostAppBuilder, Action<ISiloBuilder> configureDelegate) {
            var services = hostAppBuilder.Services;
            if (services.FirstOrDefault(d => d.ServiceType == typeof(SiloBuilder))?.ImplementationInstance is not SiloBuilder builder) {
                services.AddSingleton(builder = new SiloBuilder(services, hostAppBuilder.Configuration));
                services.AddCallRuntime<Silo>().AddSingleton<ILocalSiloDetails>(s => s.GetRequiredService<Silo>()).AddHostedService<SiloHost>();
            }
            configureDelegate(builder);
            return hostAppBuilder;
        }
    }
}
