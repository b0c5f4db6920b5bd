using System.Diagnostics;
using System.Text;
using Granary.Admin.Transfer;

namespace Granary.Command.Tests.Servers;

[Collection(ServerGroup.Name)]
public sealed class FileTests(ServerFixture server) : IDisposable
{
    private const int Chunk = 4 << 20;

    private readonly Files folder = new();
    private readonly Granary granary = server.Granary;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_file_goes_in_and_comes_out()
    {
        var put = await granary.DoAsync("put", folder.Write("hello.txt", "hello, granary"), "main:/hello.txt");
        Assert.Equal("", put.Out);
        Assert.Contains("main:/hello.txt: stored as version", put.Error, StringComparison.Ordinal);
        Assert.Equal("hello, granary", (await granary.DoAsync("cat", "main:/hello.txt")).Out);
        await granary.DoAsync("get", "main:/hello.txt", folder.At("back.txt"));
        Assert.Equal("hello, granary", File.ReadAllText(folder.At("back.txt")));
        Assert.Equal([folder.At("back.txt"), folder.At("hello.txt")], Directory.GetFiles(folder.Path).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Chunk)]
    [InlineData(Chunk + 1)]
    [InlineData((2 * Chunk) + 77)]
    public async Task Files_of_every_shape_have_the_tag_that_is_computed_here(int length)
    {
        var scope = await server.ScopeAsync();
        var bytes = Trees.Noise(length, length);
        using var tag = new ContentTag();
        tag.Append(bytes);
        await granary.DoAsync("put", folder.Write("x", bytes), $"{scope}:/x");
        var stat = Assert.Single((await granary.DoAsync("stat", $"{scope}:/x", "--json")).Json);
        Assert.Equal(tag.Finish(), stat.GetProperty("etag").GetString());
        Assert.Equal(length, stat.GetProperty("size").GetInt64());
        Assert.Equal(bytes, (await granary.DoAsync("cat", $"{scope}:/x")).Bytes);
        await granary.DoAsync("get", $"{scope}:/x", folder.At("y"));
        Assert.Equal(bytes, File.ReadAllBytes(folder.At("y")));
    }

    [Fact]
    public async Task Stdin_is_stored_under_a_name_and_dash_is_stdout()
    {
        var scope = await server.ScopeAsync();
        var bytes = Trees.Noise(3, Chunk + 3);
        Assert.Equal(0, (await granary.RunAsync(bytes, null, "put", "-", $"{scope}:/from stdin")).Code);
        Assert.Equal(bytes, (await granary.DoAsync("get", $"{scope}:/from stdin", "-")).Bytes);
    }

    [Trait("Behaviour", "S8")]
    [Fact]
    public async Task Versions_are_listed_and_an_earlier_one_comes_back_as_a_new_one()
    {
        var scope = await server.ScopeAsync("--keep-versions", "10");
        foreach (var text in new[] { "one", "two", "three" })
            await granary.DoAsync("put", folder.Write("x", text), $"{scope}:/x");
        await granary.DoAsync("rm", $"{scope}:/x");
        Assert.Equal(3, (await granary.RunAsync("cat", $"{scope}:/x")).Code);
        var versions = (await granary.DoAsync("versions", $"{scope}:/x", "--json")).Json;
        Assert.Equal([4, 3, 2, 1], versions.Select(version => version.GetProperty("version").GetInt32()));
        Assert.True(versions[0].GetProperty("deleted").GetBoolean());
        Assert.Equal("two", (await granary.DoAsync("cat", "--version", "2", $"{scope}:/x")).Out);
        await granary.DoAsync("restore", $"{scope}:/x", "--version", "1");
        Assert.Equal("one", (await granary.DoAsync("cat", $"{scope}:/x")).Out);
        Assert.Equal(5, Assert.Single((await granary.DoAsync("stat", $"{scope}:/x", "--json")).Json).GetProperty("version").GetInt64());
    }

    [Fact]
    public async Task Between_scopes_a_copy_needs_no_sending_and_a_move_leaves_nothing_behind()
    {
        var (from, to) = (await server.ScopeAsync(), await server.ScopeAsync());
        await granary.DoAsync("put", folder.Write("x", "content"), $"{from}:/x");
        await granary.DoAsync("cp", $"{from}:/x", $"{to}:/copies/");
        await granary.DoAsync("mv", $"{from}:/x", $"{to}:/moved");
        Assert.Equal("content", (await granary.DoAsync("cat", $"{to}:/copies/x")).Out);
        Assert.Equal("content", (await granary.DoAsync("cat", $"{to}:/moved")).Out);
        Assert.Equal(3, (await granary.RunAsync("stat", $"{from}:/x")).Code);
    }

    [Fact]
    public async Task A_listing_shows_folders_and_files_in_one_table_and_json_tells_them_apart()
    {
        var scope = await server.ScopeAsync();
        foreach (var path in new[] { "b.txt", "dir/x", "dir/y", "a\nb" })
            await granary.DoAsync("put", folder.Write("x", "12345"), $"{scope}:/{path}");
        var table = (await granary.DoAsync("ls", $"{scope}:/")).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, table.Length);
        Assert.EndsWith("NAME", table[0], StringComparison.Ordinal);
        Assert.EndsWith("$'a\\nb'", table[1], StringComparison.Ordinal);
        Assert.EndsWith("b.txt", table[2], StringComparison.Ordinal);
        Assert.EndsWith("dir/", table[3], StringComparison.Ordinal);
        var json = (await granary.DoAsync("ls", $"{scope}:/", "--json")).Json;
        Assert.Equal("dir/", json[2].GetProperty("prefix").GetString());
        Assert.Equal("a\nb", json[0].GetProperty("path").GetString());
        Assert.Contains("x", (await granary.DoAsync("ls", $"{scope}:/dir")).Out, StringComparison.Ordinal);
        Assert.Equal(1, (await granary.RunAsync("ls", $"{scope}:/nothing")).Code);
    }

    [Trait("Behaviour", "G15")]
    [Fact]
    [Trait("Behaviour", "O3")]
    public async Task Explain_shows_every_chunk_with_its_copies()
    {
        var scope = await server.ScopeAsync();
        await granary.DoAsync("put", folder.Write("x", Trees.Noise(4, Chunk + 1)), $"{scope}:/x");
        var text = (await granary.DoAsync("explain", $"{scope}:/x")).Out;
        Assert.Contains("chunk 1:", text, StringComparison.Ordinal);
        var explanation = Assert.Single((await granary.DoAsync("explain", $"{scope}:/x", "--json")).Json);
        Assert.Equal(2, explanation.GetProperty("chunks").GetArrayLength());
        Assert.Equal("local", explanation.GetProperty("chunks")[0].GetProperty("copies")[0].GetProperty("store").GetString());
    }

    [Fact]
    public async Task Refusals_end_with_3_and_print_the_code()
    {
        var missing = await granary.RunAsync("cat", "main:/no/such/file");
        Assert.Equal((3, ""), (missing.Code, missing.Out));
        Assert.Contains("not-found", missing.Error, StringComparison.Ordinal);
        var dots = await granary.RunAsync("put", folder.Write("x", "y"), "main:/a/../b");
        Assert.Equal(3, dots.Code);
        Assert.Contains("invalid-path", dots.Error, StringComparison.Ordinal);
        var stranger = await granary.RunAsync([], ("GRANARY_TOKEN", "not-a-key"), "ls", "main:/", "--json");
        Assert.Equal(3, stranger.Code);
        Assert.Contains("\"error\":\"unauthenticated\"", stranger.Error, StringComparison.Ordinal);
        var scope = await granary.RunAsync("ls", "nowhere:/");
        Assert.Equal(3, scope.Code);
    }

    [Fact]
    public async Task An_interrupted_put_ends_with_130_and_stores_nothing()
    {
        var scope = await server.ScopeAsync();
        using var process = granary.Begin(null, "put", "-", $"{scope}:/x");
        await process.StandardInput.BaseStream.WriteAsync(new byte[Chunk]);
        await process.StandardInput.BaseStream.FlushAsync();
        using (var kill = Process.Start("kill", ["-INT", process.Id.ToString()]))
            await kill.WaitForExitAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await process.WaitForExitAsync(limit.Token);
        Assert.Equal(130, process.ExitCode);
        Assert.Equal(3, (await granary.RunAsync("stat", $"{scope}:/x")).Code);
    }

    [Fact]
    public async Task When_nobody_reads_any_more_cat_stops()
    {
        var scope = await server.ScopeAsync();
        await granary.DoAsync("put", folder.Write("x", Trees.Noise(5, 8 * Chunk)), $"{scope}:/x");
        using var process = granary.Begin(null, "cat", $"{scope}:/x");
        await process.StandardOutput.BaseStream.ReadExactlyAsync(new byte[10]);
        process.StandardOutput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await process.WaitForExitAsync(limit.Token);
        Assert.Equal(1, process.ExitCode);
    }

    [Fact]
    public async Task A_short_command_costs_little()
    {
        var best = double.MaxValue;
        for (var i = 0; i < 3; i++)
            best = Math.Min(best, await granary.CostAsync("ls"));
        // 0.3 s is the goal for an idle machine; processor time is what a busy one can be judged by.
        Assert.InRange(best, 0.01, 0.6);
    }
}
