using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Granary.TestSupport;

namespace Granary.Process.Tests.Deployment;

/// <summary>A test that starts nginx with the sample.</summary>
public sealed class NginxFactAttribute : FactAttribute
{
    /// <summary>Skips where there is none.</summary>
    public NginxFactAttribute() => Skip = Requirement.SkipReason(Repository.HasProgram("nginx") ? null : "no nginx: install nginx-light");
}

/// <summary>
/// The real nginx with deploy/nginx.conf. Only addresses are replaced: the port it listens on, and the three silos, of which
/// one is there and two refuse connections, as silos that were stopped do.
/// </summary>
internal sealed class NginxProcess : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly System.Diagnostics.Process _process;
    private readonly Task<string> _talk;

    private NginxProcess(Uri silo, int port)
    {
        Url = new Uri($"http://127.0.0.1:{port}/");
        var sample = File.ReadAllText(Path.Combine(Repository.Root, "deploy", "nginx.conf"));
        foreach (var (address, with) in new[] { ("127.0.0.1:8000", port), ("127.0.0.1:8080", FreePort()), ("127.0.0.1:8090", silo.Port), ("127.0.0.1:8100", FreePort()) })
        {
            Assert.Single(System.Text.RegularExpressions.Regex.Matches(sample, address));
            sample = sample.Replace(address, $"127.0.0.1:{with}", StringComparison.Ordinal);
        }

        File.WriteAllText(_folder["nginx.conf"], sample);
        var program = File.Exists("/usr/sbin/nginx") ? "/usr/sbin/nginx" : "nginx";
        _process = System.Diagnostics.Process.Start(new ProcessStartInfo(program, ["-p", _folder.Path, "-c", _folder["nginx.conf"], "-g", "daemon off;"]) { RedirectStandardError = true })!;
        _talk = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Where it answers.</summary>
    public Uri Url { get; }

    /// <summary>Files that it keeps bodies in which it buffers.</summary>
    public IReadOnlyList<string> Buffered => [.. Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories).Where(file => file.Contains("_temp", StringComparison.Ordinal))];

    /// <summary>Starts it in front of a silo and waits until it accepts.</summary>
    public static async Task<NginxProcess> StartAsync(string silo)
    {
        var nginx = new NginxProcess(new Uri(silo), FreePort());
        for (var tries = 0; !await nginx.AcceptsAsync(); tries++)
        {
            Assert.True(tries < 200 && !nginx._process.HasExited, $"nginx did not start: {(nginx._process.HasExited ? await nginx._talk : "it does not listen")}");
            await Task.Delay(50);
        }

        return nginx;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Repository.Run("kill", ["-TERM", $"{_process.Id}"]);
            await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
        }

        _process.Dispose();
        _folder.Dispose();
    }

    /// <summary>A port that is free now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<bool> AcceptsAsync()
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Url.Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
