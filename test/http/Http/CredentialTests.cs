using System.Net;
using Granary.Catalog;
using Granary.GrainInterfaces;

namespace Granary.Http.Tests.Http;

/// <summary>Who may do what, and what they are told (http-api, Credentials).</summary>
public sealed class CredentialTests(HttpWorld world) : IClassFixture<HttpWorld>
{
    [Theory]
    [InlineData(null)]
    [InlineData("Basic abc")]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Bearer wrong")]
    [InlineData("Bearer gk_0_0000")]
    public async Task Without_a_valid_credential_the_answer_is_401(string? header)
    {
        using var client = world.Host.AnonymousClient();
        foreach (var url in new[] { "api/v1/scopes/main/files", "api/v1/scopes/main/files/a", "api/v1/scopes/nowhere/files/a" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            if (header is not null)
                request.Headers.TryAddWithoutValidation("Authorization", header);
            using var response = await client.SendAsync(request);
            await HttpWorld.JsonOf(response, 401, "unauthenticated");
            Assert.Equal("Bearer", response.Headers.WwwAuthenticate.Single().Scheme);
        }
    }

    [Fact]
    public async Task Each_right_is_needed_and_none_includes_reading_but_administration()
    {
        await HttpWorld.JsonOf(await world.PutAsync("main", "rights", [1]), null);
        using var read = await world.ClientWithAsync(["read"]);
        using var write = await world.ClientWithAsync(["write"]);
        using var admin = await world.ClientWithAsync(["admin"]);
        var url = HttpWorld.FileUrl("main", "rights");
        Assert.Equal(HttpStatusCode.OK, (await read.GetAsync(url)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await admin.GetAsync(url)).StatusCode);
        await HttpWorld.JsonOf(await write.GetAsync(url), 403, "forbidden");
        await HttpWorld.JsonOf(await read.PutAsync(url, new ByteArrayContent([1])), 403, "forbidden");
        await HttpWorld.JsonOf(await read.DeleteAsync(url), 403, "forbidden");
        Assert.Equal(HttpStatusCode.OK, (await write.PutAsync(url, new ByteArrayContent([1]))).StatusCode);
    }

    [Fact, Trait("Behaviour", "S11")]
    public async Task A_key_of_one_scope_learns_nothing_of_the_others()
    {
        var mine = await world.MakeScopeAsync();
        var other = await world.MakeScopeAsync();
        await HttpWorld.JsonOf(await world.PutAsync(other, "f", [1]), 201);
        await HttpWorld.JsonOf(await world.PutAsync(mine, "f", [1]), 201);
        using var client = await world.ClientWithAsync(["read", "write"], mine);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(HttpWorld.FileUrl(mine, "f"))).StatusCode);
        var hidden = await (await client.GetAsync(HttpWorld.FileUrl(other, "f"))).Content.ReadAsStringAsync();
        var absent = await (await client.GetAsync(HttpWorld.FileUrl("nowhere", "f"))).Content.ReadAsStringAsync();
        Assert.Equal(absent, hidden);
        await HttpWorld.JsonOf(await client.PutAsync(HttpWorld.FileUrl(other, "f"), new ByteArrayContent([1])), 404, "not-found");
        using var copy = new StringContent($$"""{"from":"f","to":"f","toScope":"{{other}}"}""", null, "application/json");
        await HttpWorld.JsonOf(await client.PostAsync($"api/v1/scopes/{mine}/files:copy", copy), 404, "not-found");

        using var explain = await client.GetAsync(HttpWorld.FileUrl(mine, "f", "?explain"));
        Assert.Null((await HttpWorld.JsonOf(explain, 200))["chunks"]![0]!["otherReferences"]);
        using var all = await world.SendAsync(HttpMethod.Get, HttpWorld.FileUrl(mine, "f", "?explain"));
        Assert.True((long)(await HttpWorld.JsonOf(all, 200))["chunks"]![0]!["otherReferences"]! >= 1);
    }

    [Fact]
    public async Task Another_tenant_is_reached_by_operators_only()
    {
        await world.Service<TenantCatalog>().CreateAsync("other-tenant", new TenantSettings(), null, default);
        using var key = await world.ClientWithAsync(["admin"]);
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/v1/scopes/main/files") { Headers = { { "X-Granary-Tenant", "other-tenant" } } };
        await HttpWorld.JsonOf(await key.SendAsync(request), 404, "not-found");
        using var own = new HttpRequestMessage(HttpMethod.Get, "api/v1/scopes/main/files") { Headers = { { "X-Granary-Tenant", "default" } } };
        Assert.Equal(HttpStatusCode.OK, (await key.SendAsync(own)).StatusCode);
        using var elsewhere = await world.SendAsync(HttpMethod.Get, "api/v1/scopes/main/files", null, ("X-Granary-Tenant", "other-tenant"));
        await HttpWorld.JsonOf(elsewhere, 404, "not-found");
    }

    [Fact]
    public async Task A_route_that_is_not_there_and_a_method_that_is_not_taken_are_told_apart()
    {
        using var nowhere = await world.SendAsync(HttpMethod.Get, "api/v1/nowhere");
        await HttpWorld.JsonOf(nowhere, 404, "not-found");
        using var method = await world.SendAsync(HttpMethod.Patch, HttpWorld.FileUrl("main", "x"));
        await HttpWorld.JsonOf(method, 405, "method-not-allowed");
        Assert.Contains("PUT", method.Content.Headers.Allow);
    }
}
