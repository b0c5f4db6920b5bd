using System.Net;
using Granary.TestHost;

namespace Granary.Http.Tests.Tus;

/// <summary>What a browser asks before it lets a page of another origin upload.</summary>
public sealed class TusCorsTests
{
    [Fact]
    public async Task A_page_of_an_allowed_origin_may_send_and_read_the_headers_of_tus_and_another_may_not()
    {
        await using var host = await GranaryHost.StartAsync(new GranaryHostOptions { Settings = { ["GRANARY_CORS_ORIGINS"] = "https://files.example.org" } });
        foreach (var (origin, allowed) in new[] { ("https://files.example.org", true), ("https://evil.example.org", false) })
        {
            using var preflight = new HttpRequestMessage(HttpMethod.Options, "api/v1/scopes/main/tus")
            {
                Headers =
                {
                    { "Origin", origin },
                    { "Access-Control-Request-Method", "PATCH" },
                    { "Access-Control-Request-Headers", "authorization,tus-resumable,upload-offset,content-type" },
                },
            };
            using var client = host.AnonymousClient();
            using var answer = await client.SendAsync(preflight);
            Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
            Assert.Equal(allowed ? origin : "", answer.Header("Access-Control-Allow-Origin"));
            if (!allowed)
                continue;
            Assert.Contains("PATCH", answer.Header("Access-Control-Allow-Methods"), StringComparison.Ordinal);
            Assert.Contains("authorization", answer.Header("Access-Control-Allow-Headers"), StringComparison.OrdinalIgnoreCase);
            using var create = new HttpRequestMessage(HttpMethod.Post, "api/v1/scopes/main/tus")
            {
                Headers = { { "Origin", origin }, { "Tus-Resumable", "1.0.0" }, { "Upload-Length", "1" }, { "Upload-Metadata", TusWorld.Metadata("cors") } },
            };
            using var created = await host.Client.SendAsync(create);
            Assert.Equal(HttpStatusCode.Created, created.StatusCode);
            var exposed = created.Headers.GetValues("Access-Control-Expose-Headers").Single().Split(',');
            foreach (var header in new[] { "Location", "Upload-Offset", "Upload-Length", "Tus-Resumable", "Upload-Expires", "Upload-Concat" })
                Assert.Contains(header, exposed);
        }
    }
}
