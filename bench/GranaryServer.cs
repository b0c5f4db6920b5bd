using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Granary.Bench;

/// <summary>A real silo process on a free loopback port, with a data folder of its own; stopped by its process id.</summary>
internal sealed class GranaryServer : IAsyncDisposable
{
    private readonly ServerProcess _process;

    private GranaryServer(ServerProcess process, int port, string data)
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
        var process = await ServerProcess.StartAsync(
            ["up", "--data", data, "--port", port.ToString(CultureInfo.InvariantCulture)], "granary is ready", TimeSpan.FromSeconds(20), cancellationToken).ConfigureAwait(false);
        return new GranaryServer(process, port, data);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();

    /// <summary>A port of the loopback interface that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private long StatusBytes(string name)
    {
        var line = File.ReadLines($"/proc/{_process.Id}/status").First(l => l.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line.AsSpan(name.Length).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture) * 1024;
    }
}
