using System.Collections.Concurrent;
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
    private readonly Process _process;
    private readonly string _data;

    private GranaryCluster(Process process, int port, int silos, string data)
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
        var start = new ProcessStartInfo(GranaryServer.Executable, ["up", "--data", data, "--silos", Text(silos), "--port", Text(port)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = Process.Start(start) ?? throw new InvalidOperationException("The cluster did not start.");
        var ready = new TaskCompletionSource();
        var lines = new ConcurrentQueue<string>();
        void Take(string? line)
        {
            lines.Enqueue(line ?? "");
            if (line?.StartsWith("The silos:", StringComparison.Ordinal) == true)
            {
                ready.TrySetResult();
            }
        }

        process.OutputDataReceived += (_, e) => Take(e.Data);
        process.ErrorDataReceived += (_, e) => Take(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var exited = process.WaitForExitAsync(cancellationToken);
        if (await Task.WhenAny(ready.Task, exited).ConfigureAwait(false) == exited)
        {
            throw new InvalidOperationException("The cluster ended before it was ready: " + string.Join(Environment.NewLine, lines));
        }

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
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Signals.Terminate(_process.Id);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(100));
            try
            {
                await _process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
    }

    private static TimeSpan UsedBy(int process)
    {
        using var found = Process.GetProcessById(process);
        return found.TotalProcessorTime;
    }

    private int PidIn(string file) => int.Parse(File.ReadAllText(Path.Combine(_data, file)).Split(' ', '\n')[0], CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
