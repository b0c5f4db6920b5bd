namespace Granary.Http.Tests.Administration;

/// <summary>Legal hold over HTTP (S22).</summary>
[Collection("administration")]
public sealed class HoldTests(AdminWorld world)
{
    [Fact]
    [Trait("Behaviour", "S22")]
    public async Task A_held_scope_keeps_every_version_and_refuses_to_go_with_a_clear_code()
    {
        var scope = await world.MakeScopeAsync();
        var target = $"/api/v1/scopes/{scope}";
        Assert.False((bool?)(await world.GetAsync(target)).Is(200).Json["legalHold"]);
        Assert.True((bool?)(await world.SendAsync("PATCH", target, """{"legalHold": true}""")).Is(200).Json["legalHold"]);
        await world.PutFileAsync(scope, "a", "one");
        await world.PutFileAsync(scope, "a", "two");
        (await world.SendAsync("DELETE", $"{target}/files/a")).Is(204);
        var versions = (await world.GetAsync($"{target}/files/a?versions")).Is(200).Json["items"]!.AsArray();
        Assert.Equal([3L, 2, 1], versions.Select(v => (long)v!["version"]!));
        Assert.All(versions, v => Assert.Equal("scope", (string?)v!["legalHold"]));
        Assert.Equal("one", (await world.GetAsync($"{target}/files/a?version=1")).Is(200).Text);
        (await world.SendAsync("DELETE", $"{target}?force=true")).Refused(409, "legal-hold");
        (await world.SendAsync("DELETE", "/api/v1/file-stores/local?force=true")).Refused(409, "legal-hold");
        (await world.SendAsync("PATCH", target, """{"legalHold": false}""")).Is(200);
        Assert.InRange((await world.SendAsync("DELETE", $"{target}?force=true")).Status, 202, 204);
    }

    [Fact]
    [Trait("Behaviour", "S22")]
    public async Task A_held_file_is_listed_shown_and_released()
    {
        var scope = await world.MakeScopeAsync();
        var target = $"/api/v1/scopes/{scope}";
        await world.PutFileAsync(scope, "dir/a%20b", "one");
        (await world.SendAsync("PUT", $"{target}/holds/nothing")).Refused(404, "not-found");
        Assert.Equal("none", (string?)(await world.GetAsync($"{target}/holds/dir/a%20b")).Is(200).Json["legalHold"]);
        var made = (await world.SendAsync("PUT", $"{target}/holds/dir/a%20b", """{"reason": "case 7"}""")).Is(201).Json;
        Assert.Equal(("dir/a b", "file", "case 7"), ((string?)made["path"], (string?)made["legalHold"], (string?)made["reason"]));
        (await world.SendAsync("PUT", $"{target}/holds/dir/a%20b")).Is(200);
        await world.PutFileAsync(scope, "dir/a%20b", "two");
        var versions = (await world.GetAsync($"{target}/files/dir/a%20b?versions")).Is(200).Json["items"]!.AsArray();
        Assert.Equal(2, versions.Count);
        Assert.All(versions, v => Assert.Equal("file", (string?)v!["legalHold"]));
        Assert.Equal("dir/a b", (string?)Assert.Single((await world.GetAsync($"{target}/holds")).Is(200).Json["items"]!.AsArray())!["path"]);
        Assert.Equal(1, (long?)(await world.GetAsync(target)).Is(200).Json["heldFiles"]);
        (await world.SendAsync("DELETE", $"{target}?force=true")).Refused(409, "legal-hold");

        (await world.SendAsync("DELETE", $"{target}/holds/dir/a%20b")).Is(204);
        (await world.SendAsync("DELETE", $"{target}/holds/dir/a%20b")).Refused(404, "not-found");
        await world.BecomesAsync($"{target}/files/dir/a%20b?version=1", 404, "the version that only the hold kept goes");
        Assert.Equal("two", (await world.GetAsync($"{target}/files/dir/a%20b")).Is(200).Text);
    }

    [Fact]
    [Trait("Behaviour", "S22")]
    public async Task A_tenant_with_a_held_scope_stays_and_only_an_admin_sets_or_ends_a_hold()
    {
        var tenant = await world.MakeTenantAsync(""", "stores": ["local"]""");
        var scope = await world.MakeScopeAsync(tenant, ", \"legalHold\": true");
        (await world.SendAsync("DELETE", $"/api/v1/tenants/{tenant}")).Refused(409, "legal-hold");
        var writer = await world.MakeKeyAsync("write", tenant);
        (await world.SendAsync("PUT", $"/api/v1/scopes/{scope}/files/a", "one", writer)).Is(201);
        (await world.SendAsync("PUT", $"/api/v1/scopes/{scope}/holds/a", key: writer)).Refused(403, "forbidden");
        (await world.SendAsync("DELETE", $"/api/v1/scopes/{scope}/holds/a", key: writer)).Refused(403, "forbidden");
        var admin = await world.MakeKeyAsync("admin", tenant);
        Assert.Equal("file", (string?)(await world.SendAsync("PUT", $"/api/v1/scopes/{scope}/holds/a", key: admin)).Is(201).Json["legalHold"]);
    }

    [Fact]
    [Trait("Behaviour", "S8")]
    public async Task A_changed_retention_takes_effect_on_versions_that_are_there()
    {
        var scope = await world.MakeScopeAsync(settings: ", \"keepVersions\": 5");
        for (var i = 1; i <= 4; i++)
            await world.PutFileAsync(scope, "a", $"content {i}");
        (await world.SendAsync("PATCH", $"/api/v1/scopes/{scope}", """{"keepVersions": 2}""")).Is(200);
        await world.BecomesAsync($"/api/v1/scopes/{scope}/files/a?version=2", 404, "a version beyond the setting goes");
        Assert.Equal("content 3", (await world.GetAsync($"/api/v1/scopes/{scope}/files/a?version=3")).Is(200).Text);
        Assert.Equal(18, (long?)(await world.GetAsync($"/api/v1/scopes/{scope}")).Is(200).Json["logicalBytes"]);
    }
}
