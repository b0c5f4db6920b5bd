using System.Net.Http.Headers;
using Granary.Silo.Configuration;
using Granary.Silo.Data;
using Granary.Silo.Hosting;

namespace Granary.TestHost;

/// <summary>
/// The whole silo inside the test's process: Kestrel on a free port of loopback, SQLite, a local store, all in a folder of
/// its own. Nothing is replaced; what a test changes, it changes through settings.
/// </summary>
public sealed class GranaryHost : IAsyncDisposable
{
    private readonly GranaryHostOptions _options;
    private readonly bool _ownsFolder;
    private DataFolder? _folder;
    private GranarySilo? _silo;

    private GranaryHost(GranaryHostOptions options)
    {
        _options = options;
        _ownsFolder = options.DataFolder is null;
        DataPath = options.DataFolder ?? Directory.CreateTempSubdirectory("granary-test-").FullName;
    }

    /// <summary>The data folder.</summary>
    public string DataPath { get; }

    /// <summary>Address without a slash at the end; another one after each start.</summary>
    public string Url => Silo.Url;

    /// <summary>The operator's key.</summary>
    public string OperatorKey => Silo.OperatorKey;

    /// <summary>A client that acts as the operator in tenant <c>default</c>; its base address is the server's.</summary>
    public HttpClient Client { get; private set; } = new();

    /// <summary>Services of the running silo.</summary>
    public IServiceProvider Services => Silo.Services;

    private GranarySilo Silo => _silo ?? throw new InvalidOperationException("The silo does not run.");

    /// <summary>Starts a silo on a fresh folder, or on the one that the options name.</summary>
    public static async Task<GranaryHost> StartAsync(GranaryHostOptions? options = null, CancellationToken cancellationToken = default)
    {
        var host = new GranaryHost(options ?? new GranaryHostOptions());
        try
        {
            await host.StartSiloAsync(cancellationToken);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client without a credential; the caller disposes it.</summary>
    public HttpClient AnonymousClient() => new() { BaseAddress = new Uri(Url + "/") };

    /// <summary>A client with another key; the caller disposes it.</summary>
    public HttpClient ClientWithKey(string key)
    {
        var client = AnonymousClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    /// <summary>Stops cleanly and starts again on the same folder.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await StopAsync();
        await StartSiloAsync(cancellationToken);
    }

    /// <summary>Stops cleanly; the folder stays until the host is disposed.</summary>
    public async Task StopAsync()
    {
        Client.Dispose();
        if (_silo is not null)
        {
            await _silo.DisposeAsync();
            _silo = null;
        }

        _folder?.Dispose();
        _folder = null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (_ownsFolder)
        {
            Directory.Delete(DataPath, recursive: true);
        }
    }

    private async Task StartSiloAsync(CancellationToken cancellationToken)
    {
        var variables = new Dictionary<string, string>(_options.Settings) { ["GRANARY_DATA"] = DataPath };
        variables.TryAdd("GRANARY_PORT", "0");
        variables.TryAdd("GRANARY_LOG_LEVEL", "Warning");
        variables.TryAdd("GRANARY_STORE_ROOTS", DataPath);
        var settings = SiloSettings.Read(variables, DataPath);
        _folder = DataFolder.Open(DataPath);
        _silo = await GranarySilo.StartAsync(settings, static _ => { }, cancellationToken);
        _folder.Announce(_silo.Url);
        Client = ClientWithKey(OperatorKey);
    }
}

/// <summary>What a test changes about the silo.</summary>
public sealed class GranaryHostOptions
{
    /// <summary>An existing data folder, which is left alone at the end; null for a fresh one that is removed.</summary>
    public string? DataFolder { get; init; }

    /// <summary>
    /// Settings as the environment would give them (docs/configuration.md). The port is a free one and the folder is a root
    /// for local stores unless they say otherwise.
    /// </summary>
    public Dictionary<string, string> Settings { get; init; } = [];
}
