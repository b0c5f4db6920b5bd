using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Process.Tests.Servers;

/// <summary>The real program, killed at moments nobody chose.</summary>
public sealed class KillTests(ITestOutputHelper output) : IDisposable
{
    private const int Putters = 8;
    private static readonly int s_kills = Seeds.Soak ? 30 : 4;
    private readonly TempFolder _temp = new();

    private string Data => _temp["data"];

    public void Dispose() => _temp.Dispose();

    [Fact]
    [Trait("Behaviour", "D17")]
    public async Task What_was_acknowledged_reads_back_after_kills_and_nothing_uncounted_stays_in_the_store()
    {
        var random = Seeds.Create(output);
        var acknowledged = new ConcurrentDictionary<string, byte[]>();
        for (var round = 0; round < s_kills; round++)
        {
            await using var server = await ServerProcess.UpAsync(Data);
            var putting = Enumerable.Range(0, Putters).Select(i => PutUntilKilledAsync(server, Seeds.Create((round * 100) + i), $"r{round}/p{i}", acknowledged)).ToArray();
            await Task.Delay(random.Next(200, 1500));
            if (round == s_kills - 1)
            {
                // On a busy machine all kills may have come before the first answer.
                await Eventually.BecomesAsync(() => !acknowledged.IsEmpty, "a file was acknowledged", TimeSpan.FromSeconds(60));
            }

            await server.KillAsync();
            await Task.WhenAll(putting);
        }

        output.WriteLine($"{acknowledged.Count} files were acknowledged.");
        await using (var server = await ServerProcess.UpAsync(Data))
        {
            using var client = server.Client();
            await Parallel.ForEachAsync(acknowledged, async (file, token) =>
            {
                var content = await client.GetByteArrayAsync($"api/v1/scopes/main/files/{file.Key}", token);
                Assert.Equal(file.Value, SHA256.HashData(content));
            });
            await StoppedServer.WaitForQuietAsync(Data, TimeSpan.FromSeconds(30));
            Assert.Equal(0, await server.SignalAsync("TERM"));
        }

        await StoppedServer.AssertConsistentAsync(Data);
    }

    [Fact]
    [Trait("Behaviour", "D1")]
    [Trait("Behaviour", "D7")]
    [Trait("Behaviour", "G1")]
    public async Task A_store_takes_parallel_uploads_to_exactly_its_limit_also_when_the_server_is_killed_in_between()
    {
        const int FileSize = 100_000;
        const int Rest = 4_321;
        const long MaxSize = (60 * FileSize) + Rest;
        await using (var first = await ServerProcess.UpAsync(Data))
        {
            using var client = first.Client();
            using var limited = await client.PatchAsJsonAsync("api/v1/file-stores/local", new { maxSize = MaxSize });
            Assert.True(limited.IsSuccessStatusCode, await limited.Content.ReadAsStringAsync());
        }

        var random = Seeds.Create(output);
        for (var round = 0; ; round++)
        {
            await using var server = await ServerProcess.UpAsync(Data);
            await StoppedServer.WaitForQuietAsync(Data, TimeSpan.FromSeconds(30));
            var salt = round * 1000;
            var putting = Enumerable.Range(0, Putters).Select(i => PutUntilFullAsync(server, Seeds.Create(salt + i), $"r{round}/p{i}", FileSize)).ToArray();
            if (round < s_kills)
            {
                await Task.Delay(random.Next(20, 150));
                await server.KillAsync();
                await Task.WhenAll(putting);
                continue;
            }

            await Task.WhenAll(putting);
            using var client = server.Client();
            Assert.Equal(HttpStatusCode.InsufficientStorage, (await client.PutAsync("api/v1/scopes/main/files/too-large", Bytes(random, Rest + 1))).StatusCode);
            Assert.Equal(HttpStatusCode.Created, (await client.PutAsync("api/v1/scopes/main/files/rest", Bytes(random, Rest))).StatusCode);
            Assert.Equal(HttpStatusCode.InsufficientStorage, (await client.PutAsync("api/v1/scopes/main/files/one-byte", Bytes(random, 1))).StatusCode);
            await StoppedServer.WaitForQuietAsync(Data, TimeSpan.FromSeconds(30));
            Assert.Equal(0, await server.SignalAsync("TERM"));
            break;
        }

        Assert.Equal(MaxSize, await StoppedServer.AssertConsistentAsync(Data));
    }

    [Fact]
    public async Task A_first_start_that_is_killed_anywhere_is_completed_by_the_next_one()
    {
        var random = Seeds.Create(output);
        string? key = null;
        for (var round = 0; round < s_kills * 2; round++)
        {
            // From before the folder exists to after it is ready: a start takes most of a second.
            await using var server = ServerProcess.Launch(["up", "--data", Data, "--port", "0"], Data);
            await Task.Delay(random.Next(100, 1000));
            await server.KillAsync();
            var file = Path.Combine(Data, "operator.key");
            if (File.Exists(file))
            {
                Assert.Equal(key ??= File.ReadAllText(file), File.ReadAllText(file));
            }
        }

        await using (var server = await ServerProcess.UpAsync(Data))
        {
            using var client = server.Client();
            Assert.Equal(["local"], await NamesAsync(client, "api/v1/file-stores"));
            Assert.Equal(["default"], await NamesAsync(client, "api/v1/tenants"));
            Assert.Equal(["main"], await NamesAsync(client, "api/v1/scopes"));
            Assert.Equal(HttpStatusCode.Created, (await client.PutAsync("api/v1/scopes/main/files/a", Bytes(random, 10))).StatusCode);
            await StoppedServer.WaitForQuietAsync(Data, TimeSpan.FromSeconds(30));
            await server.SignalAsync("TERM");
        }

        await StoppedServer.AssertConsistentAsync(Data);
    }

    private static async Task<string[]> NamesAsync(HttpClient client, string collection)
    {
        var page = await client.GetFromJsonAsync<JsonElement>(collection);
        return [.. page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("name").GetString()!)];
    }

    // Sizes of every kind: empty, one small chunk, several chunks; some content is the same in many files.
    private static async Task PutUntilKilledAsync(ServerProcess server, Random random, string prefix, ConcurrentDictionary<string, byte[]> acknowledged)
    {
        using var client = server.Client();
        try
        {
            for (var i = 0; ; i++)
            {
                var size = random.Next(10) switch { 0 => 0, < 7 => random.Next(1, 20_000), < 9 => random.Next(300_000, 3_000_000), _ => 9_000_000 };
                var content = new byte[size];
                if (random.Next(4) != 0)
                {
                    random.NextBytes(content);
                }

                var path = $"{prefix}/{i}";
                using var answer = await client.PutAsync($"api/v1/scopes/main/files/{path}", new ByteArrayContent(content));
                Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
                acknowledged[path] = SHA256.HashData(content);
            }
        }
        catch (HttpRequestException)
        {
            // Killed.
        }
    }

    private static async Task PutUntilFullAsync(ServerProcess server, Random random, string prefix, int size)
    {
        using var client = server.Client();
        try
        {
            for (var i = 0; ; i++)
            {
                using var answer = await client.PutAsync($"api/v1/scopes/main/files/{prefix}/{i}", Bytes(random, size));
                if (answer.StatusCode == HttpStatusCode.InsufficientStorage)
                {
                    return;
                }

                Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
            }
        }
        catch (HttpRequestException)
        {
            // Killed.
        }
    }

    private static ByteArrayContent Bytes(Random random, int size)
    {
        var content = new byte[size];
        random.NextBytes(content);
        return new ByteArrayContent(content);
    }
}
