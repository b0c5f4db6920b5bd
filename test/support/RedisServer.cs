using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Granary.TestSupport;

/// <summary>A Redis server of a test's own on a free loopback port, without persistence unless asked. It can be killed and come back.</summary>
public sealed class RedisServer : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("granary-redis-").FullName;
    private Process _process;

    /// <summary>Starts a server.</summary>
    public RedisServer()
    {
        if (Missing is { } missing)
        {
            throw new InvalidOperationException(missing);
        }

        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }

        _process = Start();
    }

    /// <summary>Why there can be none; null when it can be started.</summary>
    public static string? Missing { get; } = Repository.HasProgram("redis-server") ? null : "no Redis server: install the package redis-server";

    /// <summary>Where it listens on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>As clients take it.</summary>
    public string ConnectionString => $"127.0.0.1:{Port},connectTimeout=2000,syncTimeout=2000,abortConnect=true";

    /// <summary>Ends it as a power cut would; what it held in memory is kept by its append-only file.</summary>
    public void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }
    }

    /// <summary>Comes back on the same port with the same data.</summary>
    public void Restart()
    {
        Kill();
        _process.Dispose();
        _process = Start();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Kill();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private Process Start()
    {
        var process = Process.Start(new ProcessStartInfo("redis-server", [
            "--port", $"{Port}", "--bind", "127.0.0.1", "--dir", _folder, "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--logfile", Path.Combine(_folder, "log")])
        {
            RedirectStandardOutput = true,
        })!;
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                using var client = new TcpClient("127.0.0.1", Port);
                return process;
            }
            catch (SocketException) when (attempt < 200)
            {
                if (process.WaitForExit(25))
                {
                    throw new InvalidOperationException($"The Redis server ended with {process.ExitCode}.");
                }
            }
        }
    }
}
