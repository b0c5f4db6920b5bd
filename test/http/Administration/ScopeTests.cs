using System.Text.Json.Nodes;

namespace Granary.Http.Tests.Administration;

[Collection("administration")]
public sealed class ScopeTests(AdminWorld world)
{
    [Fact]
    [Trait("Behaviour", "D56")]
    public async Task A_new_scope_gets_store_local_at_100_100()
    {
        var scope = await world.MakeScopeAsync();
        var row = (await world.GetAsync($"/api/v1/scopes/{scope}")).Is(200).Json["stores"]!.AsArray().Single()!;
        Assert.Equal("local", (string?)row["store"]);
        Assert.Equal(100, (int?)row["uploadPriority"]);
        Assert.Equal(100, (int?)row["downloadPriority"]);
    }

    [Fact]
    [Trait("Behaviour", "D56")]
    public async Task A_new_scope_of_a_tenant_that_may_not_use_store_local_gets_none_and_a_warning()
    {
        var tenant = await world.MakeTenantAsync();
        var made = (await world.SendAsync("POST", "/api/v1/scopes", """{"name": "bare"}""", tenant: tenant)).Is(201).Json;
        Assert.Empty(made["stores"]!.AsArray());
        Assert.Contains("no store", (string?)made["warnings"]!.AsArray().Single());
    }

    [Fact]
    public async Task A_patch_leaves_what_is_absent_and_unsets_what_is_null()
    {
        var target = $"/api/v1/scopes/{await world.MakeScopeAsync(settings: ", \"quotaBytes\": 1000, \"keepVersions\": 3, \"keepDays\": 7")}";
        var now = (await world.SendAsync("PATCH", target, """{"quotaBytes": null}""")).Is(200).Json;
        Assert.Null(now["quotaBytes"]);
        Assert.Equal(3, (int?)now["keepVersions"]);
        Assert.Equal(7, (int?)now["keepDays"]);
        (await world.SendAsync("PATCH", target, """{"keepVersions": null}""")).Refused(400, "invalid-request", "keepVersions");
        (await world.SendAsync("PATCH", target, """{"keepDays": 0}""")).Refused(400, "invalid-request", "keepDays");
    }

    [Fact]
    public async Task A_scope_counts_what_it_holds()
    {
        var scope = await world.MakeScopeAsync();
        await world.PutFileAsync(scope, "a", "0123456789");
        await world.PutFileAsync(scope, "b", "0123456789");
        var view = (await world.GetAsync($"/api/v1/scopes/{scope}")).Is(200).Json;
        Assert.Equal(20, (long?)view["logicalBytes"]);
        Assert.Equal(10, (long?)view["uniqueBytes"]);
        Assert.Equal(2, (long?)view["files"]);
        for (var tries = 0; (long?)view["stores"]![0]!["chunks"] == 0; tries++)
        {
            // The table of stores is counted now and then, and says when.
            Assert.True(tries < 400, "After 20 s the chunks were not counted again.");
            await Task.Delay(50);
            view = (await world.GetAsync($"/api/v1/scopes/{scope}")).Is(200).Json;
        }

        Assert.Equal(1, (long?)view["stores"]![0]!["chunks"]);
        Assert.Equal(10, (long?)view["stores"]![0]!["bytes"]);
    }

    [Fact]
    public async Task A_scope_with_files_goes_only_by_force_and_then_in_the_background()
    {
        var scope = await world.MakeScopeAsync();
        await world.PutFileAsync(scope, "a");
        (await world.SendAsync("DELETE", $"/api/v1/scopes/{scope}")).Refused(409, "not-empty");
        (await world.SendAsync("DELETE", $"/api/v1/scopes/{scope}?force=true")).Is(202);
        (await world.GetAsync($"/api/v1/scopes/{scope}")).Refused(404, "not-found");
        (await world.GetAsync($"/api/v1/scopes/{scope}/files/a")).Refused(404, "not-found");
        for (var tries = 0; tries < 400; tries++)
        {
            // The name is free again when the pages are done.
            var made = await world.SendAsync("POST", "/api/v1/scopes", $$"""{"name": "{{scope}}"}""");
            if (made.Status == 201)
            {
                Assert.Equal(0, (long?)made.Json["files"]);
                return;
            }

            made.Refused(409, "conflict");
            await Task.Delay(50);
        }

        Assert.Fail("After 20 s the deletion was not done.");
    }

    [Fact]
    [Trait("Behaviour", "D52")]
    public async Task Attaching_without_members_sets_the_defaults_and_a_patch_without_members_changes_nothing()
    {
        var (store, _) = await world.MakeStoreAsync();
        var target = $"/api/v1/scopes/{await world.MakeScopeAsync()}/stores/{store}";
        var row = Row(await world.SendAsync("PUT", target), store);
        Assert.Null(row["uploadPriority"]);
        Assert.Null(row["downloadPriority"]);
        Assert.Equal("""{"populate":false,"drain":false,"readOnly":false,"writeOnly":false,"softMaxSize":null}""", row["policy"]!.ToJsonString());

        row = Row(await world.SendAsync("PATCH", target, """{"uploadPriority": 5, "policy": {"readOnly": true, "softMaxSize": 9}}"""), store);
        Assert.Equal(row.ToJsonString(), Row(await world.SendAsync("PATCH", target, "{}"), store).ToJsonString());
        Assert.Equal(row.ToJsonString(), Row(await world.SendAsync("PATCH", target, """{"policy": {}}"""), store).ToJsonString());

        row = Row(await world.SendAsync("PATCH", target, """{"uploadPriority": null, "policy": {"softMaxSize": null}}"""), store);
        Assert.Null(row["uploadPriority"]);
        Assert.Null(row["policy"]!["softMaxSize"]);
        Assert.True((bool?)row["policy"]!["readOnly"]);

        row = Row(await world.SendAsync("PATCH", target, """{"policy": null}"""), store);
        Assert.False((bool?)row["policy"]!["readOnly"]);
    }

    [Fact]
    [Trait("Behaviour", "D52")]
    public async Task A_store_that_the_scope_does_not_have_is_not_changed_and_one_that_the_tenant_may_not_use_is_not_attached()
    {
        var scope = await world.MakeScopeAsync();
        var (store, _) = await world.MakeStoreAsync();
        (await world.SendAsync("PATCH", $"/api/v1/scopes/{scope}/stores/{store}", "{}")).Refused(404, "not-found");
        (await world.SendAsync("DELETE", $"/api/v1/scopes/{scope}/stores/{store}")).Refused(404, "not-found");
        var tenant = await world.MakeTenantAsync();
        var bare = await world.MakeScopeAsync(tenant);
        (await world.SendAsync("PUT", $"/api/v1/scopes/{bare}/stores/{store}", "{}", tenant: tenant)).Refused(404, "not-found");
    }

    [Theory]
    [Trait("Behaviour", "D32")]
    [InlineData("""{"populate": true, "readOnly": true}""")]
    [InlineData("""{"populate": true, "drain": true}""")]
    public async Task Populate_goes_with_neither_drain_nor_read_only(string policy)
    {
        var (store, _) = await world.MakeStoreAsync();
        var target = $"/api/v1/scopes/{await world.MakeScopeAsync()}/stores/{store}";
        (await world.SendAsync("PUT", target, $$"""{"policy": {{policy}}}""")).Refused(400, "invalid-request", "populate");
    }

    [Fact]
    [Trait("Behaviour", "D38")]
    public async Task A_store_to_drain_to_must_be_one_that_can_take_the_bytes()
    {
        var (store, _) = await world.MakeStoreAsync();
        var scope = await world.MakeScopeAsync();
        var target = $"/api/v1/scopes/{scope}/stores/{store}";
        (await world.SendAsync("PUT", target, "{}")).Is(200);
        foreach (var bad in new[] { "\"no-such-store\"", $"\"{store}\"", "1", "{}" })
            (await world.SendAsync("PATCH", target, $$$"""{"policy": {"drain": {{{bad}}}}}""")).Is(400);
        Assert.Equal("local", (string?)Row(await world.SendAsync("PATCH", target, """{"policy": {"drain": "local"}}"""), store)["policy"]!["drain"]);
        (await world.SendAsync("PATCH", $"/api/v1/scopes/{scope}/stores/local", """{"policy": {"readOnly": true}}""")).Refused(409, "conflict");
        Assert.False((bool?)Row(await world.SendAsync("PATCH", target, """{"policy": {"drain": null}}"""), store)["policy"]!["drain"]);
    }

    [Fact]
    [Trait("Behaviour", "D53")]
    public async Task A_store_with_the_only_copies_stays_and_one_without_goes_even_the_last()
    {
        var scope = await world.MakeScopeAsync();
        await world.PutFileAsync(scope, "only", world.NewName("bytes"));
        (await world.SendAsync("DELETE", $"/api/v1/scopes/{scope}/stores/local")).Refused(409, "not-empty");
        Assert.Equal("attached", (string?)Row(await world.GetAsync($"/api/v1/scopes/{scope}"), "local")["state"]);
        var empty = await world.MakeScopeAsync();
        Assert.InRange((await world.SendAsync("DELETE", $"/api/v1/scopes/{empty}/stores/local")).Status, 202, 204);
    }

    [Fact]
    [Trait("Behaviour", "D54")]
    public async Task The_table_of_stores_is_in_the_order_of_writing()
    {
        var scope = await world.MakeScopeAsync();
        var (first, _) = await world.MakeStoreAsync();
        var (last, _) = await world.MakeStoreAsync();
        (await world.SendAsync("PUT", $"/api/v1/scopes/{scope}/stores/{last}", "{}")).Is(200);
        var view = (await world.SendAsync("PUT", $"/api/v1/scopes/{scope}/stores/{first}", """{"uploadPriority": 200}""")).Is(200).Json;
        Assert.Equal([first, "local", last], view["stores"]!.AsArray().Select(s => (string)s!["store"]!));
    }

    private static JsonNode Row(AdminAnswer answer, string store) =>
        answer.Is(200).Json["stores"]!.AsArray().Single(s => (string?)s!["store"] == store)!;
}
