using System.Net;
using System.Text;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Http.Tests.Files;

/// <summary>What comes out by GET and HEAD: whole, in ranges, on conditions.</summary>
public sealed class FileGetTests(HttpWorld world, ITestOutputHelper output) : IClassFixture<HttpWorld>
{
    private const int Chunk = 4 << 20;

    [Fact, Trait("Behaviour", "D14"), Trait("Behaviour", "S9")]
    public async Task Single_ranges_answer_as_a_model_says()
    {
        var random = Seeds.Create(output);
        foreach (var size in new[] { 1, 10, 5000, (2 * Chunk) + 777 })
        {
            var content = random.Bytes(size);
            var path = $"ranges/{size}";
            await HttpWorld.JsonOf(await world.PutAsync("main", path, content), 201);
            for (var i = 0; i < 40; i++)
            {
                var from = random.Next(size + 3);
                var to = from + random.Next(size);
                var header = (i % 4) switch { 0 => $"bytes={from}-", 1 => $"bytes=-{to}", _ => $"bytes={from}-{to}" };
                await RangeIsRightAsync(path, content, header);
            }
        }
    }

    [Fact, Trait("Behaviour", "D14")]
    public async Task A_range_without_a_byte_is_416_and_says_the_size()
    {
        await HttpWorld.JsonOf(await world.PutAsync("main", "ten", new byte[10]), 201);
        foreach (var range in new[] { "bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999-", "bytes=10-,20-" })
        {
            using var get = await world.GetAsync("main", "ten", ("Range", range));
            await HttpWorld.JsonOf(get, 416, "range-not-satisfiable");
            Assert.Equal("bytes */10", get.Content.Headers.GetValues("Content-Range").Single());
        }

        await HttpWorld.JsonOf(await world.PutAsync("main", "empty", []), 201);
        using var empty = await world.GetAsync("main", "empty", ("Range", "bytes=0-"));
        await HttpWorld.JsonOf(empty, 416, "range-not-satisfiable");
        using var whole = await world.GetAsync("main", "empty");
        Assert.Equal(200, (int)whole.StatusCode);
        Assert.Equal(0, whole.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData("bytes=5-2")]
    [InlineData("bytes=a-b")]
    [InlineData("bytes=")]
    [InlineData("bytes=1")]
    [InlineData("lines=1-2")]
    [InlineData("bytes=0-1,x")]
    public async Task A_range_that_is_not_valid_is_ignored(string range)
    {
        await HttpWorld.JsonOf(await world.PutAsync("main", "ignored", new byte[10]), null);
        using var get = await world.GetAsync("main", "ignored", ("Range", range));
        Assert.Equal(200, (int)get.StatusCode);
        Assert.Equal(10, get.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task Several_ranges_come_as_parts_after_merging()
    {
        var content = Seeds.Create(output).Bytes(Chunk + 5000);
        await HttpWorld.JsonOf(await world.PutAsync("main", "parts", content, ("Content-Type", "text/plain")), 201);
        using var get = await world.GetAsync("main", "parts", ("Range", $"bytes=100-199,150-299, 0-9 , {Chunk - 10}-{Chunk + 10},-5"));
        Assert.Equal(206, (int)get.StatusCode);
        Assert.Equal("multipart/byteranges", get.Content.Headers.ContentType!.MediaType);
        var boundary = get.Content.Headers.ContentType.Parameters.Single(p => p.Name == "boundary").Value;
        var body = await get.Content.ReadAsByteArrayAsync();
        Assert.Equal(get.Content.Headers.ContentLength, body.Length);

        var expected = new List<byte>();
        foreach (var (from, to) in new[] { (0, 9), (100, 299), (Chunk - 10, Chunk + 10), (content.Length - 5, content.Length - 1) })
        {
            var lineEnd = expected.Count == 0 ? "" : "\r\n";
            expected.AddRange(Encoding.ASCII.GetBytes(
                $"{lineEnd}--{boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes {from}-{to}/{content.Length}\r\n\r\n"));
            expected.AddRange(content[from..(to + 1)]);
        }

        expected.AddRange(Encoding.ASCII.GetBytes($"\r\n--{boundary}--\r\n"));
        Assert.Equal(expected.ToArray(), body);
    }

    [Theory]
    [InlineData(64, 206)]
    [InlineData(65, 200)]
    public async Task More_than_64_ranges_give_the_whole_file(int count, int status)
    {
        await HttpWorld.JsonOf(await world.PutAsync("main", "many", new byte[1000]), null);
        using var get = await world.GetAsync("main", "many", ("Range", "bytes=" + string.Join(',', Enumerable.Range(0, count).Select(i => $"{i * 10}-{(i * 10) + 1}"))));
        Assert.Equal(status, (int)get.StatusCode);
    }

    [Fact]
    public async Task Many_parallel_ranges_of_one_chunk_read_it_once()
    {
        var content = Seeds.Create(output, salt: 1).Bytes(Chunk);
        await HttpWorld.JsonOf(await world.PutAsync("main", "parallel", content), 201);
        var before = await ReadBytesAsync();
        await Task.WhenAll(Enumerable.Range(0, 64).Select(async i =>
        {
            var from = i * 65_536;
            using var get = await world.GetAsync("main", "parallel", ("Range", $"bytes={from}-{from + 65_535}"));
            Assert.Equal(content[from..(from + 65_536)], await get.Content.ReadAsByteArrayAsync());
        }));
        Assert.Equal(Chunk, await ReadBytesAsync() - before);
    }

    [Fact]
    public async Task Conditions_of_a_read_follow_the_specification()
    {
        using var put = await world.PutAsync("main", "cond", [1, 2, 3], ("X-Granary-Modified", "2020-01-01T00:00:00.9Z"));
        var etag = $"\"{(string)(await HttpWorld.JsonOf(put, 201))["etag"]!}\"";
        await StatusIsAsync(304, ("If-None-Match", etag));
        await StatusIsAsync(304, ("If-None-Match", "W/" + etag));
        await StatusIsAsync(304, ("If-None-Match", "*"));
        await StatusIsAsync(200, ("If-None-Match", "\"x\""));
        await StatusIsAsync(412, ("If-Match", "\"x\""));
        await StatusIsAsync(412, ("If-Match", "W/" + etag));
        await StatusIsAsync(200, ("If-Match", etag));
        await StatusIsAsync(304, ("If-Modified-Since", "Wed, 01 Jan 2020 00:00:00 GMT"));
        await StatusIsAsync(200, ("If-Modified-Since", "Tue, 31 Dec 2019 23:59:59 GMT"));
        await StatusIsAsync(200, ("If-Modified-Since", "yesterday"));
        await StatusIsAsync(200, ("If-None-Match", "\"x\""), ("If-Modified-Since", "Wed, 01 Jan 2020 00:00:00 GMT"));
        await StatusIsAsync(412, ("If-Unmodified-Since", "Tue, 31 Dec 2019 23:59:59 GMT"));
        await StatusIsAsync(206, ("Range", "bytes=1-"), ("If-Range", etag));
        await StatusIsAsync(200, ("Range", "bytes=1-"), ("If-Range", "W/" + etag));
        await StatusIsAsync(200, ("Range", "bytes=1-"), ("If-Range", "\"x\""));
        await StatusIsAsync(206, ("Range", "bytes=1-"), ("If-Range", "Wed, 01 Jan 2020 00:00:00 GMT"));
        await StatusIsAsync(200, ("Range", "bytes=1-"), ("If-Range", "Thu, 02 Jan 2020 00:00:00 GMT"));

        async Task StatusIsAsync(int status, params (string, string)[] headers)
        {
            using var get = await world.GetAsync("main", "cond", headers);
            Assert.True(status == (int)get.StatusCode, $"{(int)get.StatusCode} for {string.Join(", ", headers)}");
            if (status == 304)
                Assert.Equal(etag, get.Headers.ETag!.ToString());
        }
    }

    [Fact]
    public async Task Head_tells_what_get_would_without_the_bytes()
    {
        await HttpWorld.JsonOf(await world.PutAsync("main", "head", new byte[1234]), 201);
        using var head = await world.SendAsync(HttpMethod.Head, HttpWorld.FileUrl("main", "head"));
        using var get = await world.GetAsync("main", "head");
        Assert.Equal(1234, head.Content.Headers.ContentLength);
        Assert.Equal(get.Headers.Where(h => h.Key != "Date").Select(h => h.ToString()), head.Headers.Where(h => h.Key != "Date").Select(h => h.ToString()));
        using var missing = await world.SendAsync(HttpMethod.Head, HttpWorld.FileUrl("main", "no-head"));
        Assert.Equal(404, (int)missing.StatusCode);
        Assert.Empty(await missing.Content.ReadAsByteArrayAsync());
    }

    [Fact, Trait("Behaviour", "S9"), Trait("Behaviour", "S11"), Trait("Behaviour", "S8")]
    public async Task Versions_are_read_by_number_and_a_deleted_file_is_404_with_its_versions_listed()
    {
        var scope = await world.MakeScopeAsync(new GrainInterfaces.ScopeSettings { KeepVersions = 10 });
        await HttpWorld.JsonOf(await world.PutAsync(scope, "v", [1]), 201);
        await HttpWorld.JsonOf(await world.PutAsync(scope, "v", [2]), 200);
        using var deleted = await world.SendAsync(HttpMethod.Delete, HttpWorld.FileUrl(scope, "v"));
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        using var gone = await world.GetAsync(scope, "v");
        await HttpWorld.JsonOf(gone, 404, "not-found");
        using var twice = await world.SendAsync(HttpMethod.Delete, HttpWorld.FileUrl(scope, "v"));
        await HttpWorld.JsonOf(twice, 404, "not-found");

        foreach (var (version, content) in new[] { (1, 1), (2, 2) })
        {
            using var get = await world.SendAsync(HttpMethod.Get, HttpWorld.FileUrl(scope, "v", $"?version={version}"));
            Assert.Equal([(byte)content], await get.Content.ReadAsByteArrayAsync());
        }

        using var tombstone = await world.SendAsync(HttpMethod.Get, HttpWorld.FileUrl(scope, "v", "?version=3"));
        await HttpWorld.JsonOf(tombstone, 404, "not-found");
        using var wrong = await world.SendAsync(HttpMethod.Get, HttpWorld.FileUrl(scope, "v", "?version=x"));
        await HttpWorld.JsonOf(wrong, 400, "invalid-request");
        using var list = await world.SendAsync(HttpMethod.Get, HttpWorld.FileUrl(scope, "v", "?versions"));
        var items = (await HttpWorld.JsonOf(list, 200))["items"]!.AsArray();
        Assert.Equal([true, false, false], items.Select(i => (bool)i!["deleted"]!));

        using var restored = await world.PostAsync($"api/v1/scopes/{scope}/files:restore", new { path = "v", version = 1 });
        Assert.Equal(4, (long)(await HttpWorld.JsonOf(restored, 201))["version"]!);
        using var back = await world.GetAsync(scope, "v");
        Assert.Equal([1], await back.Content.ReadAsByteArrayAsync());
    }

    private async Task RangeIsRightAsync(string path, byte[] content, string header)
    {
        using var get = await world.GetAsync("main", path, ("Range", header));
        var (from, to) = Model(header["bytes=".Length..], content.Length);
        if (from > to)
        {
            Assert.True((int)get.StatusCode == 416, header);
            return;
        }

        Assert.True((int)get.StatusCode == 206, header);
        Assert.Equal($"bytes {from}-{to}/{content.Length}", get.Content.Headers.ContentRange!.ToString());
        Assert.Equal(content[from..(to + 1)], await get.Content.ReadAsByteArrayAsync());
    }

    /// <summary>First and last byte of a range that is well formed; an empty one when there is none.</summary>
    private static (int From, int To) Model(string spec, int size)
    {
        var parts = spec.Split('-');
        if (parts[0].Length == 0)
            return int.Parse(parts[1]) == 0 ? (1, 0) : (Math.Max(0, size - int.Parse(parts[1])), size - 1);
        var from = int.Parse(parts[0]);
        return from >= size ? (1, 0) : (from, parts[1].Length == 0 ? size - 1 : Math.Min(int.Parse(parts[1]), size - 1));
    }

    private async Task<long> ReadBytesAsync()
    {
        using var metrics = await world.SendAsync(HttpMethod.Get, "metrics");
        var line = (await metrics.Content.ReadAsStringAsync()).Split('\n')
            .FirstOrDefault(l => l.StartsWith("granary_store_bytes_total{store=\"local\",operation=\"read\"}", StringComparison.Ordinal));
        return line is null ? 0 : (long)double.Parse(line[(line.LastIndexOf(' ') + 1)..]);
    }
}
