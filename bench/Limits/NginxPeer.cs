using System.Diagnostics;

namespace Granary.Bench.Limits;

/// <summary>
/// nginx with the DAV module, where the machine has it: the peer that takes the same PUT and serves the same file. It
/// writes through the page cache and does not sync, which favours it.
/// </summary>
internal sealed class NginxPeer : IAsyncDisposable
{
    private static readonly string[] Programs = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"];

    private readonly Process _process;

    private NginxPeer(Process process, int port)
    {
        _process = process;
        Port = port;
    }

    public int Port { get; }

    /// <summary>Starts nginx in the foreground on a free loopback port; null where the machine has none.</summary>
    public static async Task<NginxPeer?> StartAsync(string folder, CancellationToken cancellationToken)
    {
        var program = Programs.FirstOrDefault(File.Exists);
        if (program is null)
        {
            return null;
        }

        var port = GranaryServer.FreePort();
        var root = Directory.CreateDirectory(Path.Combine(folder, "nginx")).FullName;
        Directory.CreateDirectory(Path.Combine(root, "www"));
        var configuration = Path.Combine(root, "nginx.conf");
        await File.WriteAllTextAsync(configuration, Configuration(root, port), cancellationToken).ConfigureAwait(false);
        var start = new ProcessStartInfo(program) { RedirectStandardError = true };
        foreach (var argument in new[] { "-p", root, "-c", configuration, "-e", Path.Combine(root, "error.log") })
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException("nginx did not start.");
        await Listening.WaitAsync(port, cancellationToken).ConfigureAwait(false);
        return new NginxPeer(process, port);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Signals.Terminate(_process.Id);
        await _process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        _process.Dispose();
    }

    private static string Configuration(string root, int port) => $$"""
        daemon off;
        user root;
        worker_processes 2;
        pid {{root}}/nginx.pid;
        events { worker_connections 256; }
        http {
          access_log off;
          sendfile on;
          client_max_body_size 0;
          client_body_temp_path {{root}}/body;
          proxy_temp_path {{root}}/proxy;
          fastcgi_temp_path {{root}}/fastcgi;
          uwsgi_temp_path {{root}}/uwsgi;
          scgi_temp_path {{root}}/scgi;
          keepalive_requests 1000000;
          server {
            listen 127.0.0.1:{{port}};
            root {{root}}/www;
            dav_methods PUT DELETE;
          }
        }
        """;
}

/// <summary>Waiting for a server on loopback to listen.</summary>
internal static class Listening
{
    /// <summary>Returns when a connection is accepted; throws <see cref="TimeoutException"/> after 20 s.</summary>
    public static async Task WaitAsync(int port, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < 200; attempt++)
        {
            try
            {
                using var client = new System.Net.Sockets.TcpClient();
                await client.ConnectAsync(System.Net.IPAddress.Loopback, port, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (System.Net.Sockets.SocketException)
            {
                await Task.Delay(100, cancellationToken).ConfigureAwait(false);
            }
        }

        throw new TimeoutException($"Nothing listens on loopback port {port} after 20 s.");
    }
}
