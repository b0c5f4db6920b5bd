using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Granary.Process.Tests.Servers;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Crash.Tests;

/// <summary>The command line client sends a tree of files to a server that is killed all the time.</summary>
public sealed class TreeTests(ITestOutputHelper output) : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(Seeds.Soak ? 60 : 2);
    private readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task Put_of_a_tree_completes_while_the_server_is_killed_every_few_seconds()
    {
        var random = Seeds.Create(output);
        WriteTree(random, files: Seeds.Times(250, 6_000), large: Seeds.Times(3, 17), largeBytes: Seeds.Times(20 << 20, 64 << 20));
        var (data, port) = (_temp["data"], FreePort());
        var server = await StartAsync(data, port);
        try
        {
            File.Copy(Path.Combine(data, "operator.key"), _temp["key"]);
            using var put = Begin(port, "put", "-r", _temp["in"], "main:/tree");
            var said = Task.WhenAll(put.StandardOutput.ReadToEndAsync(), put.StandardError.ReadToEndAsync());
            var kills = 0;
            await UntilSomeAreStoredAsync(server);
            var clock = Stopwatch.StartNew();
            while (!put.HasExited)
            {
                Assert.True(clock.Elapsed < s_limit, $"The put does not end; after {kills} kills.");
                using var patience = new CancellationTokenSource(kills == 0 ? random.Next(300) : random.Next(2_000, Seeds.Times(4_000, 6_000)));
                try
                {
                    await put.WaitForExitAsync(patience.Token);
                }
                catch (OperationCanceledException)
                {
                    await server.DisposeAsync();
                    server = await StartAsync(data, port);
                    kills++;
                }
            }

            output.WriteLine($"{kills} kills in {clock.Elapsed.TotalSeconds:0} s");
            Assert.True(put.ExitCode == 0, string.Join('\n', await said));
            Assert.True(kills > 0);
            using var get = Begin(port, "get", "-r", "main:/tree", _temp["out"]);
            var got = Task.WhenAll(get.StandardOutput.ReadToEndAsync(), get.StandardError.ReadToEndAsync());
            await get.WaitForExitAsync();
            Assert.True(get.ExitCode == 0, string.Join('\n', await got));
        }
        finally
        {
            await server.DisposeAsync();
        }

        Assert.Equal((0, ""), Repository.Run("diff", ["-r", _temp["in"], _temp["out"]]));
    }

    // A client that never reached its server takes the address for wrong, and says so at once.
    private static async Task UntilSomeAreStoredAsync(ServerProcess server)
    {
        using var client = server.Client();
        var began = Stopwatch.GetTimestamp();
        while (!(await client.GetStringAsync("api/v1/scopes/main/files?limit=1")).Contains("\"path\"", StringComparison.Ordinal))
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30), "Nothing was stored.");
            await Task.Delay(10);
        }
    }

    private static async Task<ServerProcess> StartAsync(string data, int port)
    {
        var server = ServerProcess.Launch(["up", "--data", data, "--port", $"{port}"], data, ("GRANARY_LOG_LEVEL", "Warning"));
        await server.ReadyAsync();
        return server;
    }

    private System.Diagnostics.Process Begin(int port, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "granary-admin.dll"), .. arguments, "--url", $"http://127.0.0.1:{port}", "--token", _temp["key"]])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return System.Diagnostics.Process.Start(start)!;
    }

    // Some contents are the same in many files; some files are empty; a few take several chunks.
    private void WriteTree(Random random, int files, int large, int largeBytes)
    {
        var shared = random.Bytes(70_000);
        for (var i = 0; i < files + large; i++)
        {
            var folder = _temp.Make(Path.Combine("in", $"d{i % 17}", $"e{i % 5}"));
            var content = i < large ? random.Bytes(largeBytes + random.Next(1_000)) : random.Next(10) switch
            {
                0 => [],
                < 4 => shared[..random.Next(1, 10)],
                _ => random.Bytes(random.Next(1, 120_000)),
            };
            File.WriteAllBytes(Path.Combine(folder, $"f{i}.bin"), content);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
