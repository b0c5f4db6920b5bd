using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Granary.GrainInterfaces;
using Granary.Stores;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Http.Tests.Tus;

/// <summary>tus 1.0.0, sentence by sentence.</summary>
public sealed class TusTests(HttpWorld world, ITestOutputHelper output) : IClassFixture<HttpWorld>
{
    private const int Chunk = 4 << 20;

    [Fact, Trait("Behaviour", "U1")]
    public async Task Every_answer_but_that_of_OPTIONS_says_the_version_and_another_version_is_refused_unprocessed()
    {
        using var options = await world.SendAsync(HttpMethod.Options, "api/v1/scopes/main/tus");
        Assert.Equal(HttpStatusCode.NoContent, options.StatusCode);
        Assert.Equal("1.0.0", options.Header("Tus-Version"));
        Assert.Equal("creation,creation-with-upload,creation-defer-length,expiration,checksum,termination,concatenation", options.Header("Tus-Extension"));
        Assert.Equal("sha1,sha256", options.Header("Tus-Checksum-Algorithm"));

        var url = await world.CreateAsync("main", "tus/version", 3);
        foreach (var version in new[] { "", "0.2.2", "2.0.0" })
        {
            using var refused = await world.TusAsync(HttpMethod.Patch, url, [1, 2, 3], ("Upload-Offset", "0"), ("Tus-Resumable", version));
            await HttpWorld.JsonOf(refused, 412, "precondition-failed");
            Assert.Equal("1.0.0", refused.Header("Tus-Version"));
            Assert.Equal("1.0.0", refused.Header("Tus-Resumable"));
        }

        Assert.Equal(0, await world.OffsetAsync(url));
        using var unknown = await world.TusAsync(HttpMethod.Head, "api/v1/scopes/main/tus/" + Guid.NewGuid().ToString("n"));
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Equal("1.0.0", unknown.Header("Tus-Resumable"));
        using var anonymous = await world.Host.AnonymousClient().SendAsync(new HttpRequestMessage(HttpMethod.Head, url) { Headers = { { "Tus-Resumable", "1.0.0" } } });
        Assert.Equal(HttpStatusCode.Unauthorized, anonymous.StatusCode);
        Assert.Equal("1.0.0", anonymous.Header("Tus-Resumable"));
    }

    [Fact, Trait("Behaviour", "U2"), Trait("Behaviour", "U6")]
    public async Task HEAD_says_offset_length_metadata_and_end_and_is_not_cached()
    {
        var url = await world.CreateAsync("main", "tus/head", 10);
        using var head = await world.TusAsync(HttpMethod.Head, url);
        Assert.Equal("0", head.Header("Upload-Offset"));
        Assert.Equal("10", head.Header("Upload-Length"));
        Assert.Equal(TusWorld.Metadata("tus/head"), head.Header("Upload-Metadata"));
        Assert.Equal("no-store", head.Headers.CacheControl!.ToString());
        Assert.True(DateTimeOffset.Parse(head.Header("Upload-Expires"), CultureInfo.InvariantCulture) > DateTimeOffset.UnixEpoch);
        using var patch = await world.AppendAsync(url, 0, [1, 2, 3]);
        Assert.Equal(HttpStatusCode.NoContent, patch.StatusCode);
        Assert.Equal("3", patch.Header("Upload-Offset"));
        Assert.NotEqual("", patch.Header("Upload-Expires"));
        Assert.Equal(3, await world.OffsetAsync(url));
        foreach (var missing in new[] { "api/v1/scopes/main/tus/x", "api/v1/scopes/none/tus/" + url[^32..] })
        {
            using var gone = await world.TusAsync(HttpMethod.Head, missing);
            Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
            Assert.Equal("", gone.Header("Upload-Offset"));
            Assert.Equal("no-store", gone.Headers.CacheControl!.ToString());
        }
    }

    [Fact, Trait("Behaviour", "U3"), Trait("Behaviour", "D21"), Trait("Behaviour", "D23")]
    public async Task PATCH_takes_only_its_media_type_at_its_offset()
    {
        var url = await world.CreateAsync("main", "tus/patch", 10);
        using var type = await world.TusAsync(HttpMethod.Patch, url, [1], ("Upload-Offset", "0"), ("Content-Type", "application/octet-stream"));
        await HttpWorld.JsonOf(type, 415, "unsupported-media-type");
        using var without = await world.TusAsync(HttpMethod.Patch, url, [1]);
        await HttpWorld.JsonOf(without, 400, "invalid-request");
        using var negative = await world.TusAsync(HttpMethod.Patch, url, [1], ("Upload-Offset", "-1"));
        await HttpWorld.JsonOf(negative, 400, "invalid-request");
        using var gap = await world.AppendAsync(url, 1, [1]);
        Assert.Equal(0, (long)(await HttpWorld.JsonOf(gap, 409, "conflict"))["offset"]!);
        using var beyond = await world.AppendAsync(url, 0, new byte[11]);
        await HttpWorld.JsonOf(beyond, 413, "body-too-large");
        Assert.Equal(0, await world.OffsetAsync(url));
        using var fits = await world.AppendAsync(url, 0, new byte[10]);
        Assert.Equal(HttpStatusCode.NoContent, fits.StatusCode);
        using var again = await world.AppendAsync(url, 10, []);
        Assert.Equal(HttpStatusCode.NoContent, again.StatusCode);
        Assert.Equal(10, await world.OffsetAsync(url));
    }

    [Theory, Trait("Behaviour", "U3")]
    [InlineData(1_000_000)]
    [InlineData((5 << 20) + 3)]
    [InlineData(Chunk)]
    [InlineData(100_000_000)]
    public async Task Bodies_of_any_size_become_a_file_cut_like_any_other(int piece)
    {
        var scope = await world.MakeScopeAsync();
        var content = Seeds.Create(output, piece).Bytes((3 * Chunk) + 777);
        using var put = await world.PutAsync(scope, "put", content);
        var etag = (string?)(await HttpWorld.JsonOf(put, 201))["etag"];
        var url = await world.CreateAsync(scope, "tus", content.Length);
        for (var offset = 0; offset < content.Length; offset += piece)
        {
            using var patch = await world.AppendAsync(url, offset, content[offset..Math.Min(content.Length, offset + piece)]);
            Assert.Equal(HttpStatusCode.NoContent, patch.StatusCode);
        }

        using var get = await world.GetAsync(scope, "tus");
        Assert.Equal(content, await get.Content.ReadAsByteArrayAsync());
        Assert.Equal($"\"{etag}\"", get.Headers.ETag!.ToString());
    }

    [Fact]
    public async Task Many_small_bodies_are_merged_as_they_come()
    {
        var scope = await world.MakeScopeAsync();
        var content = Seeds.Create(output).Bytes(100 * 1_000);
        var url = await world.CreateAsync(scope, "small", content.Length);
        for (var offset = 0; offset < content.Length; offset += 1_000)
        {
            using var patch = await world.AppendAsync(url, offset, content[offset..(offset + 1_000)]);
            Assert.Equal(HttpStatusCode.NoContent, patch.StatusCode);
        }

        using var get = await world.GetAsync(scope, "small");
        Assert.Equal(content, await get.Content.ReadAsByteArrayAsync());
        Assert.Equal($"\"{Convert.ToHexStringLower(SHA256.HashData(content))}\"", get.Headers.ETag!.ToString());
    }

    [Theory, Trait("Behaviour", "U3"), Trait("Behaviour", "G12")]
    [InlineData(1_000_000, false)]
    [InlineData(Chunk + 1_000_000, false)]
    [InlineData(Chunk + 1_000_000, true)]
    public async Task Bytes_before_a_disconnect_are_kept(int sent, bool reset)
    {
        var scope = await world.MakeScopeAsync();
        var content = Seeds.Create(output, sent).Bytes(2 * Chunk);
        var url = await world.CreateAsync(scope, "broken", content.Length);
        using (var raw = await RawHttp.ConnectAsync(world.Port))
        {
            await raw.WriteAsync(Head("PATCH", url, content.Length, 0));
            await raw.WriteAsync(content[..sent]);
            await Eventually.BecomesAsync(() => Progress(url).GetAwaiter().GetResult() > 0 || sent < Chunk, "some bytes are stored");
            await Task.Delay(200);
            if (reset)
                raw.Reset();
        }

        long offset = 0;
        await Eventually.BecomesAsync(() => (offset = world.OffsetAsync(url).GetAwaiter().GetResult()) == sent, $"all {sent} bytes count (not {offset})");
        using var rest = await world.AppendAsync(url, offset, content[(int)offset..]);
        Assert.Equal(HttpStatusCode.NoContent, rest.StatusCode);
        using var get = await world.GetAsync(scope, "broken");
        Assert.Equal(content, await get.Content.ReadAsByteArrayAsync());
    }

    [Fact, Trait("Behaviour", "G12")]
    public async Task The_newest_writer_wins_over_one_that_stands_still()
    {
        var scope = await world.MakeScopeAsync();
        var content = Seeds.Create(output).Bytes(Chunk);
        var url = await world.CreateAsync(scope, "locked", content.Length);
        using var dead = await RawHttp.ConnectAsync(world.Port);
        await dead.WriteAsync(Head("PATCH", url, content.Length, 0));
        await dead.WriteAsync(content[..500_000]);
        await Task.Delay(300);

        // The connection is open still; the client comes back on another one.
        var offset = await world.OffsetAsync(url);
        Assert.Equal(500_000, offset);
        using var rest = await world.AppendAsync(url, offset, content[(int)offset..]);
        Assert.Equal(HttpStatusCode.NoContent, rest.StatusCode);
        using var get = await world.GetAsync(scope, "locked");
        Assert.Equal(content, await get.Content.ReadAsByteArrayAsync());
    }

    [Fact, Trait("Behaviour", "U4"), Trait("Behaviour", "S10")]
    public async Task Creation_demands_a_length_or_its_deferral_and_a_path_within_the_limits()
    {
        foreach (var (headers, status, code) in new ((string, string)[], int, string)[]
        {
            ([("Upload-Metadata", TusWorld.Metadata("x"))], 400, "invalid-request"),
            ([("Upload-Length", "1"), ("Upload-Defer-Length", "1"), ("Upload-Metadata", TusWorld.Metadata("x"))], 400, "invalid-request"),
            ([("Upload-Length", "-1"), ("Upload-Metadata", TusWorld.Metadata("x"))], 400, "invalid-request"),
            ([("Upload-Defer-Length", "2"), ("Upload-Metadata", TusWorld.Metadata("x"))], 400, "invalid-request"),
            ([("Upload-Length", "1")], 400, "invalid-request"),
            ([("Upload-Length", "1"), ("Upload-Metadata", TusWorld.Metadata("../x"))], 400, "invalid-request"),
            ([("Upload-Length", "1"), ("Upload-Metadata", "path !!")], 400, "invalid-request"),
            ([("Upload-Length", "1"), ("Upload-Metadata", "path eA==,path eA==")], 400, "invalid-request"),
            ([("Upload-Length", "1"), ("Upload-Metadata", TusWorld.Metadata("x")), ("Upload-Concat", "other")], 400, "invalid-request"),
        })
        {
            using var refused = await world.TusAsync(HttpMethod.Post, "api/v1/scopes/main/tus", null, headers);
            await HttpWorld.JsonOf(refused, status, code);
        }

        await world.ChangeTenantAsync(settings => settings with { MaxFileBytes = 100 });
        try
        {
            using var large = await world.TusAsync(HttpMethod.Post, "api/v1/scopes/main/tus", null, ("Upload-Length", "101"), ("Upload-Metadata", TusWorld.Metadata("x")));
            await HttpWorld.JsonOf(large, 413, "file-too-large");
            Assert.Equal("100", large.Header("Tus-Max-Size"));
        }
        finally
        {
            await world.ChangeTenantAsync(settings => settings with { MaxFileBytes = null });
        }

        var scope = await world.MakeScopeAsync(new ScopeSettings { QuotaBytes = 10 });
        using var full = await world.TusAsync(HttpMethod.Post, $"api/v1/scopes/{scope}/tus", null, ("Upload-Length", "11"), ("Upload-Metadata", TusWorld.Metadata("x")));
        await HttpWorld.JsonOf(full, 507, "quota-exceeded");
    }

    [Fact, Trait("Behaviour", "U4")]
    public async Task Creation_takes_bytes_along_defers_the_length_and_reads_the_type()
    {
        var metadata = $"filename {Convert.ToBase64String("tus/typed"u8)},filetype {Convert.ToBase64String("text/x-tus"u8)},flag";
        using var created = await world.TusAsync(HttpMethod.Post, "api/v1/scopes/main/tus", [1, 2, 3], ("Upload-Defer-Length", "1"), ("Upload-Metadata", metadata));
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Equal("3", created.Header("Upload-Offset"));
        var url = created.Headers.Location!.OriginalString;
        using var head = await world.TusAsync(HttpMethod.Head, url);
        Assert.Equal("1", head.Header("Upload-Defer-Length"));
        Assert.Equal("", head.Header("Upload-Length"));
        using var more = await world.AppendAsync(url, 3, [4]);
        Assert.Equal(HttpStatusCode.NoContent, more.StatusCode);
        using var less = await world.AppendAsync(url, 4, [5], ("Upload-Length", "3"));
        await HttpWorld.JsonOf(less, 400, "invalid-request");
        using var last = await world.AppendAsync(url, 4, [5], ("Upload-Length", "5"));
        Assert.Equal(HttpStatusCode.NoContent, last.StatusCode);
        using var get = await world.GetAsync("main", "tus/typed");
        Assert.Equal("text/x-tus", get.Content.Headers.ContentType!.ToString());
        Assert.Equal([1, 2, 3, 4, 5], await get.Content.ReadAsByteArrayAsync());

        using var empty = await world.TusAsync(HttpMethod.Post, "api/v1/scopes/main/tus", null, ("Upload-Length", "0"), ("Upload-Metadata", TusWorld.Metadata("tus/empty")));
        Assert.Equal(HttpStatusCode.Created, empty.StatusCode);
        using var nothing = await world.GetAsync("main", "tus/empty");
        Assert.Empty(await nothing.Content.ReadAsByteArrayAsync());
    }

    [Theory, Trait("Behaviour", "U5")]
    [InlineData("sha1", 1_000)]
    [InlineData("sha256", 1_000)]
    [InlineData("sha1", (2 * Chunk) + 5)]
    public async Task A_checksum_is_compared_and_bytes_that_do_not_have_it_are_discarded(string algorithm, int size)
    {
        var scope = await world.MakeScopeAsync();
        var content = Seeds.Create(output, size).Bytes(size + 10);
        var url = await world.CreateAsync(scope, "sum", content.Length);
        using var start = await world.AppendAsync(url, 0, content[..5]);
        Assert.Equal(HttpStatusCode.NoContent, start.StatusCode);
        var body = content[5..(size + 5)];
        using var wrong = await world.AppendAsync(url, 5, body, ("Upload-Checksum", Checksum(algorithm, [1])));
        await HttpWorld.JsonOf(wrong, 460, "checksum-mismatch");
        Assert.Equal(5, await world.OffsetAsync(url));
        foreach (var bad in new[] { "md5 AAAA", "sha1", "sha1 AAAA", "sha256 !" })
        {
            using var refused = await world.AppendAsync(url, 5, body, ("Upload-Checksum", bad));
            await HttpWorld.JsonOf(refused, 400, "invalid-request");
        }

        using var right = await world.AppendAsync(url, 5, body, ("Upload-Checksum", Checksum(algorithm, body)));
        Assert.Equal(HttpStatusCode.NoContent, right.StatusCode);
        using var end = await world.AppendAsync(url, size + 5, content[(size + 5)..]);
        Assert.Equal(HttpStatusCode.NoContent, end.StatusCode);
        using var get = await world.GetAsync(scope, "sum");
        Assert.Equal(content, await get.Content.ReadAsByteArrayAsync());
        using var range = await world.GetAsync(scope, "sum", ("Range", $"bytes={size - 20}-{size + 9}"));
        Assert.Equal(content[(size - 20)..], await range.Content.ReadAsByteArrayAsync());
    }

    [Fact, Trait("Behaviour", "U7")]
    public async Task Termination_ends_an_upload_and_leaves_a_file_that_was_made()
    {
        var scope = await world.MakeScopeAsync(new ScopeSettings { QuotaBytes = 10 });
        var url = await world.CreateAsync(scope, "ended", 10);
        using var some = await world.AppendAsync(url, 0, [1, 2]);
        Assert.Equal(HttpStatusCode.NoContent, some.StatusCode);
        using var ended = await world.TusAsync(HttpMethod.Delete, url);
        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        using var gone = await world.TusAsync(HttpMethod.Head, url);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        using var late = await world.AppendAsync(url, 2, [3]);
        await HttpWorld.JsonOf(late, 404, "not-found");

        var done = await world.CreateAsync(scope, "done", 10);
        using var all = await world.AppendAsync(done, 0, new byte[10]);
        Assert.Equal(HttpStatusCode.NoContent, all.StatusCode);
        using var over = await world.TusAsync(HttpMethod.Post, done, null, ("X-HTTP-Method-Override", "DELETE"));
        Assert.Equal(HttpStatusCode.NoContent, over.StatusCode);
        using var forgotten = await world.TusAsync(HttpMethod.Head, done);
        Assert.Equal(HttpStatusCode.NotFound, forgotten.StatusCode);
        using var file = await world.GetAsync(scope, "done");
        Assert.Equal(HttpStatusCode.OK, file.StatusCode);
    }

    [Theory, Trait("Behaviour", "U7")]
    [InlineData(100, 200, 300)]
    [InlineData(Chunk, (2 * Chunk) + 5, 1)]
    [InlineData(Chunk + 1, Chunk - 1, Chunk)]
    public async Task Partial_uploads_become_one_file_within_the_quota_of_their_bytes(int a, int b, int c)
    {
        var content = Seeds.Create(output, a).Bytes(a + b + c);
        var scope = await world.MakeScopeAsync(new ScopeSettings { QuotaBytes = content.Length });
        var parts = new List<string>();
        foreach (var (from, size) in new[] { (0, a), (a, b), (a + b, c) })
        {
            using var part = await world.TusAsync(
                HttpMethod.Post, $"api/v1/scopes/{scope}/tus", null, ("Upload-Length", size.ToString(CultureInfo.InvariantCulture)), ("Upload-Concat", "partial"));
            Assert.Equal(HttpStatusCode.Created, part.StatusCode);
            parts.Add(part.Headers.Location!.OriginalString);
            if (parts.Count == 3)
            {
                using var early = await FinalAsync(scope, parts);
                await HttpWorld.JsonOf(early, 409, "conflict");
            }

            using var patch = await world.AppendAsync(parts[^1], 0, content[from..(from + size)]);
            Assert.Equal(HttpStatusCode.NoContent, patch.StatusCode);
            using var head = await world.TusAsync(HttpMethod.Head, parts[^1]);
            Assert.Equal("partial", head.Header("Upload-Concat"));
        }

        var urls = new HashSet<string>();
        for (var again = 0; again < 2; again++)
        {
            using var final = await FinalAsync(scope, parts);
            Assert.True(final.StatusCode == HttpStatusCode.Created, await final.Content.ReadAsStringAsync());
            urls.Add(final.Headers.Location!.OriginalString);
        }

        using var whole = await world.TusAsync(HttpMethod.Head, urls.Single());
        Assert.Equal("final;" + string.Join(' ', parts), whole.Header("Upload-Concat"));
        Assert.Equal(content.Length.ToString(CultureInfo.InvariantCulture), whole.Header("Upload-Length"));
        Assert.Equal(whole.Header("Upload-Length"), whole.Header("Upload-Offset"));
        using var append = await world.AppendAsync(urls.Single(), content.Length, [1]);
        await HttpWorld.JsonOf(append, 403, "forbidden");
        using var get = await world.GetAsync(scope, "joined");
        Assert.Equal(content, await get.Content.ReadAsByteArrayAsync());
        using var put = await world.PutAsync(await world.MakeScopeAsync(), "same", content);
        Assert.Equal(put.Headers.ETag, get.Headers.ETag);
    }

    private Task<HttpResponseMessage> FinalAsync(string scope, List<string> parts) => world.TusAsync(
        HttpMethod.Post, $"api/v1/scopes/{scope}/tus", null, ("Upload-Concat", "final;" + string.Join(' ', parts)), ("Upload-Metadata", TusWorld.Metadata("joined")));

    private async Task<long> Progress(string url)
    {
        using var state = await world.SendAsync(HttpMethod.Get, $"api/v1/uploads/{url[^32..]}");
        return (long)(await HttpWorld.JsonOf(state, 200))["bytes"]!;
    }

    private string Head(string method, string url, long length, long offset) =>
        $"{method} {url} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.Host.OperatorKey}\r\nTus-Resumable: 1.0.0\r\n"
        + $"Content-Type: application/offset+octet-stream\r\nUpload-Offset: {offset}\r\nContent-Length: {length}\r\n\r\n";

#pragma warning disable CA5350 // tus demands SHA-1.
    private static string Checksum(string algorithm, byte[] bytes) =>
        $"{algorithm} {Convert.ToBase64String(algorithm == "sha1" ? SHA1.HashData(bytes) : SHA256.HashData(bytes))}";
#pragma warning restore CA5350
}
