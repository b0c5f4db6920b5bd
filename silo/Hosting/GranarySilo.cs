using Granary.Catalog;
using Granary.ClientApi;
using Granary.ClientApi.Health;
using Granary.ClientApi.Http;
using Granary.Silo.Configuration;
using Granary.Silo.Data;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Granary.Silo.Hosting;

/// <summary>
/// One whole silo: databases, grains, stores and HTTP, started in this process. The data folder's lock is the caller's.
/// </summary>
public sealed partial class GranarySilo : IAsyncDisposable
{
    private readonly Databases _databases;
    private readonly WebApplication _app;
    private readonly SiloContext _context;
    private readonly ILoggerFactory _logs;
    private readonly ILogger _logger;
    private readonly TimeSpan _drain;
    private bool _stopped;

    private GranarySilo(Databases databases, WebApplication app, SiloContext context, string operatorKey, TimeSpan drain, ILoggerFactory logs)
    {
        _drain = drain;
        _databases = databases;
        _app = app;
        _context = context;
        _logs = logs;
        _logger = logs.CreateLogger<GranarySilo>();
        OperatorKey = operatorKey;
        Url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First().TrimEnd('/');
    }

    /// <summary>Where it answers, without a slash at the end.</summary>
    public string Url { get; }

    /// <summary>The operator's key.</summary>
    public string OperatorKey { get; }

    /// <summary>Its services, for tests.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>
    /// Starts a silo. Steps: (1) keys; (2) databases up to date and open; (3) what an empty installation is given; (4) this
    /// life's epoch, which ends the earlier ones of the same name; (5) grains, stores and HTTP. A start that is killed
    /// between any two of them is completed by the next one.
    /// </summary>
    /// <param name="settings">Checked settings.</param>
    /// <param name="phase">Told what begins, in words for people.</param>
    /// <param name="cancellationToken">Gives up; what was started is stopped.</param>
    public static async Task<GranarySilo> StartAsync(SiloSettings settings, Action<string> phase, CancellationToken cancellationToken)
    {
        var logs = LoggerFactory.Create(logging => LoggingSetup.Add(logging, settings));
        var logger = logs.CreateLogger<GranarySilo>();
        LogSettings(logger, string.Join("; ", settings.Effective.Select(setting => $"{setting.Name} = {setting.Value}")));

        phase($"Opening the catalog in {settings.Storage.Data} ...");
        var keys = InstallationKeys.ReadOrMake(settings);
        var databases = await Databases.OpenAsync(settings.Storage, TimeProvider.System, logs, cancellationToken);
        WebApplication? app = null;
        try
        {
            var installation = await Installation.PrepareAsync(databases.Catalog, settings, logs, cancellationToken);
            var context = new SiloContext(settings.Name, installation.Epoch, installation.Id);
            phase($"Starting the silo on {context.Runtime} ...");
            app = SiloComposition.Build(settings, databases.Catalog, context, keys);
            await app.StartAsync(cancellationToken);
            app.Services.GetRequiredService<Readiness>().Open();
            var silo = new GranarySilo(databases, app, context, keys.OperatorKey, settings.Http.Drain, logs);
            LogStarted(logger, settings.Name, context.Epoch.Value, context.Version, context.Runtime, silo.Url);
            return silo;
        }
        catch
        {
            if (app is not null)
            {
                await app.DisposeAsync();
            }

            await databases.DisposeAsync();
            logs.Dispose();
            throw;
        }
    }

    /// <summary>Waits until the token is cancelled, or something inside asked the host to stop.</summary>
    public async Task WaitForStopAsync(CancellationToken cancellationToken)
    {
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var lifetime = _app.Services.GetRequiredService<IHostApplicationLifetime>();
        await using var asked = cancellationToken.Register(() => stopping.TrySetResult());
        await using var inside = lifetime.ApplicationStopping.Register(() => stopping.TrySetResult());
        await stopping.Task;
    }

    /// <summary>
    /// Stops cleanly: not ready any more but serving for a while, open transfers drained within a limit, grains handed over
    /// within another, the epoch ended so that its space is free at once, databases closed.
    /// </summary>
    public async Task StopAsync()
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        _app.Services.GetRequiredService<Readiness>().Close("The server is stopping.");
        if (_drain > TimeSpan.Zero)
        {
            LogDraining(_logger, _context.SiloName, _drain.TotalSeconds);
            await Task.Delay(_drain, TimeProvider.System);
        }

        var silos = _app.Services.GetRequiredService<SiloCatalog>();
        await StopServingAsync();
        await _app.StopAsync();
        try
        {
            await silos.EndAsync(_context.Epoch, CancellationToken.None);
        }
        catch (CatalogException failure)
        {
            // The next start finds the epoch dead and gives its space back.
            LogEpochNotEnded(_logger, failure);
        }

        await _app.DisposeAsync();
        await _databases.DisposeAsync();
        LogStopped(_logger, _context.SiloName);
        _logs.Dispose();
    }

    // Transfers have a limit of their own: with one for everything, a slow client would leave the grains no time to be handed
    // over. Sockets of followers are told first; they would hold the server for the whole limit.
    private async Task StopServingAsync()
    {
        _app.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await GranaryClientApi.EndFollowersAsync(_app.Services);
        using var limit = new CancellationTokenSource(SiloComposition.StopLimit, TimeProvider.System);
        await _app.Services.GetRequiredService<IServer>().StopAsync(limit.Token);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync();

    [LoggerMessage(6000, LogLevel.Information, "Settings: {Settings}")]
    private static partial void LogSettings(ILogger logger, string settings);

    [LoggerMessage(6001, LogLevel.Information, "Silo {Silo} (epoch {Epoch}) of Granary {Version} runs on {Runtime} and answers at {Url}.")]
    private static partial void LogStarted(ILogger logger, string silo, long epoch, string version, string runtime, string url);

    [LoggerMessage(6004, LogLevel.Information, "Silo {Silo} is not ready any more and still serves for {Seconds} s, so that balancers see it.")]
    private static partial void LogDraining(ILogger logger, string silo, double seconds);

    [LoggerMessage(6002, LogLevel.Information, "Silo {Silo} stopped.")]
    private static partial void LogStopped(ILogger logger, string silo);

    [LoggerMessage(6003, LogLevel.Warning, "The silo's epoch could not be ended; the next start does it.")]
    private static partial void LogEpochNotEnded(ILogger logger, Exception failure);
}
