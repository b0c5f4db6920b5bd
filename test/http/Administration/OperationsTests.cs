namespace Granary.Http.Tests.Administration;

[Collection("administration")]
public sealed class OperationsTests(AdminWorld world)
{
    [Fact]
    [Trait("Behaviour", "S19")]
    public async Task Health_and_readiness_need_no_credential_and_the_full_check_needs_an_operator()
    {
        Assert.Equal("""{"status":"alive","failures":{}}""", (await world.GetAsync("/api/v1/health", key: "")).Is(200).Text);
        Assert.Equal("""{"status":"ready","failures":{}}""", (await world.GetAsync("/api/v1/ready", key: "")).Is(200).Text);
        (await world.GetAsync("/api/v1/health/full", key: "")).Refused(401, "unauthenticated");
    }

    [Fact]
    public async Task The_cluster_shows_its_silo_the_runtime_and_the_stores_it_owns()
    {
        var cluster = (await world.GetAsync("/api/v1/cluster")).Is(200).Json;
        var silo = cluster["silos"]!.AsArray().Single()!;
        Assert.Equal("active", (string?)silo["status"]);
        Assert.Contains("local", silo["stores"]!.AsArray().Select(s => (string)s!));
        Assert.False(string.IsNullOrEmpty((string?)cluster["runtime"]));
    }

    [Fact]
    public async Task The_home_page_tells_people_what_runs_and_its_links_work()
    {
        var page = (await world.GetAsync("/", key: "")).Is(200);
        Assert.Equal("text/html", page.Response.Content.Headers.ContentType!.MediaType);
        Assert.Contains("Granary is running", page.Text);
        Assert.Contains("granary put", page.Text);
        var links = System.Text.RegularExpressions.Regex.Matches(page.Text, "href=\"([^\"]*)\"").Select(m => m.Groups[1].Value).ToList();
        Assert.NotEmpty(links);
        foreach (var link in links)
            (await world.GetAsync("/" + link, key: "")).Is(200);
    }

    [Fact]
    public async Task An_unknown_address_and_a_method_that_is_not_there_get_problems()
    {
        (await world.GetAsync("/api/v1/nothing")).Refused(404, "not-found");
        var answer = (await world.SendAsync("PUT", "/api/v1/tenants", "{}")).Refused(405, "method-not-allowed");
        Assert.Contains("POST", answer.Response.Content.Headers.Allow);
    }
}
