using Granary.TestSupport;

namespace Granary.Command.Tests.Servers;

/// <summary>Large files go in parts: what was cut off goes on where it was, and a part that is there is not sent again.</summary>
[Collection(ServerGroup.Name)]
public sealed class LargePutTests(ServerFixture server) : IAsyncLifetime
{
    private const int Part = InterruptedPuts.Part;
    private const int Parts = 6;
    private const int Stored = 3;

    private readonly Files folder = new();
    private readonly byte[] content = Trees.Noise(71, ((Parts - 1) * Part) + 77);
    private InterruptedPuts puts = null!;
    private string file = "";
    private string target = "";

    public async Task InitializeAsync()
    {
        puts = new InterruptedPuts(folder, server.Data, await server.ScopeAsync("--keep-versions", "10"));
        file = folder.Write("large.bin", content);
        target = $"{puts.Scope}:/large";
    }

    public async Task DisposeAsync()
    {
        await puts.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    [Trait("Behaviour", "D21")]
    public async Task A_put_that_was_killed_goes_on_in_the_middle_of_its_file_and_sends_only_missing_parts()
    {
        await puts.KillAfterAsync(Stored, file, target);
        Assert.Single(puts.Remembered);
        var result = await DoneAsync(file, target, "--json");

        // The upload that was begun is gone on with: another one would need the quota for the whole file once more.
        Assert.DoesNotContain(puts.Proxy.Heads, static head => head[0].StartsWith("POST ", StringComparison.Ordinal) && head[0].Contains("/uploads ", StringComparison.Ordinal));
        Assert.Equal(Enumerable.Range(Stored, Parts - Stored), puts.TakeSent());
        var line = Assert.Single(result.Json);
        Assert.Equal("stored", line.GetProperty("status").GetString());
        Assert.Equal(content.Length - ((long)Stored * Part), line.GetProperty("sent").GetInt64());
        Assert.Empty(puts.Remembered);
        await puts.AssertStoredAsync("large", content);
    }

    [Fact]
    public async Task Parts_of_one_file_go_four_at_a_time_and_eight_of_all_files_together()
    {
        puts.Stop(ProxyFault.Hang, 0);
        using (var one = puts.Begin(file, target))
        {
            await AtOnceAsync(4, one);
        }

        for (var i = 0; i < 3; i++)
            folder.Write($"tree/{i}", Trees.Noise(80 + i, (5 * Part) + 1 + i));
        folder.Write("tree/small", "small");
        using (var tree = puts.Begin("-r", folder.At("tree"), $"{puts.Scope}:/tree"))
        {
            await AtOnceAsync(8, tree);
        }

        puts.Pass();
        await DoneAsync("-r", folder.At("tree"), $"{puts.Scope}:/tree");
        Assert.Equal(Enumerable.Range(0, 6).SelectMany(static index => Enumerable.Repeat(index, 3)), puts.TakeSent());
        await puts.Granary.DoAsync("get", "-r", $"{puts.Scope}:/tree", folder.At("back"));
        Trees.AssertSame(folder.At("tree"), folder.At("back"));
        await DoneAsync(file, target);
        await puts.AssertStoredAsync("large", content);
    }

    [Fact]
    public async Task A_file_that_was_changed_between_two_attempts_is_sent_as_it_is_now()
    {
        await puts.KillAfterAsync(Stored, file, target);
        content[(2 * Part) + 5] ^= 1;
        File.WriteAllBytes(file, content);
        await DoneAsync(file, target);

        // What the first attempt left is held by the scope, so that only what differs goes out; then it is ended.
        Assert.Equal([2, .. Enumerable.Range(Stored, Parts - Stored)], puts.TakeSent());
        Assert.Empty(puts.Remembered);
        await puts.AssertStoredAsync("large", content);
    }

    [Fact]
    public async Task What_an_attempt_reserved_for_the_file_as_it_was_gives_way_to_the_file_as_it_is()
    {
        await puts.Granary.DoAsync("scope", "edit", puts.Scope, "--quota", $"{content.Length + Part}");
        await puts.KillAfterAsync(Stored, file, target);
        File.WriteAllBytes(file, [.. content, 1]);
        await DoneAsync(file, target);
        await puts.AssertStoredAsync("large", [.. content, 1]);
    }

    [Fact]
    public async Task A_change_that_left_length_and_time_as_they_were_is_found_by_its_parts()
    {
        var time = File.GetLastWriteTimeUtc(file);
        await puts.KillAfterAsync(Stored, file, target);
        content[(2 * Part) + 5] ^= 1;
        using (var open = new FileStream(file, FileMode.Open, FileAccess.Write))
        {
            open.Position = (2 * Part) + 5;
            open.WriteByte(content[(2 * Part) + 5]);
        }

        File.SetLastWriteTimeUtc(file, time);
        await DoneAsync(file, target);
        await puts.AssertStoredAsync("large", content);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    [InlineData(-9)]
    public async Task A_file_that_changes_while_it_is_sent_is_not_stored(int grows)
    {
        puts.Stop(ProxyFault.Reset, Stored);
        using var put = puts.Begin(file, target);
        await puts.UntilStoredAsync(Stored);
        using (var open = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            open.Position = content.Length - 1;
            open.WriteByte((byte)(content[^1] + 1));
            open.SetLength(content.Length + grows);
        }

        puts.Pass();
        var error = await put.StandardError.ReadToEndAsync();
        await put.WaitForExitAsync();
        Assert.NotEqual(0, put.ExitCode);
        Assert.Contains("while it was sent", error, StringComparison.Ordinal);
        Assert.Equal(3, (await puts.Granary.RunAsync("stat", target)).Code);
        Assert.Empty(await puts.UploadsAsync());
        Assert.Empty(puts.Remembered);
    }

    [Fact]
    public async Task An_upload_that_was_aborted_meanwhile_is_begun_anew()
    {
        var id = await puts.KillAfterAsync(Stored, file, target);
        await puts.AbortAsync(id);
        await DoneAsync(file, target);
        Assert.Subset(Enumerable.Range(0, Parts).ToHashSet(), puts.TakeSent().ToHashSet());
        await puts.AssertStoredAsync("large", content);
    }

    [Fact]
    public async Task A_command_that_died_before_it_heard_of_its_success_says_that_the_file_is_there()
    {
        puts.Proxy.Rule = new ProxyRule(ProxyFault.Hang) { Matches = (_, target) => target.EndsWith("/complete", StringComparison.Ordinal) };
        using (var put = puts.Begin(file, target))
        {
            var id = await puts.UntilStoredAsync(Parts);
            put.Kill();
            await put.WaitForExitAsync();
            puts.Pass();
            await puts.CompleteAsync(id);
        }

        puts.TakeSent();
        var again = await DoneAsync(file, target, "--json");
        Assert.Equal("unchanged", Assert.Single(again.Json).GetProperty("status").GetString());

        // Asked for a new version all the same, it does not take the upload that is complete for one to go on with.
        await DoneAsync(file, target, "--always");
        Assert.Empty(puts.TakeSent());
        await puts.AssertStoredAsync("large", content, version: 2);
    }

    [Theory]
    [InlineData("{\"id\":")]
    [InlineData("{\"id\":\"../../scopes/main\",\"chunkSize\":4194304}")]
    [InlineData("{\"id\":\"ID\",\"chunkSize\":65536}")]
    public async Task A_memory_that_is_damaged_costs_nothing_but_a_new_beginning(string damaged)
    {
        var id = await puts.KillAfterAsync(Stored, file, target);
        File.WriteAllText(Assert.Single(puts.Remembered), damaged.Replace("ID", id, StringComparison.Ordinal));
        await DoneAsync(file, target);
        await EndOfOthersAsync();
        await puts.AssertStoredAsync("large", content);
    }

    [Fact]
    public async Task Without_a_place_for_its_memory_a_put_works_and_begins_anew_after_a_kill()
    {
        folder.Write("state", "a file where a folder should be");
        await puts.KillAfterAsync(Stored, file, target);
        await DoneAsync(file, target);
        await EndOfOthersAsync();
        await puts.AssertStoredAsync("large", content);
    }

    [Fact]
    public async Task Two_commands_that_send_the_same_file_to_the_same_place_both_succeed()
    {
        await puts.KillAfterAsync(Stored, file, target);
        var both = await Task.WhenAll(puts.PutAsync(file, target), puts.PutAsync(file, target));
        Assert.All(both, static result => Assert.True(result.Code == 0, result.Error));
        await EndOfOthersAsync();
        Assert.Equal(content, (await puts.Granary.DoAsync("cat", target)).Bytes);
    }

    [Fact]
    public async Task A_part_that_is_damaged_on_its_way_is_sent_again()
    {
        puts.Proxy.Rule = new ProxyRule(ProxyFault.FlipRequest) { Bytes = 1_000_000, Times = 1, Matches = static (_, target) => target.Contains("/chunks/3", StringComparison.Ordinal) };
        await DoneAsync(file, target);
        Assert.Equal([0, 1, 2, 3, 3, .. Enumerable.Range(4, Parts - 4)], puts.TakeSent());
        await puts.AssertStoredAsync("large", content);
    }

    [Fact]
    public async Task Parts_that_are_damaged_every_time_end_with_an_error_and_no_file()
    {
        puts.Proxy.Rule = new ProxyRule(ProxyFault.FlipRequest) { Bytes = 1_000_000, Matches = static (_, target) => target.Contains("/chunks/3", StringComparison.Ordinal) };
        var result = await puts.PutAsync(file, target);
        Assert.NotEqual(0, result.Code);
        Assert.Contains("digest-mismatch", result.Error, StringComparison.Ordinal);
        Assert.Equal(3, (await puts.Granary.RunAsync("stat", target)).Code);
    }

    private async Task<Granary.Result> DoneAsync(params string[] arguments)
    {
        var result = await puts.PutAsync(arguments);
        Assert.True(result.Code == 0, result.Error);
        return result;
    }

    // An upload that its command forgot ends by itself after a day; here at once.
    private async Task EndOfOthersAsync()
    {
        foreach (var id in await puts.UploadsAsync())
            await puts.AbortAsync(id);
    }

    // All parts hang: what has arrived is what goes out at a time.
    private async Task AtOnceAsync(int parts, System.Diagnostics.Process put)
    {
        var seen = 0;
        await Eventually.BecomesAsync(() => (seen += puts.TakeSent().Length) >= parts, $"{parts} parts are on their way");
        await Task.Delay(300);
        put.Kill();
        await put.WaitForExitAsync();
        Assert.Equal(parts, seen + puts.TakeSent().Length);
    }
}
