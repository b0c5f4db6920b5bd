using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Process.Tests.Servers;

/// <summary>Uploads go on after the server was killed in the middle of them.</summary>
public sealed class ResumeTests(ITestOutputHelper output) : IDisposable
{
    private const int Chunk = 1 << 20;
    private static readonly int s_kills = Seeds.Soak ? 40 : 3;
    private readonly TempFolder _temp = new();

    private string Data => _temp["data"];

    public void Dispose() => _temp.Dispose();

    [Fact]
    [Trait("Behaviour", "D21")]
    [Trait("Behaviour", "G12")]
    public async Task A_session_and_a_tus_upload_are_finished_after_kills_and_only_what_is_missing_is_sent()
    {
        var random = Seeds.Create(output);
        var content = random.Bytes(48 * Chunk + 4_321);
        string? session = null;
        string? tus = null;
        for (var round = 0; ; round++)
        {
            await using var server = await ServerProcess.UpAsync(Data);
            using var client = server.Client();
            client.DefaultRequestHeaders.Add("Tus-Resumable", "1.0.0");
            session ??= await BeginAsync(client, content.Length);
            tus ??= await CreateAsync(client, content.Length);
            var both = Task.WhenAll(PartsAsync(client, session, content), AppendAsync(client, tus, content));
            if (round < s_kills)
            {
                await Task.Delay(random.Next(30, 400));
                await server.KillAsync();
                await Assert.ThrowsAnyAsync<Exception>(() => both).ContinueWith(static _ => { }, TaskScheduler.Default);
                continue;
            }

            await both;
            for (var again = 0; again < 2; again++)
            {
                using var complete = await client.PostAsync($"api/v1/uploads/{session}/complete", null);
                Assert.Equal(HttpStatusCode.Created, complete.StatusCode);
            }

            Assert.Equal(content, await client.GetByteArrayAsync("api/v1/scopes/main/files/parts"));
            Assert.Equal(content, await client.GetByteArrayAsync("api/v1/scopes/main/files/tus"));
            await StoppedServer.WaitForQuietAsync(Data, TimeSpan.FromSeconds(30));
            Assert.Equal(0, await server.SignalAsync("TERM"));
            break;
        }

        await StoppedServer.AssertConsistentAsync(Data);
    }

    private static async Task<string> BeginAsync(HttpClient client, long size)
    {
        using var begun = await client.PostAsJsonAsync("api/v1/scopes/main/uploads", new { path = "parts", size, chunkSize = Chunk });
        return (string)JsonNode.Parse(await begun.Content.ReadAsStringAsync())!["id"]!;
    }

    private static async Task<string> CreateAsync(HttpClient client, long size)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/v1/scopes/main/tus")
        {
            Headers = { { "Upload-Length", $"{size}" }, { "Upload-Metadata", "path " + Convert.ToBase64String(Encoding.UTF8.GetBytes("tus")) } },
        };
        using var created = await client.SendAsync(request);
        return created.Headers.Location!.OriginalString;
    }

    /// <summary>Sends the parts that the server does not have.</summary>
    private static async Task PartsAsync(HttpClient client, string id, byte[] content)
    {
        var state = JsonNode.Parse(await client.GetStringAsync($"api/v1/uploads/{id}"))!;
        var received = state["received"]!.AsArray()
            .SelectMany(range => Enumerable.Range((int)range!["first"]!, (int)range["last"]! - (int)range["first"]! + 1)).ToHashSet();
        var parts = (content.Length + Chunk - 1) / Chunk;
        foreach (var index in Enumerable.Range(0, parts).Where(index => !received.Contains(index)))
        {
            using var put = await client.PutAsync(
                $"api/v1/uploads/{id}/chunks/{index}", new ByteArrayContent(content, index * Chunk, Math.Min(Chunk, content.Length - (index * Chunk))));
            Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync());
        }
    }

    /// <summary>Appends from where the server is, in requests that end where no chunk does.</summary>
    private static async Task AppendAsync(HttpClient client, string url, byte[] content)
    {
        using var head = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, url));
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        var offset = int.Parse(head.Headers.GetValues("Upload-Offset").Single());
        while (offset < content.Length)
        {
            var count = Math.Min(3_333_333, content.Length - offset);
            using var request = new HttpRequestMessage(HttpMethod.Patch, url) { Content = new ByteArrayContent(content, offset, count), Headers = { { "Upload-Offset", $"{offset}" } } };
            request.Content.Headers.ContentType = new("application/offset+octet-stream");
            using var patch = await client.SendAsync(request);
            Assert.True(patch.StatusCode == HttpStatusCode.NoContent, await patch.Content.ReadAsStringAsync());
            offset += count;
        }
    }
}
