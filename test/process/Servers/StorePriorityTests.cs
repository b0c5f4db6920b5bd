using Granary.Process.Tests.Maintenance;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Process.Tests.Servers;

/// <summary>Two folders and a bucket under one scope, of which one goes away while clients write and read.</summary>
public sealed class StorePriorityTests(ITestOutputHelper output) : IDisposable
{
    private const int FileSize = 20_000;
    private readonly TempFolder _temp = new();

    private string Data => _temp["data"];

    public void Dispose() => _temp.Dispose();

    [S3Fact]
    [Trait("Behaviour", "D2")]
    [Trait("Behaviour", "D10")]
    [Trait("Behaviour", "D13")]
    public async Task Uploads_take_the_best_store_that_is_there_and_downloads_go_on_from_the_next_copy()
    {
        var seed = Seeds.Create(output).Next();
        await using var server = await ServerProcess.UpAsync(Data);
        using var client = server.Client();
        await MaintainedServer.AddLocalStoreAsync(client, Data, "second");
        await MaintainedServer.AddS3StoreAsync(client, "cloud");
        await MaintainedServer.AttachAsync(client, "local", new { uploadPriority = 300, downloadPriority = 300 });
        await MaintainedServer.AttachAsync(client, "second", new { uploadPriority = 200, downloadPriority = 200 });
        await MaintainedServer.AttachAsync(client, "cloud", new { uploadPriority = 100, downloadPriority = 100, policy = new { populate = true } });

        var before = await UploadAsync(client, "before", seed, 60);
        Assert.Equal(60, (await MaintainedServer.CopiesAsync(Data))["local"].Count);
        await MaintainedServer.RunAsync(client);
        var populated = await MaintainedServer.CopiesAsync(Data);
        Assert.Equal(60, populated["cloud"].Count);
        Assert.False(populated.ContainsKey("second"));

        // The best store's folder goes in the middle of uploads and downloads: no client notices.
        var uploads = UploadAsync(client, "during", seed + 1_000, 300);
        var downloads = ReadAsync(client, before);
        var folder = Path.Combine(Data, "stores", "local");
        Directory.Move(folder, folder + ".gone");
        var during = await uploads;
        await downloads;
        await ReadAsync(client, before);
        var after = await UploadAsync(client, "after", seed + 2_000, 20);
        var copies = await MaintainedServer.CopiesAsync(Data);
        Assert.True(copies["second"].Count >= 20, $"{copies["second"].Count} copies in the second store.");
        Assert.False(Directory.Exists(folder), "Something was written where the missing store had been.");

        // It comes back with what it had; it is the best again for writing and for reading.
        Directory.Move(folder + ".gone", folder);
        await ReadAsync(client, before.Concat(during).Concat(after));
        await EventuallyWritesToLocalAsync(client, seed + 3_000, copies["second"].Count);
    }

    private static async Task EventuallyWritesToLocalAsync(HttpClient client, int seed, int inSecond)
    {
        for (var i = 0; i < 100; i++)
        {
            using var answer = await client.PutAsync($"api/v1/scopes/main/files/again-{i}", new ByteArrayContent(Seeds.Create(seed + i).Bytes(FileSize)));
            Assert.True(answer.IsSuccessStatusCode);
            var explained = await MaintainedServer.SendAsync(client, HttpMethod.Get, $"api/v1/scopes/main/files/again-{i}?explain");
            if (explained.ToString().Contains("\"local\"", StringComparison.Ordinal))
                return;
            await Task.Delay(300);
        }

        Assert.Fail($"30 seconds after its folder was back the best store was still passed over ({inSecond} copies in the second).");
    }

    private static async Task<Dictionary<string, byte[]>> UploadAsync(HttpClient client, string prefix, int seed, int count)
    {
        var files = Enumerable.Range(0, count).ToDictionary(i => $"{prefix}/{i}", i => Seeds.Create(seed + i).Bytes(FileSize));
        await Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (file, token) =>
        {
            using var answer = await client.PutAsync($"api/v1/scopes/main/files/{file.Key}", new ByteArrayContent(file.Value), token);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(token));
        });
        return files;
    }

    private static Task ReadAsync(HttpClient client, IEnumerable<KeyValuePair<string, byte[]>> files) =>
        Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (file, token) =>
            Assert.Equal(file.Value, await client.GetByteArrayAsync($"api/v1/scopes/main/files/{file.Key}", token)));
}
