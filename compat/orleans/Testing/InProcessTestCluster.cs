using System.Collections.ObjectModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Storage;

namespace Orleans.TestingHost;

/// <summary>What differs from silo to silo.</summary>
public sealed class InProcessTestSiloSpecificOptions {
    public int SiloPort { get; set; }
    public int GatewayPort { get; set; }
    public string SiloName { get; set; } = null!;
}

/// <summary>What the silos of a test cluster share.</summary>
public sealed class InProcessTestClusterOptions {
    public string ClusterId { get; set; } = null!;
    public string ServiceId { get; set; } = null!;
    public bool InitializeClientOnDeploy { get; set; }
    public short InitialSilosCount { get; set; }
    public List<Action<InProcessTestSiloSpecificOptions, IHostApplicationBuilder>> SiloHostConfigurationDelegates { get; } = [];
    public List<Action<IHostApplicationBuilder>> ClientHostConfigurationDelegates { get; } = [];
}

/// <summary>Describes a test cluster.</summary>
public sealed class InProcessTestClusterBuilder {
    public InProcessTestClusterBuilder() : this(2) { }

    public InProcessTestClusterBuilder(short initialSilosCount) => Options = new InProcessTestClusterOptions {
        InitialSilosCount = initialSilosCount, ClusterId = CreateClusterId(), ServiceId = Guid.NewGuid().ToString("N"), InitializeClientOnDeploy = true,
    };

    public InProcessTestClusterOptions Options { get; }
    public static string CreateClusterId() => "testcluster-" + Guid.NewGuid().ToString("N");

    public InProcessTestClusterBuilder ConfigureHost(Action<IHostApplicationBuilder> configureDelegate) {
        Options.SiloHostConfigurationDelegates.Add((_, host) => configureDelegate(host));
        Options.ClientHostConfigurationDelegates.Add(configureDelegate);
        return this;
    }

    public InProcessTestClusterBuilder ConfigureSilo(Action<InProcessTestSiloSpecificOptions, ISiloBuilder> configureSiloDelegate)
        => ConfigureSiloHost((options, host) => host.UseOrleans(silo => configureSiloDelegate(options, silo)));

    public InProcessTestClusterBuilder ConfigureSiloHost(Action<InProcessTestSiloSpecificOptions, IHostApplicationBuilder> configureSiloHostDelegate) {
        Options.SiloHostConfigurationDelegates.Add(configureSiloHostDelegate);
        return this;
    }

    public InProcessTestClusterBuilder ConfigureClientHost(Action<IHostApplicationBuilder> configureHostDelegate) {
        Options.ClientHostConfigurationDelegates.Add(configureHostDelegate);
        return this;
    }

    public InProcessTestCluster Build() => new(Options);
}

/// <summary>One silo of a test cluster.</summary>
public class InProcessSiloHandle : IDisposable, IAsyncDisposable {
    public short InstanceNumber { get; set; }
    public string Name { get; set; } = null!;
    public SiloAddress SiloAddress { get; set; } = null!;
    public SiloAddress GatewayAddress { get; set; } = null!;
    public IHost SiloHost { get; init; } = null!;
    public IServiceProvider ServiceProvider => SiloHost.Services;
    public bool IsActive { get; private set; } = true;
    public Task StopSiloAsync(bool stopGracefully) => StopSiloAsync(new CancellationToken(canceled: !stopGracefully));

    /// <summary>Stops it; a token that is already cancelled kills it.</summary>
    public async Task StopSiloAsync(CancellationToken ct) {
        if (!IsActive)
            return;
        IsActive = false;
        await Task.Run(() => SiloHost.StopAsync(ct), CancellationToken.None);
    }

    public void Dispose() {
        StopSiloAsync(true).GetAwaiter().GetResult();
        SiloHost.Dispose();
        GC.SuppressFinalize(this);
    }

    public async ValueTask DisposeAsync() {
        await StopSiloAsync(true);
        await ((IAsyncDisposable)SiloHost).DisposeAsync();
        GC.SuppressFinalize(this);
    }
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

    public ReadOnlyCollection<InProcessSiloHandle> Silos {
        get {
            lock (_silos)
                return _silos.ToList().AsReadOnly();
        }
    }

    public IClusterClient Client => _client?.Services.GetRequiredService<IClusterClient>()
        ?? throw new InvalidOperationException("The test cluster client is unavailable because the cluster has not been deployed or has been stopped.");

    public IServiceProvider GetSiloServiceProvider(SiloAddress? silo = null)
        => Silos.FirstOrDefault(s => silo is null || s.SiloAddress.Equals(silo))?.ServiceProvider
            ?? throw new ArgumentException($"The provided silo address '{silo}' is unknown.");

    public async Task DeployAsync() {
        await StartSilosAsync(Options.InitialSilosCount);
        if (Options.InitializeClientOnDeploy)
            await InitializeClientAsync();
    }

    public async Task InitializeClientAsync() {
        await StopClusterClientAsync();
        var host = NewHost("TestClusterClient");
        Options.ClientHostConfigurationDelegates.ForEach(configure => configure(host));
        host.Services.TryAddSingleton(TimeProvider.System);
        host.Services.AddSingleton<ICluster>(_cluster).AddSingleton<GrainTypes>().AddSingleton<Client>();
        host.Services.AddSingleton<IClusterClient>(s => s.GetRequiredService<Client>().Factory);
        host.Services.AddSingleton<IGrainFactory>(s => s.GetRequiredService<Client>().Factory);
        _client = host.Build();
        await _client.StartAsync();
        _client.Services.GetRequiredService<Client>().Start();
    }

    public async Task<InProcessSiloHandle> StartAdditionalSiloAsync() => (await StartSilosAsync(1)).Single();

    public async Task<List<InProcessSiloHandle>> StartSilosAsync(int silosToStart) {
        var started = await Task.WhenAll(Enumerable.Range(0, silosToStart).Select(_ => Task.Run(StartSiloAsync)));
        lock (_silos)
            _silos.AddRange(started);
        return [.. started];
    }

    public Task StopSiloAsync(InProcessSiloHandle instance) => EndSiloAsync(instance, gracefully: true);

    /// <summary>Kills a silo: as if its process were gone.</summary>
    public Task KillSiloAsync(InProcessSiloHandle instance) => EndSiloAsync(instance, gracefully: false);

    public async Task StopClusterClientAsync() {
        if (_client is not { } client)
            return;
        _client = null;
        client.Services.GetRequiredService<Client>().Stop();
        await client.StopAsync();
        client.Dispose();
    }

    public async Task StopAllSilosAsync() {
        await StopClusterClientAsync();
        foreach (var silo in Silos)
            await StopSiloAsync(silo);
    }

#pragma warning disable CA1822 // An instance method in the package.
    public Task WaitForLivenessToStabilizeAsync(bool didKill = false) => Task.CompletedTask;
#pragma warning restore CA1822

    public void Dispose() => Task.Run(StopAllSilosAsync).GetAwaiter().GetResult();
    public async ValueTask DisposeAsync() => await Task.Run(StopAllSilosAsync);

    private async Task<InProcessSiloHandle> StartSiloAsync() {
        var number = Interlocked.Increment(ref _nextSilo) - 1;
        var specific = new InProcessTestSiloSpecificOptions { SiloName = $"Silo_{number}", SiloPort = 11111 + number, GatewayPort = 30000 + number };
        var builder = NewHost(specific.SiloName);
        Options.SiloHostConfigurationDelegates.ForEach(configure => configure(specific, builder));
        builder.UseOrleans(silo => silo
            .Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (Options.ClusterId, Options.ServiceId))
            .Configure<SiloOptions>(o => o.SiloName = specific.SiloName)
            .Configure<EndpointOptions>(o => (o.SiloPort, o.GatewayPort) = (specific.SiloPort, specific.GatewayPort)));
        builder.Services.AddSingleton<ICluster>(_cluster);
        builder.Services.AddSingleton(_tables);
        builder.Services.AddSingleton(_reminders);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(30));
        var host = builder.Build();
        await host.StartAsync();
        var details = host.Services.GetRequiredService<ILocalSiloDetails>();
        return new InProcessSiloHandle {
            Name = specific.SiloName, InstanceNumber = (short)number, SiloHost = host, SiloAddress = details.SiloAddress, GatewayAddress = details.GatewayAddress,
        };
    }

    private async Task EndSiloAsync(InProcessSiloHandle instance, bool gracefully) {
        lock (_silos)
            _silos.Remove(instance);
        await instance.StopSiloAsync(gracefully);
        await instance.DisposeAsync();
    }

    private static HostApplicationBuilder NewHost(string name) => Host.CreateApplicationBuilder(
        new HostApplicationBuilderSettings { ApplicationName = name, EnvironmentName = Environments.Development, DisableDefaults = true });
}
