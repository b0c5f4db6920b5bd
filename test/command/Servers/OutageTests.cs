using System.Diagnostics;
using Granary.Admin.Api;

namespace Granary.Command.Tests.Servers;

/// <summary>Tests that kill servers; each has its own, and they take their turn with the tests of the shared one.</summary>
[Collection(ServerGroup.Name)]
public sealed class OutageTests : IDisposable
{
    private const int FileCount = 300;

    private readonly Files folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_put_outlives_a_server_that_is_killed_and_started_again()
    {
        var (data, port) = (folder.At("data"), Silo.FreePort());
        var silo = await Silo.UpAsync(data, port);
        try
        {
            var granary = new Granary(data);
            WriteTree();
            var url = $"http://127.0.0.1:{port}";
            using var put = granary.Begin(null, "put", "-r", folder.At("in"), "main:/tree", "--json", "--url", url, "--token", KeyCopy(data));
            var output = put.StandardOutput.ReadToEndAsync();
            var error = put.StandardError.ReadToEndAsync();
            await UntilSomeAreStoredAsync(granary);
            await silo.KillAsync();
            silo = await Silo.UpAsync(data, port);
            await put.WaitForExitAsync();
            Assert.True(put.ExitCode == 0, await error);
            Assert.Equal(FileCount, (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);

            var again = await granary.DoAsync("put", "-r", folder.At("in"), "main:/tree", "--json");
            Assert.All(again.Json, line => Assert.Equal("unchanged", line.GetProperty("status").GetString()));
            await granary.DoAsync("get", "-r", "main:/tree", folder.At("out"));
            Trees.AssertSame(folder.At("in"), folder.At("out"));
            var versions = await granary.DoAsync("ls", "-r", "main:/tree", "--json");
            Assert.All(versions.Json, line => Assert.Equal(1, line.GetProperty("version").GetInt64()));
        }
        finally
        {
            await silo.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_said_at_once()
    {
        await using var silo = await Silo.UpAsync(folder.At("data"));
        await silo.KillAsync();
        var clock = Stopwatch.StartNew();
        var result = await new Granary(folder.At("data")).RunAsync("ls", "main:/");
        Assert.Equal(4, result.Code);
        Assert.Contains("granary up", result.Error, StringComparison.Ordinal);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, RetryPolicy.Standard.Patience - TimeSpan.FromSeconds(1));
    }

    private void WriteTree()
    {
        for (var i = 0; i < FileCount; i++)
            folder.Write($"in/{i % 7}/{i}.bin", Trees.Noise(i % 250, 20_000 + (i % 3 * 100_000)));
    }

    // The server takes its own `url` away while it is down; this command keeps to the address and the key it was given.
    private string KeyCopy(string data)
    {
        var copy = folder.At("key");
        File.Copy(Path.Combine(data, "operator.key"), copy);
        return copy;
    }

    private static async Task UntilSomeAreStoredAsync(Granary granary)
    {
        for (var i = 0; i < 100; i++)
        {
            var list = await granary.RunAsync("ls", "-r", "main:/tree", "--json");
            if (list.Code == 0 && list.Json.Count > 5)
                return;
        }

        throw new TimeoutException("Nothing was stored.");
    }
}
