using System.Text.Json;
using Granary.Process.Tests.Servers;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Process.Tests.Maintenance;

/// <summary>Policies of the real program, from the request of an operator to the bytes in the stores.</summary>
public sealed class PolicyTests(ITestOutputHelper output) : IDisposable
{
    private const int FileSize = 3_000;
    private readonly TempFolder _temp = new();

    private string Data => _temp["data"];

    public void Dispose() => _temp.Dispose();

    [S3Fact]
    [Trait("Behaviour", "D40")]
    [Trait("Behaviour", "D41")]
    [Trait("Behaviour", "D29")]
    [Trait("Behaviour", "D5")]
    [Trait("Behaviour", "G4")]
    public async Task A_soft_limit_overflows_to_s3_by_last_access_while_a_write_only_backup_has_everything()
    {
        var count = Seeds.Times(300, 2_000);
        var kept = count / 3;
        await using (var server = await ServerProcess.UpAsync(Data))
        {
            using var client = server.Client();
            await MaintainedServer.AddS3StoreAsync(client, "cloud");
            await MaintainedServer.AddLocalStoreAsync(client, Data, "backup");
            await MaintainedServer.AttachAsync(client, "cloud", new { uploadPriority = 50 });
            await MaintainedServer.AttachAsync(client, "backup", new { policy = new { populate = true, writeOnly = true } });
            var files = await MaintainedServer.UploadAsync(client, Seeds.Create(output).Next(), count, FileSize);

            // Every third file is read; these are to stay.
            var read = files.OrderBy(file => file.Key).Where((_, i) => i % 3 == 0).Take(kept).ToDictionary();
            await MaintainedServer.AssertReadsAsync(client, read);
            await MaintainedServer.WaitForAccessAsync(Data, kept);
            await MaintainedServer.SendAsync(client, HttpMethod.Patch, "api/v1/file-stores/local", new { softMaxSize = (long)kept * FileSize });
            var run = await MaintainedServer.RunAsync(client);
            Assert.Equal("done", run.GetProperty("state").GetString());
            await MaintainedServer.WaitForAllRunsAsync(client);

            var copies = await MaintainedServer.CopiesAsync(Data);
            Assert.Equal(kept, copies["local"].Count);
            Assert.Equal(count - kept, copies["cloud"].Count);
            Assert.Equal(count, copies["backup"].Count);
            var hashes = copies["local"].Keys.Select(static key => key.Split('/')[4][..64]).ToHashSet();
            Assert.All(read.Values, hash => Assert.Contains(Convert.ToHexStringLower(hash), hashes));
            await MaintainedServer.AssertReadsAsync(client, files);
            await StoppedServer.WaitForQuietAsync(Data, TimeSpan.FromSeconds(30));
            await MaintainedServer.AssertFsckIsCleanAsync(client);
            Assert.Equal(0, await server.SignalAsync("TERM"));
        }

        await MaintainedServer.AssertConsistentAsync(Data, "local", "backup");
    }

    [S3Fact]
    [Trait("Behaviour", "G5")]
    [Trait("Behaviour", "D34")]
    [Trait("Behaviour", "D51")]
    [Trait("Behaviour", "D53")]
    public async Task A_cloud_account_is_emptied_and_closed()
    {
        await using var server = await ServerProcess.UpAsync(Data);
        using var client = server.Client();
        var bucket = await MaintainedServer.AddS3StoreAsync(client, "cloud");
        await MaintainedServer.AttachAsync(client, "cloud", new { uploadPriority = 200, downloadPriority = 200 });
        var files = await MaintainedServer.UploadAsync(client, Seeds.Create(output).Next(), Seeds.Times(100, 1_000), FileSize);
        Assert.Equal(files.Count, (await MaintainedServer.CopiesAsync(Data))["cloud"].Count);

        // Everything comes home, then the cloud is drained; it is refused to close it before.
        await MaintainedServer.AttachAsync(client, "local", new { uploadPriority = 100, policy = new { populate = true } });
        await MaintainedServer.RunAsync(client);
        using (var refused = await client.DeleteAsync("api/v1/file-stores/cloud"))
        {
            Assert.False(refused.IsSuccessStatusCode);
        }

        await MaintainedServer.AttachAsync(client, "cloud", new { policy = new { drain = "local" } });
        var run = await MaintainedServer.RunAsync(client);
        Assert.Equal("done", run.GetProperty("state").GetString());
        await MaintainedServer.WaitForAllRunsAsync(client);
        await MaintainedServer.SendAsync(client, HttpMethod.Delete, "api/v1/scopes/main/stores/cloud");
        await StoppedServer.WaitForQuietAsync(Data, TimeSpan.FromSeconds(60));
        await MaintainedServer.SendAsync(client, HttpMethod.Delete, "api/v1/file-stores/cloud");
        await MaintainedServer.AssertReadsAsync(client, files);
        await MaintainedServer.AssertFsckIsCleanAsync(client);
        using var s3 = S3Server.Current.Client();
        var left = await s3.ListObjectsV2Async(new Amazon.S3.Model.ListObjectsV2Request { BucketName = bucket });
        Assert.Empty(left.S3Objects ?? []);
        Assert.Equal(0, await server.SignalAsync("TERM"));
        await MaintainedServer.AssertConsistentAsync(Data, "local");
    }

    [Fact]
    [Trait("Behaviour", "G8")]
    [Trait("Behaviour", "D35")]
    public async Task A_drain_that_is_killed_again_and_again_loses_nothing_and_moves_nothing_twice()
    {
        var random = Seeds.Create(output);
        Dictionary<string, byte[]> files;
        string drain;
        await using (var server = await ServerProcess.UpAsync(Data))
        {
            using var client = server.Client();
            await MaintainedServer.AddLocalStoreAsync(client, Data, "second");
            await MaintainedServer.AttachAsync(client, "second", new { uploadPriority = 50 });
            files = await MaintainedServer.UploadAsync(client, random.Next(), Seeds.Times(400, 4_000), 20_000);

            // Slow enough to be killed in the middle.
            await MaintainedServer.SendAsync(client, HttpMethod.Patch, "api/v1/maintenance/settings", new { pace = new { parallel = 1, bytesPerSecond = 4_000_000 } });
            await MaintainedServer.AttachAsync(client, "local", new { uploadPriority = 100, policy = new { drain = true, readOnly = true } });
            var started = await MaintainedServer.SendAsync(client, HttpMethod.Post, "api/v1/maintenance/runs", new { scope = "main" });
            drain = started.GetProperty("id").GetString()!;
            await Task.Delay(random.Next(100, 700));
            await server.KillAsync();
        }

        var midway = await HasCopiesAsync("local") ? 1 : 0;
        for (var kill = 1; kill < Seeds.Times(3, 20); kill++)
        {
            await using var server = await ServerProcess.UpAsync(Data);
            await Task.Delay(random.Next(50, 900));
            await server.KillAsync();
            midway += await HasCopiesAsync("local") ? 1 : 0;
        }

        output.WriteLine($"{midway} kills came in the middle of the drain");
        Assert.InRange(midway, Seeds.Times(1, 20), int.MaxValue);

        await using (var server = await ServerProcess.UpAsync(Data))
        {
            using var client = server.Client();

            // The pace of a run that works already.
            await MaintainedServer.SendAsync(client, HttpMethod.Patch, "api/v1/maintenance/settings", new { pace = new { parallel = 8, bytesPerSecond = (long?)null } });
            var run = await MaintainedServer.WaitAsync(client, drain);
            Assert.Equal("done", run.GetProperty("state").GetString());
            Assert.InRange(MovedBy(run), 0, files.Count);
            await MaintainedServer.WaitForAllRunsAsync(client);
            await StoppedServer.WaitForQuietAsync(Data, TimeSpan.FromSeconds(60));
            await MaintainedServer.AssertReadsAsync(client, files);
            await MaintainedServer.AssertFsckIsCleanAsync(client);
            Assert.Equal(0, await server.SignalAsync("TERM"));
        }

        var copies = await MaintainedServer.CopiesAsync(Data);
        Assert.False(copies.ContainsKey("local"));
        Assert.Equal(files.Count, copies["second"].Count);
        await MaintainedServer.AssertConsistentAsync(Data, "local", "second");
    }

    private async Task<bool> HasCopiesAsync(string store) => await MaintainedServer.CountCopiesAsync(Data, store) > 0;

    private static long MovedBy(JsonElement run) => run.GetProperty("tasks").EnumerateArray()
        .Where(static task => task.GetProperty("kind").GetString() == "drain")
        .Sum(static task => task.GetProperty("doneChunks").GetInt64());
}
