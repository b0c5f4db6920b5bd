namespace Granary.Http.Tests.Administration;

[Collection("administration")]
public sealed class TenantTests(AdminWorld world)
{
    public static TheoryData<string> BadNames =>
        [.. new[] { "", "-a", "A", "a b", "a_b", "a.b", "\u00e4", "a/b", new string('a', 64) }];

    [Theory]
    [MemberData(nameof(BadNames))]
    public async Task A_name_outside_the_rules_is_refused_for_tenants_scopes_and_stores(string name)
    {
        foreach (var resource in new[] { "tenants", "scopes" })
            (await world.SendAsync("POST", $"/api/v1/{resource}", $$"""{"name": "{{name}}"}""")).Refused(400, "invalid-request", "name");
        (await world.SendAsync("POST", "/api/v1/file-stores", AdminWorld.LocalStore(name, world.Host.DataPath))).Refused(400, "invalid-request", "name");
    }

    [Fact]
    public async Task A_name_of_63_characters_is_taken()
    {
        var name = world.NewName("t").PadRight(63, 'x');
        (await world.SendAsync("POST", "/api/v1/tenants", $$"""{"name": "{{name}}"}""")).Is(201);
        (await world.SendAsync("POST", "/api/v1/tenants", $$"""{"name": "{{name}}"}""")).Refused(409, "conflict");
    }

    [Fact]
    [Trait("Behaviour", "D49")]
    public async Task A_patch_leaves_what_is_absent_and_unsets_what_is_null()
    {
        var tenant = await world.MakeTenantAsync(", \"quotaBytes\": 1000, \"maxFileBytes\": 10, \"stores\": [\"local\"]");
        var target = $"/api/v1/tenants/{tenant}";

        var now = (await world.SendAsync("PATCH", target, """{"maxFileBytes": 20}""")).Is(200).Json;
        Assert.Equal(1000, (long?)now["quotaBytes"]);
        Assert.Equal(20, (long?)now["maxFileBytes"]);
        Assert.Equal("local", (string?)now["stores"]!.AsArray().Single());

        now = (await world.SendAsync("PATCH", target, """{"quotaBytes": null, "stores": null}""")).Is(200).Json;
        Assert.Null(now["quotaBytes"]);
        Assert.Equal(20, (long?)now["maxFileBytes"]);
        Assert.Empty(now["stores"]!.AsArray());
        Assert.Equal((await world.GetAsync(target)).Text, now.ToJsonString());
    }

    [Theory]
    [InlineData("""{"quotaBytes": -1}""", "quotaBytes")]
    [InlineData("""{"quotaBytes": 1.5}""", "quotaBytes")]
    [InlineData("""{"quotaBytes": "1"}""", "quotaBytes")]
    [InlineData("""{"quotaBytes": 9223372036854775808}""", "quotaBytes")]
    [InlineData("""{"requestsPerMinute": 0}""", "requestsPerMinute")]
    [InlineData("""{"stores": ["no-such-store"]}""", "stores")]
    [InlineData("""{"stores": [1]}""", "stores")]
    [InlineData("""{"quota": 1}""", "quota")]
    [InlineData("""{"quotaBytes": 1, "quotaBytes": 2}""", null)]
    [InlineData("""[]""", null)]
    [InlineData("""{""", null)]
    [InlineData("", null)]
    [InlineData("{\"\\ud800\": 1}", null)]
    [InlineData("{\"stores\": [\"\\ud800\"]}", null)]
    public async Task A_wrong_field_is_refused_by_name_and_nothing_changes(string body, string? field)
    {
        var tenant = await world.MakeTenantAsync();
        var before = (await world.GetAsync($"/api/v1/tenants/{tenant}")).Text;
        (await world.SendAsync("PATCH", $"/api/v1/tenants/{tenant}", body)).Refused(400, "invalid-request", field);
        Assert.Equal(before, (await world.GetAsync($"/api/v1/tenants/{tenant}")).Text);
    }

    [Fact]
    public async Task One_answer_names_every_wrong_field()
    {
        var answer = (await world.SendAsync("POST", "/api/v1/tenants", """{"name": "A", "quotaBytes": -1, "more": 1}""")).Refused(400, "invalid-request");
        Assert.Equal(["name", "quotaBytes", "more"], answer.Json["errors"]!.AsArray().Select(e => (string)e!["field"]!));
    }

    [Fact]
    public async Task A_body_above_the_limit_or_of_another_media_type_is_refused()
    {
        (await world.SendAsync("POST", "/api/v1/tenants", new string(' ', (1 << 20) + 1))).Refused(413, "body-too-large");
        using var xml = new StringContent("<name/>", System.Text.Encoding.UTF8, "application/xml");
        using var response = await world.Host.Client.PostAsync(world.Host.Url + "/api/v1/tenants", xml);
        Assert.Equal(415, (int)response.StatusCode);
    }

    [Fact]
    public async Task A_tenant_with_scopes_is_not_deleted_and_one_without_is()
    {
        var tenant = await world.MakeTenantAsync();
        var scope = await world.MakeScopeAsync(tenant);
        (await world.SendAsync("DELETE", $"/api/v1/tenants/{tenant}")).Refused(409, "not-empty");
        (await world.SendAsync("DELETE", $"/api/v1/scopes/{scope}", tenant: tenant)).Is(204);
        for (var tries = 0; (await world.SendAsync("DELETE", $"/api/v1/tenants/{tenant}")).Status != 204; tries++)
        {
            // The rows of the scope go in the background.
            Assert.True(tries < 400, "After 20 s the scope was not gone.");
            await Task.Delay(50);
        }

        (await world.GetAsync($"/api/v1/tenants/{tenant}")).Refused(404, "not-found");
        (await world.SendAsync("POST", "/api/v1/tenants", $$"""{"name": "{{tenant}}"}""")).Is(201);
    }

    [Fact]
    public async Task Lists_go_page_by_page_in_the_order_of_names()
    {
        for (var i = 0; i < 3; i++)
            await world.MakeTenantAsync();
        var all = (await world.GetAsync("/api/v1/tenants")).Is(200).Json["items"]!.AsArray().Select(t => (string)t!["name"]!).ToList();
        Assert.Equal(all.Order(StringComparer.Ordinal), all);

        var paged = new List<string>();
        string? after = "";
        while (after is not null)
        {
            var page = (await world.GetAsync($"/api/v1/tenants?limit=2&after={after}")).Is(200).Json;
            paged.AddRange(page["items"]!.AsArray().Select(t => (string)t!["name"]!));
            after = (string?)page["next"];
        }

        Assert.Equal(all, paged);
        foreach (var limit in new[] { "0", "1001", "x", "-1" })
            (await world.GetAsync($"/api/v1/tenants?limit={limit}")).Refused(400, "invalid-request", "limit");
    }

    [Fact]
    public async Task The_same_idempotency_key_gives_the_same_answer_and_another_request_with_it_is_refused()
    {
        var name = world.NewName("tenant");
        var body = $$"""{"name": "{{name}}", "quotaBytes": 5}""";
        var first = (await world.SendAsync("POST", "/api/v1/tenants", body, operation: name)).Is(201);
        var again = (await world.SendAsync("POST", "/api/v1/tenants", body, operation: name)).Is(201);
        Assert.Equal(first.Text, again.Text);
        (await world.SendAsync("POST", "/api/v1/tenants", body.Replace('5', '6'), operation: name)).Refused(409, "conflict");
        (await world.SendAsync("POST", "/api/v1/tenants", body)).Refused(409, "conflict", "name");
        foreach (var bad in new[] { new string('k', 201), "a b" })
            (await world.SendAsync("POST", "/api/v1/tenants", body, operation: bad)).Refused(400, "invalid-request", "Idempotency-Key");
    }
}
