using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Granary.GrainInterfaces;
using Granary.Stores;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Http.Tests.Files;

/// <summary>What goes in by PUT, and what must not.</summary>
public sealed class FilePutTests(HttpWorld world, ITestOutputHelper output) : IClassFixture<HttpWorld>
{
    private const int Chunk = 4 << 20;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(65_536 + 1)]
    [InlineData(Chunk - 1)]
    [InlineData(Chunk)]
    [InlineData(Chunk + 1)]
    [InlineData((2 * Chunk) + 12_345)]
    public async Task What_was_put_comes_back(int size)
    {
        var content = Seeds.Create(output, size).Bytes(size);
        foreach (var chunked in new[] { false, true })
        {
            var path = $"sizes/{size}-{chunked}";
            using var put = await world.SendAsync(HttpMethod.Put, HttpWorld.FileUrl("main", path), chunked ? new ChunkedContent(content) : new ByteArrayContent(content));
            var json = await HttpWorld.JsonOf(put, 201);
            Assert.Equal(size, (long)json["size"]!);
            Assert.Equal(ExpectedTag(content), (string?)json["etag"]);
            Assert.Equal((size + Chunk - 1) / Chunk, (int)json["chunks"]!["total"]!);
            Assert.Equal($"\"{ExpectedTag(content)}\"", put.Headers.ETag!.ToString());

            using var get = await world.GetAsync("main", path);
            Assert.Equal(size, get.Content.Headers.ContentLength);
            Assert.Equal(content, await get.Content.ReadAsByteArrayAsync());
        }
    }

    [Fact, Trait("Behaviour", "S8")]
    public async Task Every_put_makes_a_version_also_of_equal_bytes()
    {
        var scope = await world.MakeScopeAsync(new ScopeSettings { KeepVersions = 3 });
        for (var version = 1; version <= 4; version++)
        {
            using var put = await world.PutAsync(scope, "f", [1, 2, 3]);
            var json = await HttpWorld.JsonOf(put, version == 1 ? 201 : 200);
            Assert.Equal(version, (long)json["version"]!);
            Assert.Equal(version, (long)json["changeSequence"]!);
        }

        using var versions = await world.SendAsync(HttpMethod.Get, HttpWorld.FileUrl(scope, "f", "?versions"));
        var kept = (await HttpWorld.JsonOf(versions, 200))["items"]!.AsArray();
        Assert.Equal([4, 3, 2], kept.Select(v => (long)v!["version"]!));
    }

    [Fact, Trait("Behaviour", "D16"), Trait("Behaviour", "D18")]
    public async Task Known_chunks_are_counted_but_not_written_again()
    {
        var scope = await world.MakeScopeAsync();
        var content = Seeds.Create(output).Bytes(Chunk + 100);
        using var first = await world.PutAsync(scope, "a", content);
        Assert.Equal(0, (int)(await HttpWorld.JsonOf(first, 201))["chunks"]!["deduplicated"]!);
        var files = HttpWorld.ChunkFiles(world.LocalFolder).Length;

        using var again = await world.PutAsync(scope, "b", content);
        var json = await HttpWorld.JsonOf(again, 201);
        Assert.Equal(2, (int)json["chunks"]!["deduplicated"]!);
        Assert.Equal(0, (int)json["chunks"]!["stored"]!);

        // Another scope learns nothing: the bytes count as stored although nothing is written.
        var other = await world.MakeScopeAsync();
        using var elsewhere = await world.PutAsync(other, "c", content);
        Assert.Equal(0, (int)(await HttpWorld.JsonOf(elsewhere, 201))["chunks"]!["deduplicated"]!);
        Assert.Equal(files, HttpWorld.ChunkFiles(world.LocalFolder).Length);
    }

    [Theory]
    [Trait("Behaviour", "S4")]
    [InlineData("Content-Digest", 1000)]
    [InlineData("Repr-Digest", 1000)]
    [InlineData("Repr-Digest", Chunk + 1000)]
    public async Task A_digest_that_fits_is_kept_and_one_that_does_not_stores_nothing(string header, int size)
    {
        var scope = await world.MakeScopeAsync();
        var content = Seeds.Create(output, size).Bytes(size);
        var digest = Convert.ToBase64String(SHA256.HashData(content));
        using var good = await world.PutAsync(scope, "good", content, (header, $"sha-512=:AAAA:, sha-256=:{digest}:"));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), (string?)(await HttpWorld.JsonOf(good, 201))["sha256"]);
        using var get = await world.GetAsync(scope, "good");
        Assert.Equal($"sha-256=:{digest}:", get.Headers.GetValues("Repr-Digest").Single());

        var used = await world.UsedAsync();
        content[0]++;
        using var bad = await world.PutAsync(scope, "bad", content, (header, $"sha-256=:{digest}:"));
        await HttpWorld.JsonOf(bad, 422, "digest-mismatch");
        using var missing = await world.GetAsync(scope, "bad");
        await HttpWorld.JsonOf(missing, 404, "not-found");
        Assert.Equal(used, await world.UsedAsync());
    }

    [Theory]
    [InlineData("Content-Digest", "sha-256=AAAA")]
    [InlineData("Content-Digest", "sha-256=:AAAA:")]
    [InlineData("Repr-Digest", "x")]
    [InlineData("X-Granary-Modified", "2026-01-31 12:00")]
    [InlineData("X-Granary-Modified", "2026-01-31T12:00:00")]
    [InlineData("X-Granary-Modified", "2026-02-30T12:00:00Z")]
    [InlineData("If-Match", "abc")]
    [InlineData("If-Unmodified-Since", "Sat, 31 Jan 2026 12:00:00 GMT")]
    [InlineData("Content-Range", "bytes 0-2/3")]
    [InlineData("Idempotency-Key", "two words")]
    public async Task A_header_against_its_rule_is_refused(string header, string value)
    {
        using var put = await world.PutAsync("main", "headers", [1, 2, 3], (header, value));
        Assert.NotNull((await HttpWorld.JsonOf(put, 400, "invalid-request"))["field"]);
        using var get = await world.GetAsync("main", "headers");
        Assert.Equal(HttpStatusCode.NotFound, get.StatusCode);
    }

    [Fact]
    public async Task Content_encoding_is_refused_because_it_would_not_be_kept()
    {
        using var put = await world.PutAsync("main", "encoded", [1], ("Content-Encoding", "gzip"));
        await HttpWorld.JsonOf(put, 415, "unsupported-media-type");
    }

    [Fact]
    public async Task Type_and_time_are_kept()
    {
        using var put = await world.PutAsync("main", "typed", [1], ("Content-Type", "text/x-special; charset=utf-8"), ("X-Granary-Modified", "2001-02-03T04:05:06.789+01:00"));
        await HttpWorld.JsonOf(put, 201);
        using var get = await world.GetAsync("main", "typed");
        Assert.Equal("text/x-special; charset=utf-8", get.Content.Headers.ContentType!.ToString());
        Assert.Equal("nosniff", get.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("2001-02-03T03:05:06.789Z", get.Headers.GetValues("X-Granary-Modified").Single());
        Assert.Equal(new DateTimeOffset(2001, 2, 3, 3, 5, 6, TimeSpan.Zero), get.Content.Headers.LastModified);
    }

    [Fact]
    public async Task Preconditions_are_held_against_the_current_version()
    {
        using var first = await world.PutAsync("main", "cond", [1], ("If-None-Match", "*"));
        var etag = (string)(await HttpWorld.JsonOf(first, 201))["etag"]!;
        using var exists = await world.PutAsync("main", "cond", [2], ("If-None-Match", "*"));
        await HttpWorld.JsonOf(exists, 412, "precondition-failed");
        using var other = await world.PutAsync("main", "cond", [2], ("If-Match", "\"0123\""));
        await HttpWorld.JsonOf(other, 412, "precondition-failed");
        using var weak = await world.PutAsync("main", "cond", [2], ("If-Match", $"W/\"{etag}\""));
        await HttpWorld.JsonOf(weak, 412, "precondition-failed");
        using var absent = await world.PutAsync("main", "cond-absent", [2], ("If-Match", "*"));
        await HttpWorld.JsonOf(absent, 412, "precondition-failed");
        using var match = await world.PutAsync("main", "cond", [2], ("If-Match", $"\"0123\", \"{etag}\""));
        await HttpWorld.JsonOf(match, 200);
        using var stale = await world.SendAsync(HttpMethod.Delete, HttpWorld.FileUrl("main", "cond"), null, ("If-Match", $"\"{etag}\""));
        await HttpWorld.JsonOf(stale, 412, "precondition-failed");
    }

    [Fact]
    public async Task Of_many_writers_with_one_precondition_one_wins()
    {
        var puts = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => world.PutAsync("main", "race", [(byte)i], ("If-None-Match", "*"))));
        Assert.Equal(1, puts.Count(put => put.StatusCode == HttpStatusCode.Created));
        Assert.Equal(15, puts.Count(put => put.StatusCode == HttpStatusCode.PreconditionFailed));
    }

    [Fact]
    public async Task The_same_idempotency_key_gives_the_same_answer()
    {
        var key = ("Idempotency-Key", "key-" + Guid.NewGuid());
        using var first = await world.PutAsync("main", "repeat", [1, 2], key);
        var text = (await HttpWorld.JsonOf(first, 201)).ToJsonString();
        using var again = await world.PutAsync("main", "repeat", [1, 2], key);
        Assert.Equal(text, (await HttpWorld.JsonOf(again, 201)).ToJsonString());
        using var other = await world.PutAsync("main", "other", [1, 2], key);
        await HttpWorld.JsonOf(other, 409, "conflict");
    }

    [Fact, Trait("Behaviour", "S10")]
    public async Task A_file_over_the_tenants_limit_is_refused_by_its_length_and_while_it_comes()
    {
        await world.ChangeTenantAsync(settings => settings with { MaxFileBytes = 10_000 });
        try
        {
            using var announced = await world.PutAsync("main", "big", new byte[10_001]);
            Assert.Equal(10_000, (long)(await HttpWorld.JsonOf(announced, 413, "file-too-large"))["limit"]!);
            using var streamed = await world.SendAsync(HttpMethod.Put, HttpWorld.FileUrl("main", "big"), new ChunkedContent(new byte[10_001]));
            await HttpWorld.JsonOf(streamed, 413, "file-too-large");
            using var fits = await world.SendAsync(HttpMethod.Put, HttpWorld.FileUrl("main", "big"), new ChunkedContent(new byte[10_000]));
            await HttpWorld.JsonOf(fits, 201);
        }
        finally
        {
            await world.ChangeTenantAsync(settings => settings with { MaxFileBytes = null });
        }
    }

    [Fact, Trait("Behaviour", "S10"), Trait("Behaviour", "G1")]
    public async Task The_quota_of_a_scope_is_met_exactly_and_never_passed()
    {
        var scope = await world.MakeScopeAsync(new ScopeSettings { QuotaBytes = 10_000 });
        using var over = await world.PutAsync(scope, "a", new byte[10_001]);
        var json = await HttpWorld.JsonOf(over, 507, "quota-exceeded");
        Assert.Equal(10_000, (long)json["limit"]!);
        using var unknown = await world.SendAsync(HttpMethod.Put, HttpWorld.FileUrl(scope, "a"), new ChunkedContent(new byte[10_001]));
        await HttpWorld.JsonOf(unknown, 507, "quota-exceeded");

        var puts = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => world.PutAsync(scope, $"p{i}", new byte[1000])));
        Assert.Equal(10, puts.Count(put => put.StatusCode == HttpStatusCode.Created));
        Assert.Equal(20, puts.Count(put => put.StatusCode == HttpStatusCode.InsufficientStorage));
    }

    [Fact, Trait("Behaviour", "O12")]
    public async Task A_size_that_was_announced_is_reserved_before_its_bytes_arrive_and_given_back_when_they_do_not()
    {
        var scope = await world.MakeScopeAsync(new ScopeSettings { QuotaBytes = 3 * Chunk });
        using (var first = await RawHttp.ConnectAsync(world.Port))
        {
            await first.WriteAsync(Head(scope, "announced", $"Content-Length: {2 * Chunk}\r\nExpect: 100-continue"));
            Assert.Equal(100, (await first.ReadAsync()).Status); // no byte of it was sent

            // What would not fit beside it is refused, also before its bytes.
            using var second = await RawHttp.ConnectAsync(world.Port);
            await second.WriteAsync(Head(scope, "second", $"Content-Length: {(2 * Chunk) + 1}\r\nExpect: 100-continue"));
            Assert.Equal(507, (await second.ReadAsync()).Status);
            using var fits = await world.PutAsync(scope, "fits", new byte[Chunk]);
            await HttpWorld.JsonOf(fits, 201);
        }

        for (var tries = 0; ; tries++)
        {
            using var later = await world.PutAsync(scope, "later", new byte[2 * Chunk]);
            if (tries == 100 || later.StatusCode == HttpStatusCode.Created)
            {
                await HttpWorld.JsonOf(later, 201);
                return;
            }

            await Task.Delay(50);
        }
    }

    [Fact]
    public async Task A_malformed_chunked_body_stores_nothing()
    {
        foreach (var body in new[] { "zz\r\nabc\r\n0\r\n\r\n", "3\r\nabcX\r\n0\r\n\r\n", "-1\r\n\r\n" })
        {
            var answer = await RawHttp.AskAsync(world.Port, Head("main", "malformed", "Transfer-Encoding: chunked") + body);
            Assert.Equal(400, answer.Status);
        }

        using var get = await world.GetAsync("main", "malformed");
        Assert.Equal(HttpStatusCode.NotFound, get.StatusCode);
    }

    [Fact]
    public async Task Expect_100_continue_is_answered_before_the_body_and_a_refusal_instead_of_it()
    {
        using var raw = await RawHttp.ConnectAsync(world.Port);
        await raw.WriteAsync(Head("main", "expect", "Content-Length: 3\r\nExpect: 100-continue"));
        Assert.Equal(100, (await raw.ReadAsync()).Status);
        await raw.WriteAsync("abc");
        Assert.Equal(201, (await raw.ReadAsync()).Status);

        using var refused = await RawHttp.ConnectAsync(world.Port);
        await refused.WriteAsync(Head("nowhere", "expect", "Content-Length: 3\r\nExpect: 100-continue"));
        Assert.Equal(404, (await refused.ReadAsync()).Status);
    }

    [Fact]
    public async Task What_follows_an_announced_length_is_another_request()
    {
        using var raw = await RawHttp.ConnectAsync(world.Port);
        await raw.WriteAsync(Head("main", "overlong", "Content-Length: 3") + "abcdef\r\n\r\n");
        Assert.Equal(201, (await raw.ReadAsync()).Status);
        Assert.Equal(400, (await raw.ReadAsync()).Status);
        using var get = await world.GetAsync("main", "overlong");
        Assert.Equal("abc", await get.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData(1000, 500, false)]
    [InlineData(1000, 500, true)]
    [InlineData(3 * Chunk, (2 * Chunk) + 5, false)]
    [InlineData(3 * Chunk, (2 * Chunk) + 5, true)]
    public async Task A_sender_that_goes_away_leaves_nothing_behind(int announced, int sent, bool reset)
    {
        var scope = await world.MakeScopeAsync(new ScopeSettings { QuotaBytes = 4 * Chunk });
        var used = await world.UsedAsync();
        using (var raw = await RawHttp.ConnectAsync(world.Port))
        {
            await raw.WriteAsync(Head(scope, "gone", $"Content-Length: {announced}"));
            await raw.WriteAsync(Seeds.Create(output).Bytes(sent));
            var pool = world.Service<ChunkBufferPool>();
            await Eventually.BecomesAsync(() => pool.InUseBytes > 0, "the body has begun to arrive");
            if (reset)
                raw.Reset();
            else
                raw.EndSending();
            await Eventually.BecomesAsync(() => pool.InUseBytes == 0, "the buffers are back");
            var deadline = TimeProvider.System.GetTimestamp();
            while (await world.UsedAsync() != used && TimeProvider.System.GetElapsedTime(deadline) < TimeSpan.FromSeconds(20))
                await Task.Delay(50);
        }

        Assert.Equal(used, await world.UsedAsync());
        using var get = await world.GetAsync(scope, "gone");
        Assert.Equal(HttpStatusCode.NotFound, get.StatusCode);
        using var whole = await world.PutAsync(scope, "whole", new byte[4 * Chunk]);
        await HttpWorld.JsonOf(whole, 201);
    }

    private string Head(string scope, string path, string headers) =>
        $"PUT /api/v1/scopes/{scope}/files/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.Host.OperatorKey}\r\n{headers}\r\n\r\n";

    private static string ExpectedTag(byte[] content)
    {
        var hashes = content.Chunk(Chunk).Select(SHA256.HashData).ToList();
        return hashes.Count <= 1
            ? Convert.ToHexStringLower(SHA256.HashData(content))
            : $"{Convert.ToHexStringLower(SHA256.HashData([.. hashes.SelectMany(h => h)]))}-{hashes.Count}";
    }

    /// <summary>A body whose length nobody is told.</summary>
    private sealed class ChunkedContent(byte[] bytes) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(bytes).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
