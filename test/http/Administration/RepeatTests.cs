using System.Text.Json.Nodes;

namespace Granary.Http.Tests.Administration;

/// <summary>The same key gives the same answer, on every kind of change.</summary>
[Collection("administration")]
public sealed class RepeatTests(AdminWorld world)
{
    [Fact]
    public async Task A_repeated_change_of_settings_is_made_once_and_a_key_of_another_change_is_refused()
    {
        var tenant = await world.MakeTenantAsync();
        var scope = await world.MakeScopeAsync();
        var (store, _) = await world.MakeStoreAsync();
        foreach (var (target, first, between, field) in new[]
        {
            ($"/api/v1/tenants/{tenant}", """{"quotaBytes": 1000}""", """{"quotaBytes": 2000}""", "quotaBytes"),
            ($"/api/v1/scopes/{scope}", """{"quotaBytes": 1000}""", """{"quotaBytes": 2000}""", "quotaBytes"),
            ($"/api/v1/file-stores/{store}", """{"maxSize": 1000000}""", """{"maxSize": 2000000}""", "maxSize"),
        })
        {
            var key = world.NewName("repeat");
            (await world.SendAsync("PATCH", target, first, operation: key)).Is(200);
            (await world.SendAsync("PATCH", target, between)).Is(200);

            // The repeat of what was done long ago does not undo what came after it.
            (await world.SendAsync("PATCH", target, first, operation: key)).Is(200);
            Assert.Equal((long)JsonNode.Parse(between)![field]!, (long)(await world.GetAsync(target)).Json[field]!);
            (await world.SendAsync("PATCH", target, between, operation: key)).Refused(409, "conflict");
        }
    }

    [Fact]
    public async Task A_repeated_delete_gives_the_first_answer_although_the_thing_is_gone()
    {
        var tenant = await world.MakeTenantAsync();
        var scope = await world.MakeScopeAsync();
        (await world.SendAsync("DELETE", $"/api/v1/scopes/{scope}/stores/local")).Is(204);
        var (store, _) = await world.MakeStoreAsync();
        var (attached, _) = await world.MakeStoreAsync();
        var other = await world.MakeScopeAsync();
        (await world.SendAsync("PUT", $"/api/v1/scopes/{other}/stores/{attached}", "{}")).Is(200);
        var made = await world.SendAsync("POST", "/api/v1/api-keys", $$"""{"name": "{{world.NewName("key")}}", "rights": ["read"]}""");
        foreach (var target in new[]
        {
            $"/api/v1/scopes/{other}/stores/{attached}", $"/api/v1/scopes/{scope}", $"/api/v1/tenants/{tenant}", $"/api/v1/file-stores/{store}",
            $"/api/v1/api-keys/{(string)made.Is(201).Json["id"]!}",
        })
        {
            var key = world.NewName("repeat");
            Assert.Equal((target, 204), (target, (await world.SendAsync("DELETE", target, operation: key)).Status));
            Assert.Equal((target, 204), (target, (await world.SendAsync("DELETE", target, operation: key)).Status));
            Assert.Equal((target, 404), (target, (await world.SendAsync("DELETE", target, operation: world.NewName("repeat"))).Status));
        }
    }

    [Fact]
    public async Task A_repeated_attachment_is_made_once()
    {
        var scope = await world.MakeScopeAsync();
        var (store, _) = await world.MakeStoreAsync();
        var target = $"/api/v1/scopes/{scope}/stores/{store}";
        var put = world.NewName("repeat");
        (await world.SendAsync("PUT", target, """{"uploadPriority": 5}""", operation: put)).Is(200);
        var patch = world.NewName("repeat");
        (await world.SendAsync("PATCH", target, """{"uploadPriority": 7}""", operation: patch)).Is(200);
        (await world.SendAsync("PUT", target, """{"uploadPriority": 5}""", operation: put)).Is(200);
        Assert.Equal(7, Priority((await world.GetAsync($"/api/v1/scopes/{scope}")).Text));
        (await world.SendAsync("PUT", target, """{"uploadPriority": 6}""", operation: put)).Refused(409, "conflict");
        (await world.SendAsync("PATCH", target, """{"uploadPriority": 6}""", operation: patch)).Refused(409, "conflict");

        int? Priority(string text) => (int?)JsonNode.Parse(text)!["stores"]!.AsArray().Single(s => (string?)s!["store"] == store)!["uploadPriority"];
    }

    [Fact]
    public async Task A_place_of_another_store_is_taken_over_when_the_operator_says_so()
    {
        var (_, folder) = await world.MakeStoreAsync();
        var identity = Path.Combine(folder, "granary-store.json");
        var of = await File.ReadAllBytesAsync(identity);
        (await world.SendAsync("DELETE", $"/api/v1/file-stores/{Path.GetFileName(folder)}")).Is(204);
        Assert.False(File.Exists(identity), "A store that is deleted leaves its place.");
        await File.WriteAllBytesAsync(identity, of); // As a folder that came back from elsewhere.
        var name = world.NewName("store");
        (await world.SendAsync("POST", "/api/v1/file-stores", AdminWorld.LocalStore(name, folder))).Refused(409, "conflict");
        (await world.SendAsync("POST", "/api/v1/file-stores?takeOver=true", AdminWorld.LocalStore(name, folder))).Is(201);
        await world.AllowAsync("default", name);
        var scope = await world.MakeScopeAsync();
        (await world.SendAsync("PUT", $"/api/v1/scopes/{scope}/stores/{name}", """{"uploadPriority": 1000}""")).Is(200);
        await world.PutFileAsync(scope, "f", name);
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(folder, "chunks"), "*", SearchOption.AllDirectories));
    }
}
