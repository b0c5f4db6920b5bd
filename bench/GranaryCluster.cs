using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;

namespace Granary.Bench;

/// <summary>
/// <c>up --silos N</c> on free loopback ports with the settings it ships with: MariaDB, Redis and N silos under one folder;
/// stopped by its process id.
/// </summary>
internal sealed class GranaryCluster : IAsyncDisposable
{
    private readonly ServerProcess _process;
    private readonly string _data;

    private GranaryCluster(ServerProcess process, int port, int silos, string data)
    {
        _process = process;
        _data = data;
        Ports = [.. Enumerable.Range(0, silos).Select(i => port + (10 * i))];
        Token = File.ReadAllText(Path.Combine(data, "operator.key")).Trim();
    }

    /// <summary>Where the silos answer.</summary>
    public int[] Ports { get; }

    /// <summary>The operator's key.</summary>
    public string Token { get; }

    /// <summary>The port of its Redis server.</summary>
    public int RedisPort => int.Parse(
        File.ReadLines(Path.Combine(_data, "ports")).First(static line => line.StartsWith("redis=", StringComparison.Ordinal))["redis=".Length..], CultureInfo.InvariantCulture);

    /// <summary>Starts it and waits until every silo is ready.</summary>
    public static async Task<GranaryCluster> StartAsync(string data, int silos, CancellationToken cancellationToken)
    {
        var port = GranaryServer.FreePort();
        var process = await ServerProcess.StartAsync(
            ["up", "--data", data, "--silos", Text(silos), "--port", Text(port)], "The silos:", TimeSpan.FromSeconds(100), cancellationToken).ConfigureAwait(false);
        return new GranaryCluster(process, port, silos, data);
    }

    /// <summary>A client of one silo that acts as the operator.</summary>
    public HttpClient Client(int silo)
    {
        var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Text(Ports[silo])}/"), Timeout = TimeSpan.FromSeconds(10) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        return client;
    }

    /// <summary>The process of a silo (0, 1, ...).</summary>
    public int SiloProcess(int silo) => PidIn(Path.Combine($"silo-{Text(silo + 1)}", "silo.pid"));

    /// <summary>Processor time that each part has used so far.</summary>
    public IReadOnlyDictionary<string, TimeSpan> ProcessorTimes() => new Dictionary<string, TimeSpan>
    {
        ["silos"] = Ports.Select((_, i) => UsedBy(SiloProcess(i))).Aggregate(TimeSpan.Zero, static (sum, used) => sum + used),
        ["MariaDB"] = UsedBy(PidIn("mariadb/pid")),
        ["Redis"] = UsedBy(PidIn("redis/pid")),
        ["bench"] = UsedBy(Environment.ProcessId),
    };

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static TimeSpan UsedBy(int process)
    {
        using var found = Process.GetProcessById(process);
        return found.TotalProcessorTime;
    }

    private int PidIn(string file) => int.Parse(File.ReadAllText(Path.Combine(_data, file)).Split(' ', '\n')[0], CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
