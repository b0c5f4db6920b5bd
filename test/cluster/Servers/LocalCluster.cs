using System.Diagnostics;
using System.Text;
using Granary.TestSupport;

namespace Granary.Cluster.Tests;

/// <summary>A test that starts real silos with MariaDB and Redis.</summary>
public sealed class ClusterFactAttribute : FactAttribute
{
    /// <summary>Skips where a server is missing.</summary>
    public ClusterFactAttribute() => Skip = Requirement.SkipReason(LocalCluster.Missing);
}

/// <summary>
/// <c>granary up --silos N</c> as a person starts it: a process that holds MariaDB, Redis and N silos under one folder. Its
/// silos and servers can be killed, frozen and woken.
/// </summary>
public sealed class LocalCluster : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(180);
    private readonly TempFolder _folder = new();
    private readonly StringBuilder _output = new();
    private System.Diagnostics.Process? _process;

    /// <summary>Why there can be none.</summary>
    public static string? Missing { get; } =
        Repository.HasProgram("mariadbd") && Repository.HasProgram("redis-server") ? null : "no MariaDB or Redis server: install mariadb-server and redis-server";

    /// <summary>How many silos.</summary>
    public int Silos { get; private init; }

    /// <summary>Where the silos answer, in order.</summary>
    public IReadOnlyList<Uri> Urls { get; private set; } = [];

    /// <summary>The operator's key.</summary>
    public string OperatorKey => File.ReadAllText(_folder["data/operator.key"]).Trim();

    /// <summary>What it printed.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Starts one and waits until every silo is ready.</summary>
    public static async Task<LocalCluster> StartAsync(int silos)
    {
        var cluster = new LocalCluster { Silos = silos };
        try
        {
            await cluster.UpAsync();
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

    /// <summary>Process id of a silo, as it wrote it.</summary>
    public int SiloProcess(int silo) => ReadPid($"data/silo-{silo + 1}/silo.pid");

    /// <summary>Sends a signal to a silo.</summary>
    public void SignalSilo(int silo, string signal) => Signal(SiloProcess(silo), signal);

    /// <summary>Sends a signal to <c>mariadb</c> or <c>redis</c>.</summary>
    public void SignalServer(string server, string signal) => Signal(ReadPid($"data/{server}/pid"), signal);

    /// <summary>The end of a silo's log, for a failure's message.</summary>
    public string LogOf(int silo) => string.Join('\n', File.ReadLines(_folder[$"data/log/silo-{silo + 1}.log"]).TakeLast(15));

    /// <summary>Waits until every silo says that it is ready.</summary>
    public async Task WaitUntilReadyAsync(TimeSpan limit)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < Urls.Count;)
        {
            if (await SiloAddress.IsReadyAsync(client, Urls[i]))
            {
                i++;
            }
            else
            {
                Assert.True(clock.Elapsed < limit, $"silo-{i + 1} is not ready after {clock.Elapsed.TotalSeconds:0} s:\n{LogOf(i)}\n{Output}");
                await Task.Delay(100);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false } process)
        {
            Signal(process.Id, "TERM");
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(100));
            try
            {
                await process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
            }
        }

        _process?.Dispose();
        _folder.Dispose();
    }

    private async Task UpAsync()
    {
        var port = SiloAddress.FreePorts(Silos, step: 10);
        var info = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "granary-silo.dll"), "up", "--data", _folder["data"], "--port", $"{port}", "--silos", $"{Silos}"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        foreach (var name in info.Environment.Keys.Where(name => name.StartsWith("GRANARY_", StringComparison.Ordinal)).ToArray())
        {
            info.Environment.Remove(name);
        }

        _process = System.Diagnostics.Process.Start(info)!;
        _process.OutputDataReceived += (_, line) => Append(line.Data);
        _process.ErrorDataReceived += (_, line) => Append(line.Data);
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        Urls = [.. Enumerable.Range(0, Silos).Select(i => new Uri($"http://127.0.0.1:{port + (10 * i)}/"))];
        var clock = Stopwatch.StartNew();
        while (!Output.Contains("The silos:", StringComparison.Ordinal))
        {
            if (_process.HasExited || clock.Elapsed > StartLimit)
            {
                var logs = Directory.Exists(_folder["data/log"]) ? string.Join('\n', Directory.EnumerateFiles(_folder["data/log"]).SelectMany(file => File.ReadLines(file).TakeLast(8))) : "";
                throw new InvalidOperationException($"The cluster did not become ready in {clock.Elapsed.TotalSeconds:0} s:\n{Output}\n{logs}");
            }

            await Task.Delay(50);
        }
    }

    private int ReadPid(string file) => int.Parse(File.ReadAllText(_folder[file]).Split(' ', '\n')[0]);

    private static void Signal(int process, string signal) => Repository.Run("kill", [$"-{signal}", $"{process}"]);

    private void Append(string? line)
    {
        if (line is not null)
        {
            lock (_output)
            {
                _output.AppendLine(line);
            }
        }
    }
}
