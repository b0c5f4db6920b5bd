using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Granary.Command.Tests.Servers;

/// <summary>A real server process on loopback, over a data folder that outlives it.</summary>
internal sealed class Silo : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly StringBuilder output = new();

    private Silo(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) => Append(line.Data);
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    private string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    /// <summary>Starts `up` and waits until it is ready.</summary>
    public static async Task<Silo> UpAsync(string data, int port = 0, params (string Name, string Value)[] settings)
    {
        var start = Programs.Start("granary-silo.dll", ["up", "--data", data, "--port", port.ToString()]);
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        var silo = new Silo(Process.Start(start)!);
        var clock = Stopwatch.StartNew();
        while (!silo.Output.Contains("granary is ready at", StringComparison.Ordinal))
        {
            if (silo.process.HasExited || clock.Elapsed > StartLimit)
                throw new InvalidOperationException($"The server was not ready after {clock.Elapsed.TotalSeconds:0} s; it said:\n{silo.Output}");
            await Task.Delay(20);
        }

        return silo;
    }

    /// <summary>A port that is free now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>SIGKILL: no code of it runs any more.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            await KillAsync();
        process.Dispose();
    }

    private void Append(string? line)
    {
        lock (output)
            output.AppendLine(line);
    }
}
