using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Granary.Http.Tests.Uploads;

/// <summary>What the tests of sessions do over and over.</summary>
internal static class Sessions
{
    public const int Small = 64 << 10;

    /// <summary>Begins an upload and gives its id.</summary>
    public static async Task<string> BeginAsync(this HttpWorld world, string scope, object body)
    {
        using var answer = await world.PostAsync($"api/v1/scopes/{scope}/uploads", body);
        return (string)(await HttpWorld.JsonOf(answer, 201))["id"]!;
    }

    public static Task<string> BeginAsync(this HttpWorld world, string scope, string path, long? size, int chunkSize = Small) =>
        world.BeginAsync(scope, size is null ? new { path, chunkSize } : new { path, size, chunkSize });

    public static Task<HttpResponseMessage> PutPartAsync(this HttpWorld world, string id, int index, ReadOnlyMemory<byte> bytes, params (string, string)[] headers) =>
        world.SendAsync(HttpMethod.Put, $"api/v1/uploads/{id}/chunks/{index}", new ReadOnlyMemoryContent(bytes), headers);

    public static async Task PutPartsAsync(this HttpWorld world, string id, byte[] content, IEnumerable<int> indexes, int chunkSize = Small)
    {
        await Parallel.ForEachAsync(indexes, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (index, _) =>
        {
            using var put = await world.PutPartAsync(id, index, Part(content, index, chunkSize));
            await HttpWorld.JsonOf(put, 200);
        });
    }

    public static ReadOnlyMemory<byte> Part(byte[] content, int index, int chunkSize = Small) =>
        content.AsMemory(index * chunkSize, Math.Min(chunkSize, content.Length - (index * chunkSize)));

    public static Task<HttpResponseMessage> CompleteAsync(this HttpWorld world, string id, params (string, string)[] headers) =>
        world.SendAsync(HttpMethod.Post, $"api/v1/uploads/{id}/complete", null, headers);

    public static async Task<JsonNode> StateAsync(this HttpWorld world, string id)
    {
        using var answer = await world.SendAsync(HttpMethod.Get, $"api/v1/uploads/{id}");
        return await HttpWorld.JsonOf(answer, 200);
    }

    public static async Task<JsonNode> ProbeAsync(this HttpWorld world, string id, params (int Index, byte[] Content)[] parts)
    {
        using var answer = await world.PostAsync(
            $"api/v1/uploads/{id}/probe", new { chunks = parts.Select(part => new { index = part.Index, sha256 = Hash(part.Content) }) });
        return await HttpWorld.JsonOf(answer, 200);
    }

    public static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    public static string Ranges(JsonNode state) =>
        string.Join(',', state["received"]!.AsArray().Select(range => $"{range!["first"]}-{range["last"]}"));
}
