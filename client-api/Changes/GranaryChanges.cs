using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Granary.ClientApi.Changes;

/// <summary>Registers and maps what follows changes.</summary>
internal static class GranaryChanges
{
    public static IServiceCollection AddGranaryChanges(this IServiceCollection services)
    {
        services.AddOptions<ChangeFeedOptions>();
        services.AddSingleton<ChangeMetrics>();
        services.AddSingleton<ChangeHub>();
        services.AddHostedService(static provider => provider.GetRequiredService<ChangeHub>());
        services.AddHostedService<SocketShutdown>();
        services.AddSingleton<ChangeEndpoints>();
        return services;
    }

    public static void MapGranaryChanges(this IEndpointRouteBuilder routes) => routes.ServiceProvider.GetRequiredService<ChangeEndpoints>().Map(routes);

    /// <summary>
    /// The HTTP server is the first part to be stopped and waits for its requests, which sockets are: they are told before,
    /// unless whoever stops the server by itself has told them (<see cref="GranaryClientApi.EndFollowersAsync"/>).
    /// </summary>
    private sealed class SocketShutdown(ChangeHub hub) : IHostedLifecycleService
    {
        public Task StoppingAsync(CancellationToken cancellationToken) => hub.CloseAllAsync();

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
