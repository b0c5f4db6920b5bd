using System.Net;
using System.Security.Cryptography;
using System.Text;
using Granary.Catalog;
using Granary.ClientApi;
using Granary.ClientApi.Changes;
using Granary.ClientApi.Cluster;
using Granary.ClientApi.FileStores;
using Granary.ClientApi.Http;
using Granary.ClientApi.Peers;
using Granary.Grains;
using Granary.Grains.Webhooks;
using Granary.Silo.Cluster;
using Granary.Silo.Configuration;
using Granary.Silo.Data;
using Granary.Silo.Stores;
using Granary.Stores;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Granary.Silo.Hosting;

/// <summary>The one place where a silo is put together.</summary>
internal static class SiloComposition
{
    /// <summary>Time that open transfers get at a clean stop, and then again the grains.</summary>
    public static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    /// <summary>Builds the host. Nothing runs yet.</summary>
    public static WebApplication Build(SiloSettings settings, CatalogDatabase catalog, SiloContext context, InstallationKeys keys)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "granary-silo" });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listen(kestrel, settings));
        LoggingSetup.Add(builder.Logging, settings);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopLimit);
        builder.Services.AddSingleton<IHostLifetime, CallersLifetime>();
        builder.Services.AddSingleton<ISiloContext>(context);
        builder.Services.AddSingleton<ISiloLife>(context);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(new UploadSessionOptions { Lifetime = settings.UploadExpiry });
        AddCatalog(builder.Services, catalog, keys);

        // Hosted services start in this order and stop in the reverse: stores, grains, wakers; the HTTP server comes last
        // and goes first.
        AddStores(builder.Services, settings.Storage);
        builder.Services.AddSingleton(settings.Changes.Retention);
        builder.Services.AddSingleton(new WebhookTargets(settings.Changes.PrivateWebhookTargets));
        builder.Services.AddGranaryGrains(severalSilos: settings.Cluster is not null);
        OrleansSetup.Add(builder, settings, context.InstallationId);
        builder.Services.AddHostedService<WebhookWaker>();
        builder.Services.AddHostedService<MaintenanceWaker>();
        builder.Services.AddHostedService<AnswerPruner>();
        builder.Services.AddSingleton<IClusterInfo>(provider => new ClusterInfo(
            provider.GetRequiredService<IGrainFactory>(), provider.GetRequiredService<SiloAddressCatalog>(), settings, provider.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<IChangeAnnouncements, ChangeAnnouncements>();
        builder.Services.AddGranaryClientApi(api =>
        {
            api.HotReads = settings.Storage.HotReads;
            api.Operators.Add(new OperatorCredential("operator", SHA256.HashData(Encoding.UTF8.GetBytes(keys.OperatorKey)), EmbeddedDefaults.Tenant));
        });
        AddProxy(builder.Services, settings.Http);
        AddCluster(builder.Services, settings);
        var app = builder.Build();
        if (settings.Cluster is not null)
        {
            app.UseGranaryPeers();
        }

        UseProxy(app, settings.Http);
        return settings.IsWorker ? app.MapGranaryOperations() : app.MapGranaryApi();
    }

    private static void Listen(KestrelServerOptions kestrel, SiloSettings settings)
    {
        GranaryKestrel.Listen(kestrel, new IPEndPoint(settings.Http.Listen, settings.Http.Port));
        if (settings.Cluster is { } cluster)
        {
            GranaryKestrel.Listen(kestrel, new IPEndPoint(cluster.Listen, cluster.InternalPort));
        }
    }

    private static void AddCluster(IServiceCollection services, SiloSettings settings)
    {
        if (settings.Cluster is not { } cluster)
        {
            return;
        }

        var token = PeerOptions.TokenOf(Encoding.UTF8.GetBytes(cluster.Key));
        services.AddGranaryPeers(peers => (peers.Port, peers.TokenHash) = (cluster.InternalPort, PeerOptions.HashOf(token)));
        services.AddOptions<PeerOptions>().Configure<SiloCatalog>(static (peers, silos) => peers.IsAlive = silos.IsAliveAsync);
        services.AddSingleton(provider => new PeerStores(
            provider.GetRequiredService<SiloAddressCatalog>(), provider.GetRequiredService<ISiloContext>(), token));
        services.AddGranaryPeerSteps();
        services.AddSingleton<IStepSilos>(provider => new PeerSteps(
            provider.GetRequiredService<SiloAddressCatalog>(), token, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<PeerSteps>>()));
        services.AddSingleton<SiloRoster>();
        services.AddHostedService(provider => provider.GetRequiredService<SiloRoster>());
    }

    private static void AddCatalog(IServiceCollection services, CatalogDatabase catalog, InstallationKeys keys)
    {
        services.AddGranaryCatalog(catalog);
        services.AddSingleton(new SecretProtector(keys.EncryptionKey));
    }

    private static void AddStores(IServiceCollection services, StorageOptions storage)
    {
        services.AddSingleton(new ChunkStoreRules
        {
            LocalRoots = storage.StoreRoots,
            S3Endpoints = [.. storage.S3Endpoints.Select(endpoint => new Uri(endpoint))],
        });
        services.AddSingleton(provider => new ChunkBufferPool(
            new ChunkBufferPoolOptions { BudgetBytes = storage.BufferBytes }, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => StoreFactory.Make(provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>()));
        services.AddSingleton<StoreDirectory>();
        services.AddSingleton<IStoreDirectory>(provider => provider.GetRequiredService<StoreDirectory>());
        services.AddSingleton<StoreKeeper>();
        services.AddSingleton<IStoreOpener>(provider => provider.GetRequiredService<StoreKeeper>());
        services.AddHostedService(provider => provider.GetRequiredService<StoreKeeper>());
    }

    private static void AddProxy(IServiceCollection services, HttpOptions http)
    {
        services.Configure<ForwardedHeadersOptions>(forwarded =>
        {
            forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost;
            forwarded.KnownIPNetworks.Clear();
            forwarded.KnownProxies.Clear();
            foreach (var network in http.TrustedProxies)
            {
                forwarded.KnownIPNetworks.Add(network);
            }
        });
        services.AddCors(cors => cors.AddDefaultPolicy(policy => policy
            .WithOrigins([.. http.CorsOrigins])
            .AllowAnyHeader()
            .AllowAnyMethod()
            .SetPreflightMaxAge(TimeSpan.FromHours(1))
            .WithExposedHeaders(["ETag", "Repr-Digest", "Content-Range", "Retry-After", "Location", .. ClientApiHeaders.Exposed])));
    }

    private static void UseProxy(WebApplication app, HttpOptions http)
    {
        if (http.TrustedProxies.Count > 0)
        {
            app.UseForwardedHeaders();
        }

        if (http.PathBase.Length > 0)
        {
            app.UsePathBase(http.PathBase);
        }

        if (http.CorsOrigins.Count > 0)
        {
            app.UseCors();
        }
    }

    // Signals belong to the command that runs the silo (or to the test): the host's own handling would end the process.
    private sealed class CallersLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
