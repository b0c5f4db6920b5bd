using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;

namespace Granary.Http.Tests.Http;

/// <summary>Odd request targets, as raw bytes, on every route and method.</summary>
public sealed class RawTargetTests(HttpWorld world) : IClassFixture<HttpWorld>
{
    private static readonly string[] s_methods = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"];

    private static readonly string[] s_bad =
    [
        "/..", "/../x", "/.", "/a/./b", "/%2e%2e/x", "/.%2E", "/%2e", "/a%2F..%2Fb", "//x", "/a//b", "/a%2F%2Fb", "/a/", "/a%00b", "/%00",
        "/%ff", "/%c0%af", "/%ed%a0%80", "/%", "/%2", "/%zz", "/" + "a%e4",
    ];

    public static TheoryData<string> Routes => [.. new[]
    {
        "/", "/metrics", "/nowhere", "/api/v1/scopes", "/api/v1/scopes/main", "/api/v1/scopes/main/files", "/api/v1/scopes/main/files/a",
        "/api/v1/scopes/main/files:copy", "/api/v1/scopes/main/stores/local", "/api/v1/tenants/default", "/api/v1/file-stores/local",
        "/api/v1/api-keys/x", "/api/v1/health", "/openapi",
    }];

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task A_bad_path_is_refused_on_every_route_and_method(string route)
    {
        foreach (var method in s_methods)
        {
            foreach (var bad in s_bad)
                await RefusedAsync(method, route.TrimEnd('/') + bad);
        }
    }

    [Fact]
    public async Task A_bad_path_is_refused_on_every_mapped_route()
    {
        var patterns = world.Service<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Select(e => e.RoutePattern.RawText!).Distinct().ToList();
        Assert.True(patterns.Count >= 5);
        foreach (var pattern in patterns)
        {
            var target = "/" + System.Text.RegularExpressions.Regex.Replace(pattern.TrimStart('/'), "{[^}]*}", "x");
            await RefusedAsync("GET", target.TrimEnd('/') + "/%2e%2e/y");
            await RefusedAsync("PUT", target.TrimEnd('/') + "/a%00b");
        }
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task A_path_of_1025_bytes_is_refused_and_one_of_1024_is_not(string method)
    {
        await RefusedAsync(method, "/api/v1/scopes/main/files/" + new string('a', 1025));
        await RefusedAsync(method, "/api/v1/scopes/main/files/" + string.Concat(Enumerable.Repeat("%61", 1025)));
        await RefusedAsync(method, "/" + new string('a', 20_000));
        var answer = await AskAsync(method, "/api/v1/scopes/nowhere/files/" + string.Concat(Enumerable.Repeat("%61", 1024)));
        Assert.Equal(404, answer.Status);
    }

    [Theory]
    [InlineData("GET /a b HTTP/1.1")]
    [InlineData("GET /\u00e4 HTTP/1.1")]
    [InlineData("GET /a\0b HTTP/1.1")]
    public async Task What_the_server_cannot_parse_gets_a_problem_body_too(string line)
    {
        var answer = await RawHttp.AskAsync(world.Port, line + "\r\nHost: x\r\n\r\n");
        Assert.Equal(400, answer.Status);
        Assert.Equal("application/problem+json", answer.Headers["Content-Type"]);
        Assert.Equal("invalid-path", (string?)JsonNode.Parse(answer.Body)!["code"]);
    }

    [Fact]
    public async Task Headers_that_are_too_large_get_a_problem_body_too()
    {
        var answer = await RawHttp.AskAsync(world.Port, $"GET / HTTP/1.1\r\nHost: x\r\nX: {new string('x', 40_000)}\r\n\r\n");
        Assert.Equal(431, answer.Status);
        Assert.Equal("headers-too-large", (string?)JsonNode.Parse(answer.Body)!["code"]);
    }

    [Fact]
    public async Task An_absolute_target_is_checked_like_any_other()
    {
        await RefusedAsync("GET", "http://x/api/v1/../b");
        var answer = await AskAsync("GET", "http://x/metrics");
        Assert.Equal(200, answer.Status);
    }

    [Fact]
    public async Task An_encoded_slash_in_a_file_path_means_a_slash()
    {
        using var put = await world.SendAsync(HttpMethod.Put, "api/v1/scopes/main/files/folder%2Fname", new ByteArrayContent([1]));
        Assert.Equal("folder/name", (string?)(await HttpWorld.JsonOf(put, 201))["path"]);
        using var get = await world.GetAsync("main", "folder/name");
        Assert.Equal(200, (int)get.StatusCode);
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("it's \"quoted\" & more?#+")]
    [InlineData("\u00fc/\u65e5\u672c/\U0001f33e")]
    [InlineData("...")]
    [InlineData("a/..b/.c")]
    [InlineData("%2e%2e")]
    [InlineData("u\u0308 is not \u00fc")]
    public async Task A_path_comes_back_as_it_went_in(string path)
    {
        using var put = await world.PutAsync("main", path, [1, 2]);
        Assert.Equal(path, (string?)(await HttpWorld.JsonOf(put, 201))["path"]);
        using var list = await world.SendAsync(HttpMethod.Get, $"api/v1/scopes/main/files?prefix={Uri.EscapeDataString(path)}");
        Assert.Equal(path, (string?)(await HttpWorld.JsonOf(list, 200))["items"]![0]!["path"]);
    }

    private async Task RefusedAsync(string method, string target)
    {
        var answer = await AskAsync(method, target);
        Assert.True(answer.Status == 400, $"{method} {target[..Math.Min(80, target.Length)]} answered {answer.Status}");
        Assert.Equal("application/problem+json", answer.Headers["Content-Type"]);
        if (method != "HEAD")
            Assert.Equal("invalid-path", (string?)JsonNode.Parse(answer.Body)!["code"]);
    }

    private Task<RawAnswer> AskAsync(string method, string target) => RawHttp.AskAsync(
        world.Port, $"{method} {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nAuthorization: Bearer {world.Host.OperatorKey}\r\n\r\n");
}
