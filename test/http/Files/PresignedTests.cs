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
        var name = world.NewName("s3");
        using var made = await world.PostAsync("api/v1/file-stores", new
        {
            name,
            backend = "s3",
            configuration = new
            {
                endpoint = server.Endpoint.GetLeftPart(UriPartial.Authority),
                bucket = await server.MakeBucketAsync(),
                forcePathStyle = true,
                accessKey = server.Credentials.AccessKey,
                secretKey = server.Credentials.SecretKey,
            },
        });
        await HttpWorld.JsonOf(made, 201);
        await world.ChangeTenantAsync(settings => settings with { Stores = settings.Stores.Append(world.StoreOf(name)).ToList() });
        var scope = await world.MakeScopeAsync();
        await world.AttachAsync(scope, new AttachmentSettings { Store = world.StoreOf(name), UploadPriority = 500, DownloadPriority = 500 });
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
}
