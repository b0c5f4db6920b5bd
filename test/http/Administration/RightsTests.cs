using System.Text.RegularExpressions;
using Granary.ClientApi;
using Granary.ClientApi.Authentication;
using Microsoft.AspNetCore.Routing;

namespace Granary.Http.Tests.Administration;

/// <summary>Who may do what, on every route that is mapped.</summary>
[Collection("administration")]
public sealed class RightsTests(AdminWorld world)
{
    /// <summary>What the contract says of each route; a new route needs a row.</summary>
    private static readonly (string Pattern, Rights Get, Rights Write)[] s_contract =
    [
        ("/api/v1/scopes/{scope}/files.*", Rights.Read, Rights.Write),
        ("/api/v1/scopes/{scope}/(uploads|tus).*", Rights.Write, Rights.Write),
        ("/api/v1/uploads/{id}.*", Rights.Write, Rights.Write),
        ("/api/v1/scopes/{scope}/holds.*", Rights.Read, Rights.Admin),
        ("/api/v1/scopes/{scope}/webhooks.*", Rights.Admin, Rights.Admin),
        ("/api/v1/scopes/{scope}/changes", Rights.Read, Rights.None),
        ("/api/v1/changes", Rights.Read, Rights.None),
        ("/api/v1/chunks/{sha256}", Rights.Admin, Rights.None),
        ("/api/v1/(maintenance|fsck|backups).*", Rights.Operator, Rights.Operator),
        ("/api/v1/scopes/{scope}/stores/{store}", Rights.Admin, Rights.Admin),
        ("/api/v1/scopes(/{scope})?", Rights.Read, Rights.Admin),
        ("/api/v1/api-keys.*", Rights.Admin, Rights.Admin),
        ("/api/v1/(tenants|file-stores|cluster|health/full).*", Rights.Operator, Rights.Operator),
        ("/|/metrics|/openapi/v1.json|/api/v1/(health|ready)", Rights.None, Rights.None),
    ];

    private IEnumerable<(string Method, string Pattern, ApiAccess Access)> Routes =>
        world.Service<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().SelectMany(
            e => e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods,
            (e, method) => (method, e.RoutePattern.RawText!, e.Metadata.GetMetadata<ApiAccess>()!));

    [Fact]
    [Trait("Behaviour", "S11")]
    public void Every_route_needs_the_right_that_the_contract_says()
    {
        foreach (var (method, pattern, access) in Routes)
        {
            var rows = s_contract.Where(r => Regex.IsMatch(pattern, $"^({Regex.Escape(r.Pattern).Replace("\\(", "(").Replace("\\)", ")").Replace("\\|", "|").Replace("\\?", "?").Replace("\\.\\*", ".*")})$")).ToList();
            Assert.True(rows.Count > 0, $"{method} {pattern} has no row in this test's list of what the contract says.");
            var expected = method switch { "GET" or "HEAD" => rows[0].Get, "OPTIONS" => Rights.None, _ => rows[0].Write }; // what is there is asked without a credential
            Assert.Equal(expected, access.Right);
            Assert.Equal(access.Right is not (Rights.None or Rights.Operator), access.NeedsTenant);
        }
    }

    [Fact]
    [Trait("Behaviour", "S11")]
    public async Task Every_route_refuses_each_credential_that_lacks_its_right()
    {
        var other = await world.MakeTenantAsync();
        var keys = new (string Name, string Key, Rights Rights, bool Foreign)[]
        {
            ("none", "", Rights.None, false),
            ("unknown", "gk_no_such_key", Rights.None, false),
            ("foreign admin", await world.MakeKeyAsync("admin", other), RightsText.Parse(["admin"]), true),
            ("read", await world.MakeKeyAsync("read"), RightsText.Parse(["read"]), false),
            ("write", await world.MakeKeyAsync("write"), RightsText.Parse(["write"]), false),
            ("admin", await world.MakeKeyAsync("admin"), RightsText.Parse(["admin"]), false),
            ("operator", world.Host.OperatorKey, RightsText.Parse(["operator"]), false),
        };
        var scope = await world.MakeScopeAsync();
        foreach (var (method, pattern, access) in Routes)
        {
            foreach (var (name, key, rights, foreign) in keys)
            {
                var allowed = (rights & access.Right) == access.Right;
                var target = Target(pattern, allowed && !foreign ? "missing" : scope);
                var answer = await world.SendAsync(method, target, method is "GET" or "HEAD" or "DELETE" ? null : "{}", key);
                var label = $"{method} {target} with {name}: {answer.Status} {answer.Text}";
                if (access.Right == Rights.None)
                    Assert.True(answer.Status is 200 or 204, label);
                else if (rights == Rights.None)
                    Assert.True(answer.Status == 401, label);
                else if (!allowed)
                    Assert.True(answer.Status == 403, label);
                else if (pattern.Contains("/tus", StringComparison.Ordinal))
                    Assert.True(answer.Status is 400 or 404 or 405 or 412 or 415, label); // the protocol's own demands
                else if (foreign && pattern.Contains("{scope}", StringComparison.Ordinal))
                    Assert.True(answer.Status == 404, label);
                else
                    Assert.True(answer.Status is 200 or 202 or 400 or 404, label); // 202: a run was started
            }
        }
    }

    [Fact]
    public async Task A_refusal_for_want_of_a_credential_says_how_to_give_one()
    {
        var answer = (await world.GetAsync("/api/v1/scopes", key: "")).Refused(401, "unauthenticated");
        Assert.Equal("Bearer", answer.Response.Headers.WwwAuthenticate.Single().Scheme);
    }

    [Fact]
    [Trait("Behaviour", "S11")]
    public async Task A_key_for_one_scope_sees_nothing_of_the_others()
    {
        var (mine, other) = (await world.MakeScopeAsync(), await world.MakeScopeAsync());
        await world.PutFileAsync(other, "secret");
        var key = await world.MakeKeyAsync("admin", scope: mine);

        (await world.GetAsync($"/api/v1/scopes/{mine}", key)).Is(200);
        foreach (var (method, tail) in new[] { ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/files"), ("GET", "/files/secret"), ("PUT", "/files/x"), ("PUT", "/stores/local"), ("DELETE", "/stores/local") })
        {
            var answer = await world.SendAsync(method, $"/api/v1/scopes/{other}{tail}", method is "GET" or "DELETE" ? null : "{}", key);
            var missing = await world.SendAsync(method, $"/api/v1/scopes/no-such-scope{tail}", method is "GET" or "DELETE" ? null : "{}", key);
            answer.Refused(404, "not-found");
            Assert.Equal(missing.Text, answer.Text); // what is there and what is not look the same
        }

        var list = (await world.GetAsync("/api/v1/scopes", key)).Is(200).Json["items"]!.AsArray();
        Assert.Equal([mine], list.Select(s => (string)s!["name"]!));
    }

    [Fact]
    public async Task A_key_that_is_limited_to_scopes_makes_neither_scopes_nor_keys()
    {
        var key = await world.MakeKeyAsync("admin", scope: await world.MakeScopeAsync());
        (await world.SendAsync("POST", "/api/v1/scopes", """{"name": "more"}""", key)).Refused(403, "forbidden");
        (await world.SendAsync("POST", "/api/v1/api-keys", """{"name": "more", "rights": ["read"]}""", key)).Refused(403, "forbidden");
        (await world.GetAsync("/api/v1/api-keys", key)).Refused(403, "forbidden");
    }

    [Fact]
    public async Task Only_an_operator_acts_in_another_tenant()
    {
        var tenant = await world.MakeTenantAsync();
        var scope = await world.MakeScopeAsync(tenant);
        (await world.SendAsync("GET", $"/api/v1/scopes/{scope}", tenant: tenant)).Is(200);
        (await world.GetAsync($"/api/v1/scopes/{scope}")).Refused(404, "not-found");
        (await world.SendAsync("GET", "/api/v1/scopes", tenant: "no-such-tenant")).Refused(404, "not-found");

        var admin = await world.MakeKeyAsync("admin");
        var there = (await world.SendAsync("GET", "/api/v1/scopes", key: admin, tenant: tenant)).Refused(404, "not-found");
        var nowhere = (await world.SendAsync("GET", "/api/v1/scopes", key: admin, tenant: "no-such-tenant")).Refused(404, "not-found");
        Assert.Equal(nowhere.Text, there.Text);
        (await world.SendAsync("GET", "/api/v1/scopes", key: admin, tenant: "default")).Is(200);
    }

    [Fact]
    public async Task An_operator_whose_home_tenant_is_gone_must_name_one()
    {
        await using var host = await TestHost.GranaryHost.StartAsync();
        foreach (var target in new[] { "/api/v1/scopes/main?force=true" })
            Assert.True((await host.Client.DeleteAsync(host.Url + target)).IsSuccessStatusCode);
        await TestSupport.Eventually.BecomesAsync(
            () => host.Client.DeleteAsync(host.Url + "/api/v1/tenants/default").GetAwaiter().GetResult().IsSuccessStatusCode, "the tenant can be deleted");
        using var response = await host.Client.GetAsync(host.Url + "/api/v1/scopes");
        var answer = new AdminAnswer((int)response.StatusCode, await response.Content.ReadAsStringAsync(), response);
        answer.Refused(400, "tenant-required");
        using var global = await host.Client.GetAsync(host.Url + "/api/v1/tenants");
        Assert.Equal(200, (int)global.StatusCode);
    }

    private static string Target(string pattern, string scope) =>
        Regex.Replace(pattern.Replace("{scope}", scope, StringComparison.Ordinal), "{[^}]*}", "missing");
}
