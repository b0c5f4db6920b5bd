using System.Net;
using System.Net.Sockets;

namespace Granary.Process.Tests.Servers;

/// <summary>The command as an operator meets it: the real program, its words, its files and its exit codes.</summary>
public sealed class UpAndDownTests : IDisposable
{
    private readonly DirectoryInfo _temp = Directory.CreateTempSubdirectory("granary-up-");

    private string Data => Path.Combine(_temp.FullName, "data");

    public void Dispose() => _temp.Delete(recursive: true);

    [Fact]
    public async Task Up_makes_what_a_newcomer_needs_and_says_what_to_copy()
    {
        await using var server = await ServerProcess.UpAsync(Data);
        Assert.Contains($"granary is ready at {server.Url}", server.Output, StringComparison.Ordinal);
        Assert.Contains("put FILE main:/", server.Output, StringComparison.Ordinal);
        Assert.Contains($"{server.Url}/api/v1/scopes/main/files/", server.Output, StringComparison.Ordinal);
        Assert.StartsWith("gk_op_", server.OperatorKey, StringComparison.Ordinal);
        Assert.DoesNotContain(server.OperatorKey, server.Output, StringComparison.Ordinal);
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(Owner, File.GetUnixFileMode(Path.Combine(Data, "operator.key")));
        Assert.Equal(Owner, File.GetUnixFileMode(Path.Combine(Data, "encryption.key")));
        Assert.True(File.Exists(Path.Combine(Data, "stores", "local", "granary-store.json")));

        using var client = server.Client();
        using var put = await client.PutAsync("api/v1/scopes/main/files/hello.txt", new StringContent("hello"));
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal("hello", await client.GetStringAsync("api/v1/scopes/main/files/hello.txt"));
    }

    [Fact]
    public async Task A_second_up_on_the_same_folder_is_refused_and_the_first_one_goes_on()
    {
        await using var server = await ServerProcess.UpAsync(Data);
        await using var second = ServerProcess.Launch(["up", "--data", Data, "--port", "0"], Data);
        Assert.Equal(3, await second.WaitAsync());
        Assert.Contains($"process {server.Id}", second.Output, StringComparison.Ordinal);
        using var client = server.Client();
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("api/v1/health")).StatusCode);
    }

    [Fact]
    public async Task A_busy_port_ends_with_one_sentence_that_names_the_option()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using var server = ServerProcess.Launch(["up", "--data", Data, "--port", $"{port}"], Data);
        Assert.Equal(4, await server.WaitAsync());
        var line = Assert.Single(server.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains($"{port}", line, StringComparison.Ordinal);
        Assert.Contains("--port", line, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Data, "catalog.db")));
    }

    [Theory]
    [InlineData("up", "--silos", "0")]
    [InlineData("up", "--nonsense")]
    [InlineData("worker")]
    [InlineData("nonsense")]
    public async Task Wrong_usage_is_one_sentence_and_exit_code_2(params string[] arguments)
    {
        await using var server = ServerProcess.Launch(arguments, Data);
        Assert.Equal(2, await server.WaitAsync());
        Assert.Single(server.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.False(Directory.Exists(Data));
    }

    [Theory]
    [InlineData("TERM", 0)]
    [InlineData("INT", 130)]
    public async Task A_signal_stops_cleanly(string signal, int exitCode)
    {
        await using var server = await ServerProcess.UpAsync(Data);
        Assert.Equal(exitCode, await server.SignalAsync(signal));
        Assert.Contains("Stopped.", server.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Data, "url")));
        Assert.False(File.Exists(Path.Combine(Data, "silo.pid")));
    }

    [Fact]
    public async Task Down_stops_a_detached_server_and_another_down_finds_none()
    {
        await using var up = ServerProcess.Launch(["up", "--data", Data, "--port", "0", "--detach"], Data);
        Assert.Equal(0, await up.WaitAsync());
        Assert.Contains("granary is ready at", up.Output, StringComparison.Ordinal);
        using (var client = up.Client())
        {
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("api/v1/ready")).StatusCode);
        }

        await using var down = ServerProcess.Launch(["down", "--data", Data], Data);
        Assert.Equal(0, await down.WaitAsync());
        Assert.False(File.Exists(Path.Combine(Data, "url")));
        Assert.Contains("Stopped", await File.ReadAllTextAsync(Path.Combine(Data, "log", "silo.log")), StringComparison.Ordinal);

        await using var again = ServerProcess.Launch(["down", "--data", Data], Data);
        Assert.Equal(0, await again.WaitAsync());
        Assert.Contains("No granary runs", again.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_wrong_settings_are_told_at_once()
    {
        await using var server = ServerProcess.Launch(["serve", "--data", Data], Data, ("GRANARY_PORT", "x"), ("GRANARY_LOG_LEVEL", "loud"));
        Assert.Equal(2, await server.WaitAsync());
        Assert.Contains("GRANARY_PORT", server.Output, StringComparison.Ordinal);
        Assert.Contains("GRANARY_LOG_LEVEL", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migrate_brings_an_empty_folder_up_to_date_and_ends()
    {
        await using var migrate = ServerProcess.Launch(["migrate", "--data", Data], Data);
        Assert.Equal(0, await migrate.WaitAsync());
        Assert.True(File.Exists(Path.Combine(Data, "catalog.db")));
        Assert.True(File.Exists(Path.Combine(Data, "orleans.db")));
    }
}
