using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Granary.Bench;

/// <summary>A real silo process on a free loopback port, with a data folder of its own; stopped by its process id.</summary>
internal sealed class GranaryServer : IAsyncDisposable
{
    private readonly Process _process;

    private GranaryServer(Process process, int port, string data)
    {
        _process = process;
        Port = port;
        Token = File.ReadAllText(Path.Combine(data, "operator.key")).Trim();
        Data = data;
    }

    public int Port { get; }

    public string Token { get; }

    public string Data { get; }

    /// <summary>Peak resident memory of the silo in bytes, as the kernel counts it (VmHWM).</summary>
    public long PeakResidentBytes => StatusBytes("VmHWM:");

    /// <summary>Resident memory of the silo in bytes now (VmRSS).</summary>
    public long ResidentBytes => StatusBytes("VmRSS:");

    /// <summary>Starts the silo and waits until it is ready.</summary>
    public static async Task<GranaryServer> StartAsync(string data, CancellationToken cancellationToken)
    {
        var port = FreePort();
        var start = new ProcessStartInfo(Executable) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { "up", "--data", data, "--port", port.ToString(CultureInfo.InvariantCulture) })
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException("The silo did not start.");
        var ready = new TaskCompletionSource();
        var lines = new System.Collections.Concurrent.ConcurrentQueue<string>();
        void Take(string? line)
        {
            if (line is null)
            {
                return;
            }

            lines.Enqueue(line);
            if (line.Contains("granary is ready", StringComparison.Ordinal))
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
            throw new InvalidOperationException("The silo ended before it was ready: " + string.Join(Environment.NewLine, lines));
        }

        return new GranaryServer(process, port, data);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Signals.Terminate(_process.Id);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            try
            {
                await _process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                _process.Kill();
            }
        }

        _process.Dispose();
    }

    /// <summary>A port of the loopback interface that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>The silo that is measured.</summary>
    public static string Executable =>
        Environment.GetEnvironmentVariable("GRANARY_BENCH_SILO")
        ?? Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../silo/bin/Release/net10.0/granary-silo"));

    private long StatusBytes(string name)
    {
        var line = File.ReadLines($"/proc/{_process.Id}/status").First(l => l.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line.AsSpan(name.Length).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture) * 1024;
    }
}
