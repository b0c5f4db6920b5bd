using System.Collections.ObjectModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Storage;

namespace Orleans.TestingHost;

public sealed class InProcessTestSiloSpecificOptions {
    public int SiloPort { get; set; }
    public int GatewayPort { get; set; }
    public string SiloName { get; set; } = null!;
}

public sealed class InProcessTestClusterOptions {
    public string ClusterId { get; set; } = null!;
    public string ServiceId { get; set; } = null!;
    public short InitialSilosCount { get; set; }
    public List<Action<InProcessTestSiloSpecificOptions, IHostApplicationBuilder>> SiloHostConfigurationDelegates { get; } = [];
}

public sealed class InProcessTestClusterBuilder(short initialSilosCount) {
    public InProcessTestClusterOptions Options { get; } = new() {
        InitialSilosCount = initialSilosCount, ClusterId = "testcluster-" + Guid.NewGuid().ToString("N"), ServiceId = Guid.NewGuid().ToString("N"),
    };

    public InProcessTestClusterBuilder ConfigureSilo(Action<InProcessTestSiloSpecificOptions, ISiloBuilder> configureSiloDelegate)
        => ConfigureSiloHost((options, host) => host.UseOrleans(silo => configureSiloDelegate(options, silo)));

    public InProcessTestClusterBuilder ConfigureSiloHost(Action<InProcessTestSiloSpecificOptions, IHostApplicationBuilder> configureSiloHostDelegate) {
        Options.SiloHostConfigurationDelegates.Add(configureSiloHostDelegate);
        return this;
    }

    public InProcessTestCluster Build() => new(Options);
}

public class InProcessSiloHandle {
    public string Name { get; set; } = null!;
    public SiloAddress SiloAddress { get; set; } = null!;
    public IHost SiloHost { get; init; } = null!;
    public IServiceProvider ServiceProvider => SiloHost.Services;
}

/// <summary>Several silos and a client inside one process, over an in-memory membership table.</summary>
public sealed class InProcessTestCluster : IDisposable, IAsyncDisposable {
    private readonly List<InProcessSiloHandle> _silos = [];
    private readonly InMemoryCluster _cluster = new();
    private readonly MemoryTables _tables = new();
    private readonly MemoryReminderRows _reminders = new();
    private IHost? _client;
    private int _nextSilo;
    internal InProcessTestCluster(InProcessTestClusterOptions options) => Options = options;
    public InProcessTestClusterOptions Options { get; }

    public IClusterClient Client => _client?.Services.GetRequiredService<IClusterClient>()
        ?? throw new InvalidOperationException("The test cluster client is unavailable because the cluster has not been deployed or has been stopped.");

    public IServiceProvider GetSiloServiceProvider(SiloAddress? silo = null)
        => Silos.FirstOrDefault(s => silo is null || s.SiloAddress.Equals(silo))?.ServiceProvider
            ?? throw new ArgumentException($"The provided silo address '{silo}' is unknown.");

    public ReadOnlyCollection<InProcessSiloHandle> Silos {
        get {
            lock (_silos)
                return _silos.ToList().AsReadOnly();
        }
    }

    public async Task DeployAsync() {
        await Task.WhenAll(Enumerable.Range(0, Options.InitialSilosCount).Select(_ => StartAdditionalSiloAsync()));
        var host = NewHost("TestClusterClient");
        host.Services.AddSingleton<ICluster>(_cluster).AddCallRuntime<Client>();
        _client = host.Build();
        await _client.StartAsync();
        _client.Services.GetRequiredService<Client>().Start();
    }

    public async Task<InProcessSiloHandle> StartAdditionalSiloAsync() {
        var number = Interlocked.Increment(ref _nextSilo) - 1;
        var specific = new InProcessTestSiloSpecificOptions { SiloName = $"Silo_{number}", SiloPort = 11111 + number, GatewayPort = 30000 + number };
        var builder = NewHost(specific.SiloName);
        Options.SiloHostConfigurationDelegates.ForEach(configure => configure(specific, builder));
        builder.UseOrleans(silo => silo
            .Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (Options.ClusterId, Options.ServiceId))
            .Configure<SiloOptions>(o => o.SiloName = specific.SiloName)
            .Configure<EndpointOptions>(o => (o.SiloPort, o.GatewayPort) = (specific.SiloPort, specific.GatewayPort)));
        builder.Services.AddSingleton<ICluster>(_cluster).AddSingleton(_tables).AddSingleton(_reminders);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(30));
        var host = builder.Build();
        await Task.Run(() => host.StartAsync());
        var silo = new InProcessSiloHandle { Name = specific.SiloName, SiloHost = host, SiloAddress = host.Services.GetRequiredService<Silo>().Address };
        lock (_silos)
            _silos.Add(silo);
        return silo;
    }

    public Task StopSiloAsync(InProcessSiloHandle instance) => EndSiloAsync(instance, gracefully: true);
    public Task KillSiloAsync(InProcessSiloHandle instance) => EndSiloAsync(instance, gracefully: false);

    public async Task StopAllSilosAsync() {
        if (Interlocked.Exchange(ref _client, null) is { } client) {
            client.Services.GetRequiredService<Client>().Stop();
            await client.StopAsync();
            client.Dispose();
        }
        foreach (var silo in Silos)
            await StopSiloAsync(silo);
    }

#pragma warning disable CA1822 // An instance method in the package.
    public Task WaitForLivenessToStabilizeAsync(bool didKill = false) => Task.CompletedTask;
#pragma warning restore CA1822

    public void Dispose() => Task.Run(StopAllSilosAsync).GetAwaiter().GetResult();
    public async ValueTask DisposeAsync() => await Task.Run(StopAllSilosAsync);

    private async Task EndSiloAsync(InProcessSiloHandle instance, bool gracefully) {
        lock (_silos) {
            if (!_silos.Remove(instance))
                return;
        }
        await Task.Run(() => instance.SiloHost.StopAsync(new CancellationToken(canceled: !gracefully)));
        await ((IAsyncDisposable)instance.SiloHost).DisposeAsync();
    }

    private static HostApplicationBuilder NewHost(string name) => Host.CreateApplicationBuilder(
        new HostApplicationBuilderSettings { ApplicationName = name, EnvironmentName = Environments.Development, DisableDefaults = true });
}
