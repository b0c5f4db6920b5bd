using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Granary.ClientApi.Peers;

/// <summary>Registers and maps what silos of a cluster serve each other.</summary>
public static class PeerApi
{
    /// <summary>Registers it; needs the stores' directory.</summary>
    public static IServiceCollection AddGranaryPeers(this IServiceCollection services, Action<PeerOptions> configure)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.Configure(configure);
        return services.AddSingleton<PeerStoreEndpoint>();
    }

    /// <summary>Also does steps of maintenance for other silos; needs the grains.</summary>
    public static IServiceCollection AddGranaryPeerSteps(this IServiceCollection services)
    {
        services.AddSingleton<PeerStepEndpoint>();
        return services;
    }

    /// <summary>Maps it, before everything else: the internal port serves nothing but this.</summary>
    public static WebApplication UseGranaryPeers(this WebApplication app)
    {
        app.Services.GetRequiredService<PeerStoreEndpoint>().Map(app);
        return app;
    }
}
