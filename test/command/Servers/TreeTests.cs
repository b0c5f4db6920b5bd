using System.Diagnostics;

namespace Granary.Command.Tests.Servers;

[Collection(ServerGroup.Name)]
public sealed class TreeTests(ServerFixture server) : IDisposable
{
    private const int Chunk = 4 << 20;

    private readonly Files folder = new();
    private readonly Granary granary = server.Granary;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_tree_of_odd_names_comes_back_with_its_content_and_its_times()
    {
        var scope = await server.ScopeAsync();
        Trees.WriteOdd(folder, "in");
        await granary.DoAsync("put", "-r", folder.At("in"), $"{scope}:/deep/er");
        await granary.DoAsync("get", "-r", $"{scope}:/deep/er", folder.At("out"));
        Trees.AssertSame(folder.At("in"), folder.At("out"));
    }

    [Fact]
    public async Task What_is_there_already_is_not_sent_again()
    {
        var scope = await server.ScopeAsync();
        Trees.WriteOdd(folder, "in");
        folder.Write("in/two-chunks", Trees.Noise(1, Chunk + 1));
        var first = await granary.DoAsync("put", "-r", folder.At("in"), $"{scope}:/", "--json");
        Assert.All(first.Json, line => Assert.Equal("stored", line.GetProperty("status").GetString()));
        folder.Write("in/plain.txt", "changed 1");
        var second = await granary.DoAsync("put", "-r", folder.At("in"), $"{scope}:/", "--json");
        Assert.Equal(Trees.OddNames.Length + 1, second.Json.Count);
        var sent = Assert.Single(second.Json, line => line.GetProperty("status").GetString() == "stored");
        Assert.Equal("plain.txt", sent.GetProperty("path").GetString());
        Assert.Equal(2, sent.GetProperty("version").GetInt64());
        var always = await granary.DoAsync("put", "-r", "--always", folder.At("in"), $"{scope}:/", "--json");
        Assert.All(always.Json, line => Assert.Equal("stored", line.GetProperty("status").GetString()));
    }

    [Fact]
    public async Task Many_files_are_compared_with_the_listing()
    {
        var scope = await server.ScopeAsync();
        for (var i = 0; i < 1100; i++)
            folder.Write($"in/{i % 10}/{i}.txt", $"{i}");
        await granary.DoAsync("put", "-r", "-j", "32", folder.At("in"), $"{scope}:/p");
        var again = await granary.DoAsync("put", "-r", folder.At("in"), $"{scope}:/p", "--json");
        Assert.Equal(1100, again.Json.Count(line => line.GetProperty("status").GetString() == "unchanged"));
        var list = await granary.DoAsync("ls", "-r", $"{scope}:/", "--json");
        Assert.Equal(1100, list.Json.Count);
    }

    [Fact]
    public async Task Links_and_names_that_are_not_UTF_8_are_skipped_with_a_line_and_the_rest_is_stored()
    {
        var scope = await server.ScopeAsync();
        folder.Write("in/good", "x");
        File.CreateSymbolicLink(folder.At("in/link"), folder.At("in/good"));
        using (var shell = Process.Start("/bin/sh", ["-c", $"printf x > \"{folder.At("in")}/$(printf 'bad\\377')\""]))
            await shell.WaitForExitAsync();
        try
        {
            var result = await granary.RunAsync("put", "-r", folder.At("in"), $"{scope}:/");
            Assert.Equal(1, result.Code);
            Assert.Contains("it is a symbolic link", result.Error, StringComparison.Ordinal);
            Assert.Contains("its name is not UTF-8", result.Error, StringComparison.Ordinal);
            Assert.Equal("good", Assert.Single((await granary.DoAsync("ls", "-r", $"{scope}:/", "--json")).Json).GetProperty("path").GetString());
        }
        finally
        {
            using var shell = Process.Start("/bin/sh", ["-c", $"rm -rf \"{folder.At("in")}\""]);
            await shell.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task Names_that_cannot_both_be_files_are_named_and_the_others_are_fetched()
    {
        var scope = await server.ScopeAsync();
        var file = folder.Write("x", "content");
        foreach (var path in new[] { "a", "a-b", "a/b", "a/c/d", "z" })
            await granary.DoAsync("put", file, $"{scope}:/{path}");
        var result = await granary.RunAsync("get", "-r", $"{scope}:/", folder.At("out"));
        Assert.Equal(1, result.Code);
        Assert.Contains("a/b", result.Error, StringComparison.Ordinal);
        Assert.Contains("a/c/d", result.Error, StringComparison.Ordinal);
        Assert.Equal(["a", "a-b", "z"], Trees.Describe(folder.At("out")).Keys);
    }

    [Fact]
    public async Task Nothing_is_written_through_a_link_in_the_target()
    {
        var scope = await server.ScopeAsync();
        await granary.DoAsync("put", folder.Write("x", "content"), $"{scope}:/link/x");
        Directory.CreateDirectory(folder.At("elsewhere"));
        Directory.CreateDirectory(folder.At("out"));
        Directory.CreateSymbolicLink(folder.At("out/link"), folder.At("elsewhere"));
        var result = await granary.RunAsync("get", "-r", $"{scope}:/", folder.At("out"));
        Assert.Equal(1, result.Code);
        Assert.Empty(Directory.GetFileSystemEntries(folder.At("elsewhere")));
    }

    [Fact]
    public async Task Fetching_again_verifies_what_is_there_and_replaces_what_differs()
    {
        var scope = await server.ScopeAsync();
        folder.Write("in/same", Trees.Noise(2, Chunk + 5));
        folder.Write("in/other", "right");
        await granary.DoAsync("put", "-r", folder.At("in"), $"{scope}:/");
        await granary.DoAsync("get", "-r", $"{scope}:/", folder.At("out"));
        File.WriteAllText(folder.At("out/other"), "wrong");
        var again = await granary.DoAsync("get", "-r", $"{scope}:/", folder.At("out"), "--json");
        Assert.Equal("fetched", Assert.Single(again.Json, line => line.GetProperty("path").GetString() == "other").GetProperty("status").GetString());
        Assert.Equal("unchanged", Assert.Single(again.Json, line => line.GetProperty("path").GetString() == "same").GetProperty("status").GetString());
        Trees.AssertSame(folder.At("in"), folder.At("out"));
    }

    [Fact]
    public async Task A_folder_is_copied_moved_and_removed_as_a_whole()
    {
        var scope = await server.ScopeAsync();
        Trees.WriteOdd(folder, "in");
        await granary.DoAsync("put", "-r", folder.At("in"), $"{scope}:/a");
        await granary.DoAsync("cp", "-r", $"{scope}:/a", $"{scope}:/b");
        await granary.DoAsync("mv", "-r", $"{scope}:/b", $"{scope}:/c");
        await granary.DoAsync("rm", "-r", $"{scope}:/a");
        await granary.DoAsync("get", "-r", $"{scope}:/", folder.At("out"));
        Assert.Equal(["c"], Directory.GetFileSystemEntries(folder.At("out")).Select(Path.GetFileName));
        Assert.Equal(Trees.Describe(folder.At("in")).Keys, Trees.Describe(folder.At("out/c")).Keys);
    }
}
