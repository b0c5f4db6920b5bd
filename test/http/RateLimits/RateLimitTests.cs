using System.Globalization;
using Granary.Http.Tests.Administration;

namespace Granary.Http.Tests.RateLimits;

[Collection("administration")]
public sealed class RateLimitTests(AdminWorld world)
{
    [Fact]
    [Trait("Behaviour", "A5")]
    [Trait("Behaviour", "S18")]
    public async Task A_tenant_above_its_limit_is_told_so_and_others_are_not_touched()
    {
        var tenant = await world.MakeTenantAsync(", \"requestsPerMinute\": 3");
        var key = await world.MakeKeyAsync("read", tenant); // the first of the three
        for (var left = 1; left >= 0; left--)
        {
            var answer = (await world.GetAsync("/api/v1/scopes", key)).Is(200);
            Assert.Equal("3", answer.Header("X-RateLimit-Limit"));
            Assert.Equal(left.ToString(CultureInfo.InvariantCulture), answer.Header("X-RateLimit-Remaining"));
        }

        var refused = (await world.GetAsync("/api/v1/scopes", key)).Refused(429, "rate-limited");
        Assert.Equal(3, (int?)refused.Json["limit"]);
        Assert.InRange(refused.Response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 61);
        Assert.Equal("0", refused.Header("X-RateLimit-Remaining"));

        Assert.Matches("(?m)^granary_api_rate_limited_total\\{limit=\"tenant\"\\} [1-9]", (await world.GetAsync("/metrics", key: "")).Text);

        var other = (await world.GetAsync("/api/v1/scopes")).Is(200);
        Assert.Null(other.Header("X-RateLimit-Limit"));
        (await world.GetAsync("/api/v1/scopes", key: "")).Refused(401, "unauthenticated");
    }

    [Fact]
    [Trait("Behaviour", "S18")]
    public async Task The_operator_can_always_lift_a_limit_and_it_is_lifted_at_once()
    {
        var tenant = await world.MakeTenantAsync(", \"requestsPerMinute\": 1");
        (await world.SendAsync("GET", "/api/v1/scopes", tenant: tenant)).Is(200);
        (await world.SendAsync("GET", "/api/v1/scopes", tenant: tenant)).Refused(429, "rate-limited");
        (await world.SendAsync("PATCH", $"/api/v1/tenants/{tenant}", """{"requestsPerMinute": null}""", tenant: tenant)).Is(200);
        var answer = (await world.SendAsync("GET", "/api/v1/scopes", tenant: tenant)).Is(200);
        Assert.Null(answer.Header("X-RateLimit-Limit"));
    }
}
