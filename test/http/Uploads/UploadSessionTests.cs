using System.Net;
using System.Security.Cryptography;
using Granary.GrainInterfaces;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Http.Tests.Uploads;

/// <summary>Uploads in parts, as http-api says.</summary>
public sealed class UploadSessionTests(HttpWorld world, ITestOutputHelper output) : IClassFixture<HttpWorld>
{
    private const int Chunk = Sessions.Small;

    [Fact, Trait("Behaviour", "S1"), Trait("Behaviour", "S3")]
    public async Task Parts_in_any_order_in_parallel_and_again_become_the_file()
    {
        var content = Seeds.Create(output).Bytes((9 * Chunk) + 1_234);
        using var began = await world.PostAsync(
            "api/v1/scopes/main/uploads", new { path = "parts/a", size = content.Length, chunkSize = Chunk, contentType = "text/x-parts" });
        var json = await HttpWorld.JsonOf(began, 201);
        var id = (string)json["id"]!;
        Assert.Equal(Chunk, (int)json["chunkSize"]!);
        Assert.Equal(10, (int)json["chunkCount"]!);
        Assert.Equal($"/api/v1/uploads/{id}", began.Headers.Location!.OriginalString);
        Assert.True((DateTimeOffset)json["expires"]! > DateTimeOffset.UnixEpoch);

        await world.PutPartsAsync(id, content, [7, 9, 2]);
        var state = await world.StateAsync(id);
        Assert.Equal("2-2,7-7,9-9", Sessions.Ranges(state));
        Assert.Equal((2 * Chunk) + 1_234, (long)state["bytes"]!);
        Assert.Equal("open", (string?)state["state"]);
        await world.PutPartsAsync(id, content, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0, 1, 1]);
        Assert.Equal("0-9", Sessions.Ranges(await world.StateAsync(id)));

        using var complete = await world.CompleteAsync(id);
        var file = await HttpWorld.JsonOf(complete, 201);
        Assert.Equal(content.Length, (long)file["size"]!);
        Assert.Equal(10, (int)file["chunks"]!["total"]!);
        using var get = await world.GetAsync("main", "parts/a");
        Assert.Equal("text/x-parts", get.Content.Headers.ContentType!.ToString());
        Assert.Equal(content, await get.Content.ReadAsByteArrayAsync());
        Assert.Equal("completed", (string?)(await world.StateAsync(id))["state"]);
    }

    [Fact, Trait("Behaviour", "S2")]
    public async Task A_chunk_size_is_a_power_of_two_from_64_KiB_to_64_MiB_and_4_MiB_unless_asked()
    {
        foreach (var wrong in new long[] { 0, 1, 65_535, 65_537, 100_000, 128L << 20, -65_536 })
        {
            using var refused = await world.PostAsync("api/v1/scopes/main/uploads", new { path = "x", size = 1, chunkSize = wrong });
            Assert.Equal("chunkSize", (string?)(await HttpWorld.JsonOf(refused, 400, "invalid-request"))["field"]);
        }

        foreach (var right in new[] { 64 << 10, 1 << 20, 64 << 20 })
        {
            using var begun = await world.PostAsync("api/v1/scopes/main/uploads", new { path = "x", size = 1, chunkSize = right });
            Assert.Equal(right, (int)(await HttpWorld.JsonOf(begun, 201))["chunkSize"]!);
        }

        using var usual = await world.PostAsync("api/v1/scopes/main/uploads", new { path = "x", size = (4 << 20) + 1 });
        var json = await HttpWorld.JsonOf(usual, 201);
        Assert.Equal(4 << 20, (int)json["chunkSize"]!);
        Assert.Equal(2, (int)json["chunkCount"]!);
    }

    [Fact, Trait("Behaviour", "G12"), Trait("Behaviour", "D21")]
    public async Task Completing_again_gives_the_same_answer_also_when_the_file_has_gone_since()
    {
        var scope = await world.MakeScopeAsync();
        var content = Seeds.Create(output).Bytes(Chunk + 7);
        var id = await world.BeginAsync(scope, "twice", content.Length);
        await world.PutPartsAsync(id, content, [0, 1]);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => world.CompleteAsync(id)));
        var texts = new HashSet<string>();
        foreach (var answer in answers)
            texts.Add((await HttpWorld.JsonOf(answer, 201)).ToJsonString());
        Assert.Single(texts);

        using var deleted = await world.SendAsync(HttpMethod.Delete, HttpWorld.FileUrl(scope, "twice"));
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        await world.Service<IGrainFactory>().GetGrain<ITenantMaintenanceGrain>(GrainKeys.Tenant(world.Tenant)).RunRoundAsync(default);
        using var late = await world.CompleteAsync(id);
        Assert.Equal(texts.Single(), (await HttpWorld.JsonOf(late, 201)).ToJsonString());
        using var gone = await world.GetAsync(scope, "twice");
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact, Trait("Behaviour", "D23")]
    public async Task Completing_with_parts_missing_names_them()
    {
        var content = Seeds.Create(output).Bytes(5 * Chunk);
        var id = await world.BeginAsync("main", "missing", content.Length);
        await world.PutPartsAsync(id, content, [1, 3]);
        using var early = await world.CompleteAsync(id);
        var json = await HttpWorld.JsonOf(early, 409, "conflict");
        Assert.Equal("[0,2,4]", json["missing"]!.ToJsonString());
        Assert.Equal(3, (int)json["missingCount"]!);
        await world.PutPartsAsync(id, content, [0, 2, 4]);
        using var complete = await world.CompleteAsync(id);
        await HttpWorld.JsonOf(complete, 201);
    }

    [Fact, Trait("Behaviour", "S4")]
    public async Task A_whole_hash_is_verified_in_order_and_out_of_order()
    {
        var content = Seeds.Create(output).Bytes((6 * Chunk) + 99);
        var sha256 = Sessions.Hash(content);
        foreach (var order in new[] { Enumerable.Range(0, 7), Enumerable.Range(0, 7).Reverse() })
        {
            var id = await world.BeginAsync("main", new { path = "whole", size = content.Length, chunkSize = Chunk, sha256 });
            foreach (var index in order)
            {
                using var put = await world.PutPartAsync(id, index, Sessions.Part(content, index));
                await HttpWorld.JsonOf(put, 200);
            }

            using var complete = await world.CompleteAsync(id);
            Assert.Equal(sha256, (string?)(await HttpWorld.JsonOf(complete, null))["sha256"]);
        }

        using var get = await world.GetAsync("main", "whole");
        Assert.Equal($"sha-256=:{Convert.ToBase64String(SHA256.HashData(content))}:", get.Headers.GetValues("Repr-Digest").Single());
    }

    [Fact, Trait("Behaviour", "S4")]
    public async Task A_part_that_comes_late_does_not_spoil_the_hash_of_the_whole()
    {
        const int Parts = 24;
        var content = Seeds.Create(output).Bytes(Parts * Chunk);
        var sha256 = Sessions.Hash(content);
        var id = await world.BeginAsync("main", new { path = "late", size = content.Length, chunkSize = Chunk, sha256 });
        foreach (var index in Enumerable.Range(0, Parts).Where(static index => index is not (2 or 20)).Append(20))
        {
            using var put = await world.PutPartAsync(id, index, Sessions.Part(content, index));
            await HttpWorld.JsonOf(put, 200);
            if (index == 15)
            {
                using var late = await world.PutPartAsync(id, 2, Sessions.Part(content, 2));
                await HttpWorld.JsonOf(late, 200);
            }
        }

        using var complete = await world.CompleteAsync(id);
        Assert.Equal(sha256, (string?)(await HttpWorld.JsonOf(complete, 201))["sha256"]);
    }

    [Theory, Trait("Behaviour", "S4"), Trait("Behaviour", "D23")]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_wrong_whole_hash_is_refused_and_nothing_is_kept(int parts)
    {
        var scope = await world.MakeScopeAsync();
        var used = await world.UsedAsync();
        var content = Seeds.Create(output, parts).Bytes(parts * Chunk);
        var id = await world.BeginAsync(scope, new { path = "wrong", size = content.Length, chunkSize = Chunk, sha256 = Sessions.Hash([1, 2, 3]) });
        await world.PutPartsAsync(id, content, Enumerable.Range(0, parts));
        for (var again = 0; again < 2; again++)
        {
            using var complete = await world.CompleteAsync(id);
            await HttpWorld.JsonOf(complete, 422, "digest-mismatch");
        }

        Assert.Equal(used, await world.UsedAsync());
        Assert.Equal("refused", (string?)(await world.StateAsync(id))["state"]);
        using var late = await world.PutPartAsync(id, 0, Sessions.Part(content, 0));
        await HttpWorld.JsonOf(late, 422, "digest-mismatch");
        using var get = await world.GetAsync(scope, "wrong");
        Assert.Equal(HttpStatusCode.NotFound, get.StatusCode);
    }

    [Fact]
    public async Task A_wrong_digest_of_a_part_is_refused_and_a_right_one_accepted()
    {
        var content = Seeds.Create(output).Bytes(Chunk);
        var id = await world.BeginAsync("main", "digest", content.Length);
        using var wrong = await world.PutPartAsync(id, 0, content, ("Content-Digest", $"sha-256=:{Convert.ToBase64String(SHA256.HashData([1]))}:"));
        await HttpWorld.JsonOf(wrong, 422, "digest-mismatch");
        using var malformed = await world.PutPartAsync(id, 0, content, ("Content-Digest", "sha-256=x"));
        await HttpWorld.JsonOf(malformed, 400, "invalid-request");
        Assert.Equal("", Sessions.Ranges(await world.StateAsync(id)));
        using var right = await world.PutPartAsync(id, 0, content, ("Content-Digest", $"sha-256=:{Convert.ToBase64String(SHA256.HashData(content))}:"));
        Assert.Equal(Sessions.Hash(content), (string?)(await HttpWorld.JsonOf(right, 200))["sha256"]);
    }

    [Fact, Trait("Behaviour", "D16"), Trait("Behaviour", "S11")]
    public async Task Other_bytes_for_an_index_that_is_taken_are_a_conflict_and_the_same_are_not()
    {
        var content = Seeds.Create(output).Bytes(2 * Chunk);
        var id = await world.BeginAsync("main", "taken", content.Length);
        await world.PutPartsAsync(id, content, [0]);
        using var same = await world.PutPartAsync(id, 0, Sessions.Part(content, 0));
        await HttpWorld.JsonOf(same, 200);
        using var other = await world.PutPartAsync(id, 0, Sessions.Part(content, 1));
        await HttpWorld.JsonOf(other, 409, "conflict");
        await world.PutPartsAsync(id, content, [1]);
        using var complete = await world.CompleteAsync(id);
        await HttpWorld.JsonOf(complete, 201);
        using var get = await world.GetAsync("main", "taken");
        Assert.Equal(content, await get.Content.ReadAsByteArrayAsync());
    }

    [Fact, Trait("Behaviour", "D22"), Trait("Behaviour", "D23")]
    public async Task Parts_of_the_wrong_size_and_indexes_out_of_range_are_refused()
    {
        var id = await world.BeginAsync("main", "sizes", (2 * Chunk) + 10);
        foreach (var (index, size) in new[] { (0, 1), (0, Chunk - 1), (0, Chunk + 1), (2, 9), (2, 11), (2, Chunk), (0, 0) })
        {
            using var fixedLength = await world.PutPartAsync(id, index, new byte[size]);
            await HttpWorld.JsonOf(fixedLength, 400, "invalid-request");
            using var streamed = await world.SendAsync(HttpMethod.Put, $"api/v1/uploads/{id}/chunks/{index}", new Streamed(new byte[size]));
            await HttpWorld.JsonOf(streamed, 400, "invalid-request");
        }

        foreach (var index in new[] { "3", "-1", "x", "4294967296", "1.5" })
        {
            using var refused = await world.SendAsync(HttpMethod.Put, $"api/v1/uploads/{id}/chunks/{index}", new ByteArrayContent(new byte[10]));
            Assert.Equal("index", (string?)(await HttpWorld.JsonOf(refused, 400, "invalid-request"))["field"]);
        }

        Assert.Equal("", Sessions.Ranges(await world.StateAsync(id)));
        using var last = await world.SendAsync(HttpMethod.Put, $"api/v1/uploads/{id}/chunks/2", new Streamed(new byte[10]));
        await HttpWorld.JsonOf(last, 200);
    }

    [Fact]
    public async Task A_length_that_is_not_known_in_advance_ends_with_the_only_short_part()
    {
        var scope = await world.MakeScopeAsync(new ScopeSettings { QuotaBytes = (4 * Chunk) + 5 });
        var content = Seeds.Create(output).Bytes((3 * Chunk) + 5);
        var id = await world.BeginAsync(scope, "unknown", null);
        await world.PutPartsAsync(id, content, [3, 1]);
        using var beyond = await world.PutPartAsync(id, 4, new byte[3]);
        await HttpWorld.JsonOf(beyond, 400, "invalid-request");
        using var early = await world.PutPartAsync(id, 0, new byte[3]);
        await HttpWorld.JsonOf(early, 400, "invalid-request");
        await world.PutPartsAsync(id, content, [0, 2]);
        using var complete = await world.CompleteAsync(id);
        Assert.Equal(content.Length, (long)(await HttpWorld.JsonOf(complete, 201))["size"]!);
        using var get = await world.GetAsync(scope, "unknown");
        Assert.Equal(content, await get.Content.ReadAsByteArrayAsync());

        var full = await world.BeginAsync(scope, "full", null);
        using var first = await world.PutPartAsync(full, 0, new byte[Chunk]);
        await HttpWorld.JsonOf(first, 200);
        using var second = await world.PutPartAsync(full, 1, new byte[1]);
        await HttpWorld.JsonOf(second, 507, "quota-exceeded");
    }

    [Fact]
    public async Task An_empty_file_needs_no_part()
    {
        var id = await world.BeginAsync("main", new { path = "empty-session", size = 0, sha256 = Sessions.Hash([]) });
        using var complete = await world.CompleteAsync(id);
        Assert.Equal(0, (long)(await HttpWorld.JsonOf(complete, 201))["size"]!);
    }

    [Fact, Trait("Behaviour", "S10"), Trait("Behaviour", "G1")]
    public async Task The_declared_size_is_reserved_and_given_back_by_an_abort()
    {
        var scope = await world.MakeScopeAsync(new ScopeSettings { QuotaBytes = 3 * Chunk });
        var content = Seeds.Create(output).Bytes(3 * Chunk);
        var id = await world.BeginAsync(scope, "reserved", content.Length);
        using var refused = await world.PostAsync($"api/v1/scopes/{scope}/uploads", new { path = "b", size = 1 });
        Assert.Equal("scope", (string?)(await HttpWorld.JsonOf(refused, 507, "quota-exceeded"))["level"]);
        using var put = await world.PutAsync(scope, "c", [1]);
        await HttpWorld.JsonOf(put, 507, "quota-exceeded");
        await world.PutPartsAsync(id, content, [0, 1]);

        for (var again = 0; again < 2; again++)
        {
            using var aborted = await world.SendAsync(HttpMethod.Delete, $"api/v1/uploads/{id}");
            Assert.Equal(again == 0 ? HttpStatusCode.NoContent : HttpStatusCode.NotFound, aborted.StatusCode);
        }

        using var gone = await world.PutPartAsync(id, 2, Sessions.Part(content, 2));
        await HttpWorld.JsonOf(gone, 404, "not-found");
        using var fits = await world.PostAsync($"api/v1/scopes/{scope}/uploads", new { path = "b", size = 3 * Chunk });
        await HttpWorld.JsonOf(fits, 201);
    }

    [Fact, Trait("Behaviour", "S10")]
    public async Task A_file_over_the_tenants_limit_is_refused_at_its_beginning_or_by_its_parts()
    {
        await world.ChangeTenantAsync(settings => settings with { MaxFileBytes = Chunk + 10 });
        try
        {
            using var declared = await world.PostAsync("api/v1/scopes/main/uploads", new { path = "x", size = Chunk + 11, chunkSize = Chunk });
            Assert.Equal(Chunk + 10, (long)(await HttpWorld.JsonOf(declared, 413, "file-too-large"))["limit"]!);
            var id = await world.BeginAsync("main", "limited", null);
            using var part = await world.PutPartAsync(id, 1, new byte[11]);
            await HttpWorld.JsonOf(part, 413, "file-too-large");
            using var index = await world.PutPartAsync(id, 2, new byte[1]);
            await HttpWorld.JsonOf(index, 413, "file-too-large");
            using var fits = await world.PutPartAsync(id, 1, new byte[10]);
            await HttpWorld.JsonOf(fits, 200);
        }
        finally
        {
            await world.ChangeTenantAsync(settings => settings with { MaxFileBytes = null });
        }
    }

    [Fact]
    public async Task The_same_idempotency_key_begins_one_upload_and_completes_it_once()
    {
        var scope = await world.MakeScopeAsync();
        var begin = ("Idempotency-Key", "begin-" + Guid.NewGuid());
        var body = new { path = "once", size = 10 };
        using var first = await world.PostAsync($"api/v1/scopes/{scope}/uploads", body, begin);
        using var again = await world.PostAsync($"api/v1/scopes/{scope}/uploads", body, begin);
        var id = (string)(await HttpWorld.JsonOf(first, 201))["id"]!;
        Assert.Equal(id, (string?)(await HttpWorld.JsonOf(again, 201))["id"]);
        using var other = await world.PostAsync($"api/v1/scopes/{scope}/uploads", new { path = "once", size = 11 }, begin);
        await HttpWorld.JsonOf(other, 409, "conflict");

        using var put = await world.PutPartAsync(id, 0, new byte[10]);
        await HttpWorld.JsonOf(put, 200);
        var complete = ("Idempotency-Key", "complete-" + Guid.NewGuid());
        using var done = await world.CompleteAsync(id, complete);
        using var repeated = await world.CompleteAsync(id, complete);
        Assert.Equal((await HttpWorld.JsonOf(done, 201)).ToJsonString(), (await HttpWorld.JsonOf(repeated, 201)).ToJsonString());
    }

    [Fact]
    public async Task Demands_on_the_file_are_held_at_the_end()
    {
        var scope = await world.MakeScopeAsync();
        using var original = await world.PutAsync(scope, "f", [1]);
        var etag = (string)(await HttpWorld.JsonOf(original, 201))["etag"]!;
        var id = await world.BeginAsync(scope, new { path = "f", size = 1, ifMatch = etag });
        using var part = await world.PutPartAsync(id, 0, new byte[] { 2 });
        await HttpWorld.JsonOf(part, 200);
        using var overtaken = await world.PutAsync(scope, "f", [3]);
        await HttpWorld.JsonOf(overtaken, 200);
        using var stale = await world.CompleteAsync(id);
        await HttpWorld.JsonOf(stale, 412, "precondition-failed");
        using var absent = await world.CompleteAsync(id, ("If-None-Match", "*"));
        await HttpWorld.JsonOf(absent, 412, "precondition-failed");
        using var forced = await world.CompleteAsync(id, ("If-Match", "*"), ("X-Granary-Modified", "2001-02-03T04:05:06.789Z"));
        await HttpWorld.JsonOf(forced, 200);
        using var get = await world.GetAsync(scope, "f");
        Assert.Equal("2001-02-03T04:05:06.789Z", get.Headers.GetValues("X-Granary-Modified").Single());
        Assert.Equal([2], await get.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Fields_against_their_rules_are_all_named()
    {
        using var refused = await world.PostAsync(
            "api/v1/scopes/main/uploads", new { path = "../x", size = -1, chunkSize = 5, sha256 = "zz", contentType = "ü", modified = "now", color = "red" });
        var errors = (await HttpWorld.JsonOf(refused, 400, "invalid-request"))["errors"]!.AsArray().Select(error => (string)error!["field"]!).Order();
        Assert.Equal(["chunkSize", "color", "contentType", "modified", "path", "sha256", "size"], errors.Distinct());
    }

    /// <summary>A body whose length is not announced.</summary>
    private sealed class Streamed(byte[] bytes) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(bytes).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
