using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Granary.TestSupport;

namespace Granary.Cluster.Tests;

/// <summary>
/// A further process of the cluster of a test, as a controller would add one: a worker, or a silo with settings of its own.
/// It takes what all members share from the environment of one of the cluster's silos.
/// </summary>
internal sealed class WorkerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private readonly TempFolder _folder = new();
    private readonly StringBuilder _output = new();
    private readonly System.Diagnostics.Process _process;

    private WorkerProcess(LocalCluster cluster, string role, string name, (string Name, string Value)[] settings)
    {
        Url = new Uri($"http://127.0.0.1:{FreePort()}/");
        var info = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "granary-silo.dll"), role]) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var variable in File.ReadAllText($"/proc/{cluster.SiloProcess(0)}/environ").Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = variable.IndexOf('=');
            info.Environment[variable[..equals]] = variable[(equals + 1)..];
        }

        foreach (var (variable, value) in new[]
        {
            ("GRANARY_DATA", _folder["data"]), ("GRANARY_SILO_NAME", name), ("GRANARY_PORT", $"{Url.Port}"), ("GRANARY_SILO_PORT", $"{FreePort()}"),
            ("GRANARY_INTERNAL_PORT", $"{FreePort()}"),
        }.Concat(settings))
        {
            info.Environment[variable] = value;
        }

        _process = System.Diagnostics.Process.Start(info)!;
        _process.OutputDataReceived += (_, line) => Append(line.Data);
        _process.ErrorDataReceived += (_, line) => Append(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Where it answers.</summary>
    public Uri Url { get; }

    /// <summary>Ends when the process does.</summary>
    public Task Exited => _process.WaitForExitAsync();

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

    /// <summary>Starts one and waits until it is ready.</summary>
    public static async Task<WorkerProcess> StartAsync(LocalCluster cluster, string role, string name, params (string Name, string Value)[] settings)
    {
        var process = new WorkerProcess(cluster, role, name, settings);
        var clock = Stopwatch.StartNew();
        while (await process.ReadyAsync() != HttpStatusCode.OK)
        {
            Assert.True(!process._process.HasExited && clock.Elapsed < StartLimit, $"{name} is not ready after {clock.Elapsed.TotalSeconds:0} s:\n{process.Output}");
            await Task.Delay(100);
        }

        return process;
    }

    /// <summary>What it answers on <c>/ready</c>; null when it does not answer.</summary>
    public async Task<HttpStatusCode?> ReadyAsync()
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        try
        {
            using var answer = await client.GetAsync(new Uri(Url, "api/v1/ready"));
            return answer.StatusCode;
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
        {
            return null;
        }
    }

    /// <summary>Sends a signal to it.</summary>
    public void Signal(string signal) => Repository.Run("kill", [$"-{signal}", $"{_process.Id}"]);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        _folder.Dispose();
    }

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

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>Tests that share one cluster: members come, leave and are emptied, and it is whole again after each.</summary>
[CollectionDefinition(Name)]
public sealed class MembersGroup : ICollectionFixture<ThreeSilos>
{
    public const string Name = "members";
}
