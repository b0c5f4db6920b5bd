using Granary.ClientApi.ApiKeys;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.Changes;
using Granary.ClientApi.Cluster;
using Granary.ClientApi.Content;
using Granary.ClientApi.Files;
using Granary.ClientApi.FileStores;
using Granary.ClientApi.Health;
using Granary.ClientApi.Holds;
using Granary.ClientApi.Home;
using Granary.ClientApi.Http;
using Granary.ClientApi.Http.Rejections;
using Granary.ClientApi.Maintenance;
using Granary.ClientApi.Metrics;
using Granary.ClientApi.OpenApi;
using Granary.ClientApi.RateLimits;
using Granary.ClientApi.Scopes;
using Granary.ClientApi.Tenants;
using Granary.ClientApi.Tus;
using Granary.ClientApi.Uploads;
using Granary.ClientApi.Webhooks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Granary.ClientApi;

/// <summary>Registers and maps the HTTP API.</summary>
public static class GranaryClientApi
{
    /// <summary>
    /// Registers what the API needs. The composition root also provides <see cref="ISiloContext"/>, the catalog
    /// (<c>AddGranaryCatalog</c>), the stores' directory and buffers, and the grain factory.
    /// </summary>
    public static IServiceCollection AddGranaryClientApi(this IServiceCollection services, Action<ClientApiOptions>? configure = null)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddRoutingCore();
        services.AddOptions<ClientApiOptions>()
            .Configure(options => configure?.Invoke(options))
            .Validate(options => !options.Validate().Any(), "The settings of the client API are out of range.")
            .ValidateOnStart();
        services.Configure<KestrelServerOptions>(GranaryKestrel.Configure);
        services.Configure<SocketTransportOptions>(GranaryKestrel.Configure);
        services.AddSingleton<TenantRateLimits>();
        services.AddSingleton<Authenticator>();
        services.AddSingleton<RejectionMarker>();
        AddMetrics(services);
        AddContent(services);
        AddFiles(services);
        UploadEndpoints.Add(services);
        services.AddGranaryChanges();
        services.AddSingleton<WebhookEndpoints>();
        TusEndpoints.Add(services);
        AddAdministration(services);
        return services;
    }

    /// <summary>Adds the middleware and maps every resource.</summary>
    public static WebApplication MapGranaryApi(this WebApplication app)
    {
        _ = app.Services.GetRequiredService<IOptions<ClientApiOptions>>().Value;
        _ = app.Services.GetRequiredService<RejectionMarker>();
        app.UseMiddleware<ApiMiddleware>();
        app.UseRouting();
        MetricsEndpoint.Map(app);
        FileEndpoints.Map(app);
        UploadEndpoints.Map(app);
        app.MapGranaryChanges();
        app.Services.GetRequiredService<WebhookEndpoints>().Map(app);
        TusEndpoints.Map(app);
        MapAdministration(app);
        return app;
    }

    /// <summary>What a silo without API still answers: whether it is alive and ready, and its metrics.</summary>
    public static WebApplication MapGranaryOperations(this WebApplication app)
    {
        _ = app.Services.GetRequiredService<RejectionMarker>();
        app.UseMiddleware<ApiMiddleware>();
        app.UseRouting();
        MetricsEndpoint.Map(app);
        app.Services.GetRequiredService<HealthEndpoints>().Map(app);
        return app;
    }

    /// <summary>
    /// Tells followers of changes that the server stops, and waits a little for them to go. For whoever stops the HTTP server
    /// itself: it waits for its requests, which sockets are. They resume elsewhere with their cursor.
    /// </summary>
    public static Task EndFollowersAsync(IServiceProvider services) => services.GetRequiredService<ChangeHub>().CloseAllAsync();

    private static void AddMetrics(IServiceCollection services)
    {
        services.AddSingleton<IMemoryPoolFactory<byte>, ReceivePool>();
        services.AddSingleton<ApiMetrics>();
        services.AddSingleton<MetricsCollector>();
        services.AddHostedService<MaintenanceQueue>();
    }

    private static void AddContent(IServiceCollection services)
    {
        services.AddSingleton<IdleWatch>();
        services.AddSingleton<CorruptCopies>();
        services.AddHostedService(static provider => provider.GetRequiredService<CorruptCopies>());
        services.AddSingleton<ChunkClaims>();
        services.AddSingleton<ChunkPlacer>();
        services.AddSingleton<ChunkReader>();
        services.AddSingleton<HotContent>();
        services.AddHostedService(static provider => provider.GetRequiredService<HotContent>());
        services.AddSingleton<CheckedChunks>();
        services.AddSingleton<UploadEnd>();
        services.AddSingleton<Uploader>();
    }

    private static void AddFiles(IServiceCollection services)
    {
        services.AddSingleton<StoredAnswers>();
        services.AddSingleton<PresignedLinks>();
        services.AddSingleton<ScopeCopier>();
        services.AddSingleton<FilePut>();
        services.AddSingleton<FileGet>();
        services.AddSingleton<FileFacts>();
        services.AddSingleton<FileChanges>();
        services.AddSingleton<FileList>();
    }

    private static void AddAdministration(IServiceCollection services)
    {
        services.AddSingleton<TenantEndpoints>();
        services.AddSingleton<ApiKeyEndpoints>();
        services.AddSingleton<ScopeEndpoints>();
        services.AddSingleton<AttachmentEndpoints>();
        services.AddSingleton<HoldEndpoints>();
        services.AddSingleton<StoreCreation>();
        services.AddSingleton<StoreCapacity>();
        services.AddSingleton<FileStoreViewer>();
        services.AddSingleton<FileStoreEndpoints>();
        services.AddSingleton<RunEndpoints>();
        services.AddSingleton<SettingsEndpoints>();
        services.AddSingleton<SiloDrains>();
        services.AddSingleton<SiloDrainEndpoints>();
        services.AddSingleton<ClusterEndpoints>();
        services.AddSingleton<Readiness>();
        services.AddSingleton<HealthChecks>();
        services.AddSingleton<FullHealthCheck>();
        services.AddSingleton<HealthEndpoints>();
        services.AddSingleton<HomePage>();
        services.AddSingleton<ApiDocument>();
        services.AddSingleton<OpenApiEndpoint>();
    }

    private static void MapAdministration(WebApplication app)
    {
        var services = app.Services;
        services.GetRequiredService<TenantEndpoints>().Map(app);
        services.GetRequiredService<ApiKeyEndpoints>().Map(app);
        services.GetRequiredService<ScopeEndpoints>().Map(app);
        services.GetRequiredService<AttachmentEndpoints>().Map(app);
        services.GetRequiredService<HoldEndpoints>().Map(app);
        services.GetRequiredService<FileStoreEndpoints>().Map(app);
        services.GetRequiredService<RunEndpoints>().Map(app);
        services.GetRequiredService<SettingsEndpoints>().Map(app);
        services.GetRequiredService<ClusterEndpoints>().Map(app);
        services.GetRequiredService<SiloDrainEndpoints>().Map(app);
        services.GetRequiredService<HealthEndpoints>().Map(app);
        services.GetRequiredService<HomePage>().Map(app);
        services.GetRequiredService<OpenApiEndpoint>().Map(app);
    }
}
