using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using Granary.Catalog;
using Granary.TestSupport;

namespace Granary.Cluster.Tests;

/// <summary>
/// Silos that this test starts one by one over a MariaDB and a Redis server, so that each can have an environment of its own:
/// a clock, a network, a plan of faults.
/// </summary>
internal sealed class SiloCluster : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _connection = MariaDbServer.Current.CreateDatabase();

    private SiloCluster()
    {
    }

    /// <summary>The silos.</summary>
    public List<SiloProcess> Silos { get; } = [];

    /// <summary>Where the silos answer.</summary>
    public IReadOnlyList<Uri> Urls => [.. Silos.Select(static silo => silo.Url)];

    /// <summary>The operator's key.</summary>
    public string OperatorKey { get; } = "gk_op_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));

    /// <summary>The membership table's server.</summary>
    public RedisServer Redis { get; } = new();

    /// <summary>The database, for looking behind the silos' back.</summary>
    public CatalogOptions Catalog => new() { MariaDb = _connection };

    /// <summary>The folder of everything that is on this machine.</summary>
    public TempFolder Folder => _folder;

    /// <summary>Makes the database and so many silos that are not started yet.</summary>
    /// <param name="silos">How many.</param>
    /// <param name="place">Where the i-th silo listens, and what stands before its program; null: on loopback, nothing.</param>
    /// <param name="database">Connection string as the silos take it, made from the test's own; null: the same.</param>
    /// <param name="redis">The same of Redis.</param>
    public static async Task<SiloCluster> CreateAsync(
        int silos, Func<int, (IPAddress Address, string[] Wrapper)>? place = null, Func<string, string>? database = null, Func<string, string>? redis = null)
    {
        var cluster = new SiloCluster();
        try
        {
            var shared = new Dictionary<string, string>
            {
                ["GRANARY_DATABASE"] = cluster._connection,
                ["GRANARY_CLUSTER_REDIS"] = cluster.Redis.ConnectionString,
                ["GRANARY_CLUSTER_KEY"] = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24)),
                ["GRANARY_OPERATOR_KEY"] = cluster.OperatorKey,
                ["GRANARY_ENCRYPTION_KEY"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
            };
            await cluster.MigrateAsync(shared);
            shared["GRANARY_DATABASE"] = database?.Invoke(cluster._connection) ?? cluster._connection;
            shared["GRANARY_CLUSTER_REDIS"] = redis?.Invoke(cluster.Redis.ConnectionString) ?? cluster.Redis.ConnectionString;
            for (var i = 0; i < silos; i++)
            {
                var (address, wrapper) = place?.Invoke(i) ?? (IPAddress.Loopback, []);
                cluster.Add($"silo-{i + 1}", address, wrapper, shared);
            }

            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes silos and waits until they are ready.</summary>
    /// <param name="silos">How many.</param>
    /// <param name="prepare">What is done to them before they start.</param>
    /// <param name="database">The way to the database, made from the test's own; null: the same.</param>
    public static async Task<SiloCluster> StartAsync(int silos = 3, Action<List<SiloProcess>>? prepare = null, Func<string, string>? database = null)
    {
        var cluster = await CreateAsync(silos, place: null, database);
        try
        {
            prepare?.Invoke(cluster.Silos);
            cluster.Silos.ForEach(static silo => silo.Start());
            await cluster.WaitUntilReadyAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client of one silo that acts as the operator.</summary>
    public HttpClient Client(int silo, TimeSpan? patience = null) => SiloAddress.Client(Urls[silo], OperatorKey, patience);

    /// <summary>Waits until every silo that was started, and not stopped since, says that it is ready.</summary>
    public async Task WaitUntilReadyAsync(TimeSpan? limit = null)
    {
        var patience = limit ?? TimeSpan.FromSeconds(90);
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        var clock = Stopwatch.StartNew();
        foreach (var silo in Silos.FindAll(static silo => silo.IsWanted))
        {
            while (!await SiloAddress.IsReadyAsync(client, silo.Url))
            {
                Assert.True(clock.Elapsed < patience, $"{silo.Name} is not ready after {clock.Elapsed.TotalSeconds:0} s:\n{silo.LogEnd}");
                await Task.Delay(50);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var silo in Silos)
        {
            await silo.DisposeAsync();
        }

        Redis.Dispose();
        MariaDbServer.Current.DropDatabase(_connection);
        if (System.Environment.GetEnvironmentVariable("CRASH_KEEP") is null)
        {
            _folder.Dispose();
        }
    }

    /// <summary>Adds a silo that is not started yet.</summary>
    public SiloProcess Add(string name, IPAddress address, string[] wrapper, IReadOnlyDictionary<string, string> settings, TempFolder? folder = null)
    {
        var silo = new SiloProcess(name, address, SiloAddress.FreePorts(3, step: 1), folder ?? _folder) { Wrapper = wrapper };
        foreach (var (variable, value) in settings.Where(setting => !silo.Environment.ContainsKey(setting.Key)))
        {
            silo.Environment[variable] = value;
        }

        Silos.Add(silo);
        return silo;
    }

    private async Task MigrateAsync(Dictionary<string, string> settings)
    {
        var environment = new Dictionary<string, string>(settings) { ["GRANARY_DATA"] = _folder["migrate"] };
        var (code, output) = await Task.Run(() => Repository.Run("dotnet", [Path.Combine(AppContext.BaseDirectory, "granary-silo.dll"), "migrate"], environment));
        Assert.True(code == 0, output);
    }
}
