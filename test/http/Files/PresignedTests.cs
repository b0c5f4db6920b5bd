using System.Net;
using Granary.GrainInterfaces;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Http.Tests.Files;

/// <summary>Links to the store itself, on request only.</summary>
public sealed class PresignedTests(HttpWorld world, ITestOutputHelper output) : IClassFixture<HttpWorld>
{
    [S3Fact, Trait("Behaviour", "D14"), Trait("Behaviour", "D57")]
    public async Task A_file_of_one_chunk_on_s3_is_redirected_when_the_client_asks()
    {
        var server = S3Server.Current;
        var scope = await world.ScopeOnS3Async(server.Endpoint);
        var content = Seeds.Create(output).Bytes(50_000);
        await HttpWorld.JsonOf(await world.PutAsync(scope, "one", content, ("Content-Type", "text/x-one")), 201);

        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { BaseAddress = new Uri(world.Host.Url + "/") };
        client.DefaultRequestHeaders.Authorization = new("Bearer", world.Host.OperatorKey);
        client.DefaultRequestHeaders.Add("Accept-Redirect", "presigned");
        using var redirect = await client.GetAsync(HttpWorld.FileUrl(scope, "one"));
        Assert.Equal(HttpStatusCode.TemporaryRedirect, redirect.StatusCode);
        Assert.True(redirect.Headers.CacheControl!.NoStore);
        using var direct = new HttpClient();
        using var got = await direct.GetAsync(redirect.Headers.Location);
        Assert.Equal(content, await got.Content.ReadAsByteArrayAsync());
        Assert.Equal("text/x-one", got.Content.Headers.ContentType!.MediaType);

        using var unasked = await world.GetAsync(scope, "one");
        Assert.Equal(HttpStatusCode.OK, unasked.StatusCode);
        Assert.Equal(content, await unasked.Content.ReadAsByteArrayAsync());
        await HttpWorld.JsonOf(await world.PutAsync("main", "local", content), 201);
        using var local = await client.GetAsync(HttpWorld.FileUrl("main", "local"));
        Assert.Equal(HttpStatusCode.OK, local.StatusCode);
    }

    [S3Fact, Trait("Behaviour", "D58")]
    public async Task The_storage_class_and_the_checksum_of_an_upload_are_those_that_the_store_was_made_with()
    {
        await using var proxy = new FaultProxy(S3Server.Current.Endpoint);
        foreach (var (settings, storageClass, hasChecksum) in new (object, string?, bool)[]
        {
            (new { }, null, true),
            (new { storageClass = "STANDARD", checksums = "none" }, "STANDARD", false),
        })
        {
            var scope = await world.ScopeOnS3Async(proxy.Endpoint, settings);
            var content = Seeds.Create(output).Bytes(5_000);
            proxy.Heads.Clear();
            await HttpWorld.JsonOf(await world.PutAsync(scope, "one", content), 201);
            var put = proxy.Heads.Single(head => head[0].StartsWith("PUT ", StringComparison.Ordinal) && head[0].Contains("/chunks/", StringComparison.Ordinal));
            Assert.Equal(storageClass, Field(put, "x-amz-storage-class"));
            Assert.Equal(hasChecksum ? Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(content)) : null, Field(put, "x-amz-checksum-sha256"));
            using var get = await world.GetAsync(scope, "one");
            Assert.Equal(content, await get.Content.ReadAsByteArrayAsync());
        }
    }

    private static string? Field(string[] head, string name) =>
        head.FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?.Split(':', 2)[1].Trim();
}
