using System.Net;
using Amazon.S3.Model;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Stores.Tests;

[Collection(S3Collection.Name)]
public sealed class S3StoreTests(ITestOutputHelper output)
{
    private readonly Random _random = Seeds.Create(output);

    [S3Fact]
    [Trait("Behaviour", "D59")]
    public async Task Wrong_credentials_are_refused_when_a_store_is_made()
    {
        var bucket = await S3Server.Current.MakeBucketAsync();
        foreach (var wrong in new[] { new StoreCredentials("NOSUCHKEY0000000", "thesecretofnobody"), new StoreCredentials(S3Server.Current.Credentials.AccessKey, "notthesecret") })
        {
            var definition = Definitions.S3(bucket, credentials: wrong);
            var fault = await Assert.ThrowsAsync<ChunkStoreException>(() => Definitions.Factory().InitializeAsync(definition, false, default));
            Assert.Equal(("access-denied", false), (fault.CodeText, fault.IsTransient));
            Assert.Contains("refuses the credentials", fault.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(wrong.SecretKey, definition.ToString(), StringComparison.Ordinal);
        }
    }

    [S3Fact]
    [Trait("Behaviour", "D59")]
    public async Task Missing_credentials_are_refused_when_a_store_is_made()
    {
        var definition = Definitions.S3(await S3Server.Current.MakeBucketAsync()) with { Credentials = null };
        var fault = await Assert.ThrowsAsync<ChunkStoreException>(() => Definitions.Factory().InitializeAsync(definition, false, default));
        Assert.Contains("requires credentials", fault.Message, StringComparison.Ordinal);
    }

    [S3Fact]
    [Trait("Behaviour", "G3")]
    public async Task A_bucket_that_does_not_exist_is_misconfigured_and_never_empty()
    {
        var definition = Definitions.S3("granary-no-such-bucket");
        Assert.Equal("misconfigured", (await Assert.ThrowsAsync<ChunkStoreException>(() => Definitions.Factory().InitializeAsync(definition, false, default))).CodeText);
        await using var store = new S3ChunkStore(definition, TimeProvider.System);
        using var chunk = ChunkBuffer.CopyOf("x"u8);
        var key = new LocationKey("t1", chunk.Hash, 1);
        Assert.Equal("misconfigured", (await Assert.ThrowsAsync<ChunkStoreOfflineException>(() => store.StatAsync(key, default))).CodeText);
        Assert.Equal("misconfigured", (await Assert.ThrowsAsync<ChunkStoreException>(() => store.ReadAsync(key, 0, [new byte[1]], default))).CodeText);
        await Assert.ThrowsAnyAsync<ChunkStoreException>(() => store.DeleteAsync(key, default));
        await Assert.ThrowsAnyAsync<ChunkStoreException>(() => store.PutAsync(key, chunk, default));
        await Assert.ThrowsAnyAsync<ChunkStoreException>(async () =>
        {
            await foreach (var entry in store.ListAsync("", default))
                Assert.Fail($"listed {entry.Key}");
        });
    }

    [S3Fact]
    public async Task Two_stores_under_two_prefixes_of_one_bucket_do_not_see_each_other()
    {
        var bucket = await S3Server.Current.MakeBucketAsync();
        await using var one = await Definitions.OpenAsync(Definitions.S3(bucket, "one/"));
        await using var two = await Definitions.OpenAsync(Definitions.S3(bucket, "two/", store: "s2"));
        using var chunk = ChunkBuffer.CopyOf(_random.Bytes(10));
        var key = new LocationKey("t1", chunk.Hash, 1);
        await one.Client.PutAsync(key, chunk, default);
        Assert.Null(await two.Client.StatAsync(key, default));
        await foreach (var entry in two.Client.ListAsync("", default))
            Assert.Fail($"listed {entry.Key}");
    }

    [S3Fact]
    public async Task A_bucket_of_another_store_is_refused_until_it_is_taken_over()
    {
        var bucket = await S3Server.Current.MakeBucketAsync();
        await (await Definitions.OpenAsync(Definitions.S3(bucket))).DisposeAsync();
        var other = Definitions.S3(bucket, store: "s2");
        Assert.Equal("identity-foreign", (await Assert.ThrowsAsync<ChunkStoreOfflineException>(() => Definitions.Factory().InitializeAsync(other, false, default))).CodeText);
        Assert.Equal("identity-foreign", (await Assert.ThrowsAsync<ChunkStoreOfflineException>(() => Definitions.Factory().OpenAsync(other, default))).CodeText);
        await Definitions.Factory().InitializeAsync(other, takeOver: true, default);
        await (await Definitions.Factory().OpenAsync(other, default)).DisposeAsync();
    }

    [S3Fact]
    [Trait("Behaviour", "G3")]
    public async Task A_bucket_that_loses_its_identity_is_offline_and_chunks_without_one_are_not_taken_over()
    {
        var definition = await Definitions.S3Async();
        await using var store = new S3ChunkStore(definition, TimeProvider.System);
        await store.InitializeAsync(false, default);
        using var chunk = ChunkBuffer.CopyOf(_random.Bytes(10));
        await store.PutAsync(new("t1", chunk.Hash, 1), chunk, default);
        using (var client = S3Server.Current.Client())
            await client.DeleteObjectAsync(((S3StoreConfig)definition.Configuration).Bucket, "granary-store.json");
        Assert.Equal("identity-missing", (await Assert.ThrowsAsync<ChunkStoreOfflineException>(() => store.CheckAsync(default))).CodeText);
        await Assert.ThrowsAsync<ChunkStoreOfflineException>(() => store.StatAsync(new("t1", chunk.Hash, 2), default));
        await Assert.ThrowsAsync<ChunkStoreOfflineException>(async () =>
        {
            await foreach (var entry in store.ListAsync("", default))
                Assert.Fail($"listed {entry.Key}");
        });
        await Assert.ThrowsAsync<ChunkStoreOfflineException>(() => store.InitializeAsync(false, default));
        await store.InitializeAsync(takeOver: true, default);
        await store.CheckAsync(default);
    }

    [S3Fact]
    [Trait("Behaviour", "D57")]
    public async Task Presigned_links_serve_the_bytes_for_a_minute_with_a_content_type_only_if_given()
    {
        await using var opened = await Definitions.OpenAsync(await Definitions.S3Async("a/b/"));
        var links = opened.Client.Find<IPresignedReads>()!;
        using var chunk = ChunkBuffer.CopyOf(_random.Bytes(1000));
        var key = new LocationKey("t1", chunk.Hash, 1);
        await opened.Client.PutAsync(key, chunk, default);
        using var http = new HttpClient();
        var plain = links.PresignGet(key);

        // One more or less: the end is a whole second, and the signer reads a clock of its own.
        Assert.Matches("X-Amz-Expires=(59|60|61)&", plain.Query);
        Assert.DoesNotContain("response-content-type", plain.Query, StringComparison.OrdinalIgnoreCase);
        Assert.Contains($"/a/b/{key}", plain.AbsolutePath, StringComparison.Ordinal);
        Assert.Equal(chunk.ToArray(), await http.GetByteArrayAsync(plain));

        using var typed = await http.GetAsync(links.PresignGet(key, "text/plain"));
        Assert.Equal("text/plain", typed.Content.Headers.ContentType!.MediaType);
        using var forged = await http.GetAsync(new Uri(plain.ToString().Replace("X-Amz-Expires=", "X-Amz-Expires=6", StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.Forbidden, forged.StatusCode);
    }

    [Fact]
    [Trait("Behaviour", "D57")]
    public async Task Presigned_links_name_the_external_endpoint()
    {
        var definition = Definitions.S3("bucket", "p/", new Uri("http://10.0.0.1:9000"), new("key", "secret"));
        definition = definition with { Configuration = (S3StoreConfig)definition.Configuration with { ExternalEndpoint = new("https://files.example.org:8443") } };
        await using var store = new S3ChunkStore(definition, TimeProvider.System);
        using var chunk = ChunkBuffer.CopyOf("x"u8);
        var link = store.PresignGet(new("t1", chunk.Hash, 1));
        Assert.Equal("https://files.example.org:8443", link.GetLeftPart(UriPartial.Authority));
        Assert.StartsWith("/bucket/p/chunks/t1/", link.AbsolutePath, StringComparison.Ordinal);
    }

    [S3Fact]
    public async Task Objects_have_no_content_encoding_of_the_transfer()
    {
        var definition = await Definitions.S3Async();
        await using var opened = await Definitions.OpenAsync(definition);
        using var chunk = ChunkBuffer.CopyOf(_random.Bytes(100_000));
        var key = new LocationKey("t1", chunk.Hash, 1);
        await opened.Client.PutAsync(key, chunk, default);
        using var client = S3Server.Current.Client();
        var answer = await client.GetObjectMetadataAsync(((S3StoreConfig)definition.Configuration).Bucket, key.ToString());
        Assert.True(string.IsNullOrEmpty(answer.Headers.ContentEncoding), answer.Headers.ContentEncoding);
        Assert.Equal(100_000, answer.ContentLength);
    }

    [S3Fact]
    [Trait("Behaviour", "D58")]
    public async Task Storage_class_and_checksum_are_sent_only_as_configured()
    {
        using var chunk = ChunkBuffer.CopyOf(_random.Bytes(100));
        var plain = (S3StoreConfig)Definitions.S3("bucket").Configuration;
        var request = S3Client.Put(plain, "k", chunk);
        Assert.Null(request.StorageClass);
        Assert.Equal(Convert.ToBase64String(chunk.Hash.ToByteArray()), request.ChecksumSHA256);
        request = S3Client.Put(plain with { StorageClass = "GLACIER", Checksums = S3Checksums.None }, "k", chunk);
        Assert.Equal("GLACIER", request.StorageClass.Value);
        Assert.Null(request.ChecksumSHA256);

        // And the server accepts both ways.
        foreach (var checksums in new[] { S3Checksums.Sha256, S3Checksums.None })
        {
            var definition = await Definitions.S3Async();
            definition = definition with { Configuration = (S3StoreConfig)definition.Configuration with { Checksums = checksums } };
            await using var opened = await Definitions.OpenAsync(definition);
            await opened.Client.PutAsync(new("t1", chunk.Hash, 1), chunk, default);
        }
    }
}
