namespace Granary.Http.Tests.Administration;

/// <summary>What of draining a silo needs no second store; the rest is with real silos.</summary>
[Collection("administration")]
public sealed class SiloDrainTests(AdminWorld world)
{
    [Fact]
    public async Task A_silo_whose_store_is_the_only_one_of_a_scope_is_refused_with_a_code_and_stays_as_it_is()
    {
        var silo = (string)(await world.GetAsync("/api/v1/cluster")).Is(200).Json["silos"]![0]!["name"]!;
        var refused = (await world.SendAsync("POST", $"/api/v1/cluster/silos/{silo}/drain")).Refused(409, "no-target");
        Assert.Contains("has no other store that takes its uploads", refused.Text);
        (await world.GetAsync($"/api/v1/cluster/silos/{silo}/drain")).Refused(404, "not-found");
        Assert.Null((await world.GetAsync("/api/v1/cluster")).Is(200).Json["silos"]![0]!["drain"]);
        Assert.Equal(204, (await world.SendAsync("DELETE", $"/api/v1/cluster/silos/{silo}/drain")).Status);
    }

    [Fact]
    public async Task A_silo_that_nobody_knows_is_not_found()
    {
        (await world.SendAsync("POST", "/api/v1/cluster/silos/nobody/drain")).Refused(404, "not-found");
        (await world.SendAsync("DELETE", "/api/v1/cluster/silos/nobody/drain")).Refused(404, "not-found");
    }

    [Fact]
    public async Task The_cluster_says_what_each_silo_does()
    {
        var silo = (await world.GetAsync("/api/v1/cluster")).Is(200).Json["silos"]!.AsArray().Single()!;
        Assert.Equal(["serve"], silo["roles"]!.AsArray().Select(role => (string)role!));
        Assert.False(string.IsNullOrEmpty((string?)silo["version"]));
    }
}
