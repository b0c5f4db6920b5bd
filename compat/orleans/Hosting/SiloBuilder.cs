using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Storage;
using Orleans.Timers;

namespace Orleans.Hosting {
    /// <summary>Configures a silo.</summary>
    public interface ISiloBuilder {
        IServiceCollection Services { get; }
        IConfiguration Configuration { get; }
    }

    internal sealed record SiloBuilder(IServiceCollection Services, IConfiguration Configuration) : ISiloBuilder;

    /// <summary>Options and services of silos.</summary>
    public static class SiloBuilderExtensions {
        public static ISiloBuilder ConfigureServices(this ISiloBuilder builder, Action<IServiceCollection> configureDelegate) {
            configureDelegate(builder.Services);
            return builder;
        }

        public static ISiloBuilder Configure<TOptions>(this ISiloBuilder builder, Action<TOptions> configureOptions) where TOptions : class
            => builder.ConfigureServices(services => services.Configure(configureOptions));
    }

    /// <summary>Clusters of one process.</summary>
    public static class CoreHostingExtensions {
        public static ISiloBuilder UseLocalhostClustering(
            this ISiloBuilder builder, int siloPort = EndpointOptions.DEFAULT_SILO_PORT, int gatewayPort = EndpointOptions.DEFAULT_GATEWAY_PORT,
            IPEndPoint? primarySiloEndpoint = null, string serviceId = "dev", string clusterId = "dev") {
            builder.Services.TryAddSingleton<ICluster, InMemoryCluster>();
            builder.Services.Configure<EndpointOptions>(options =>
                (options.AdvertisedIPAddress, options.SiloPort, options.GatewayPort) = (IPAddress.Loopback, siloPort, gatewayPort));
            if (serviceId == "dev" && clusterId == "dev")
                builder.Services.PostConfigure<ClusterOptions>(options => {
                    options.ClusterId = string.IsNullOrWhiteSpace(options.ClusterId) ? clusterId : options.ClusterId;
                    options.ServiceId = string.IsNullOrWhiteSpace(options.ServiceId) ? serviceId : options.ServiceId;
                });
            else
                builder.Services.Configure<ClusterOptions>(options => (options.ServiceId, options.ClusterId) = (serviceId, clusterId));
            return builder;
        }
    }

    /// <summary>Call filters.</summary>
    public static class GrainCallFilterSiloBuilderExtensions {
        public static ISiloBuilder AddIncomingGrainCallFilter<TImplementation>(this ISiloBuilder builder)
            where TImplementation : class, IIncomingGrainCallFilter
            => builder.ConfigureServices(services => services.AddSingleton<IIncomingGrainCallFilter, TImplementation>());

        public static ISiloBuilder AddIncomingGrainCallFilter(this ISiloBuilder builder, IncomingGrainCallFilterDelegate filter)
            => builder.ConfigureServices(services => services.AddSingleton<IIncomingGrainCallFilter>(new IncomingFilterFunction(filter)));

        public static ISiloBuilder AddOutgoingGrainCallFilter<TImplementation>(this ISiloBuilder builder)
            where TImplementation : class, IOutgoingGrainCallFilter
            => builder.ConfigureServices(services => services.AddSingleton<IOutgoingGrainCallFilter, TImplementation>());

        public static ISiloBuilder AddOutgoingGrainCallFilter(this ISiloBuilder builder, OutgoingGrainCallFilterDelegate filter)
            => builder.ConfigureServices(services => services.AddSingleton<IOutgoingGrainCallFilter>(new OutgoingFilterFunction(filter)));
    }

    /// <summary>Work at the start of a silo.</summary>
    public static class SiloBuilderStartupExtensions {
        public static ISiloBuilder AddStartupTask(
            this ISiloBuilder builder, Func<IServiceProvider, CancellationToken, Task> startupTask, int stage = 20000)
            => builder.ConfigureServices(services => services.AddSingleton(new StartupWork(startupTask, stage)));
    }

    /// <summary>Memory storage.</summary>
    public static class MemoryGrainStorageSiloBuilderExtensions {
        public static ISiloBuilder AddMemoryGrainStorageAsDefault(
            this ISiloBuilder builder, Action<OptionsBuilder<MemoryGrainStorageOptions>>? configureOptions = null)
            => builder.AddMemoryGrainStorage(PersistentState.DefaultStore, configureOptions);

        public static ISiloBuilder AddMemoryGrainStorage(
            this ISiloBuilder builder, string name, Action<OptionsBuilder<MemoryGrainStorageOptions>>? configureOptions = null) {
            configureOptions?.Invoke(builder.Services.AddOptions<MemoryGrainStorageOptions>(name));
            builder.Services.TryAddSingleton<MemoryTables>();
            builder.Services.AddKeyedSingleton<IGrainStorage>(name, (services, _) => new MemoryGrainStorage(name, services.GetRequiredService<MemoryTables>()));
            return builder;
        }
    }
}

namespace Orleans.Runtime {
    internal sealed record StartupWork(Func<IServiceProvider, CancellationToken, Task> Run, int Stage);

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
            foreach (var work in services.GetServices<StartupWork>().OrderBy(w => w.Stage))
                await work.Run(services, cancellationToken);
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
}

namespace Microsoft.Extensions.Hosting {
    /// <summary>Silos in hosts.</summary>
    public static class OrleansSiloGenericHostExtensions {
        public static IHostApplicationBuilder UseOrleans(this IHostApplicationBuilder hostAppBuilder, Action<ISiloBuilder> configureDelegate) {
            configureDelegate(AddOrleansCore(hostAppBuilder.Services, hostAppBuilder.Configuration));
            return hostAppBuilder;
        }

        public static HostApplicationBuilder UseOrleans(this HostApplicationBuilder hostAppBuilder, Action<ISiloBuilder> configureDelegate) {
            configureDelegate(AddOrleansCore(hostAppBuilder.Services, hostAppBuilder.Configuration));
            return hostAppBuilder;
        }

        public static IHostBuilder UseOrleans(this IHostBuilder hostBuilder, Action<ISiloBuilder> configureDelegate)
            => hostBuilder.UseOrleans((_, builder) => configureDelegate(builder));

        public static IHostBuilder UseOrleans(this IHostBuilder hostBuilder, Action<HostBuilderContext, ISiloBuilder> configureDelegate)
            => hostBuilder.ConfigureServices((context, services) => configureDelegate(context, AddOrleansCore(services, context.Configuration)));

        private static SiloBuilder AddOrleansCore(IServiceCollection services, IConfiguration configuration) {
            if (services.FirstOrDefault(d => d.ServiceType == typeof(SiloBuilder))?.ImplementationInstance is SiloBuilder known)
                return known;
            var builder = new SiloBuilder(services, configuration);
            services.AddSingleton(builder);
            services.AddLogging();
            services.AddOptions();
            services.TryAddSingleton(TimeProvider.System);
            services.TryAddSingleton<GrainTypes>();
            services.AddSingleton<Silo>();
            services.AddSingleton<ILocalSiloDetails>(s => s.GetRequiredService<Silo>());
            services.AddSingleton<IClusterClient>(s => s.GetRequiredService<Silo>().Factory);
            services.AddSingleton<IGrainFactory>(s => s.GetRequiredService<Silo>().Factory);
            services.AddSingleton<ITimerRegistry, TimerRegistry>();
            services.AddHostedService<SiloHost>();
            return builder;
        }
    }
}
