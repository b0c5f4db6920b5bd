using System.Text;
using Granary.TestHost;
using Granary.TestSupport;

namespace Granary.Http.Tests.Administration;

[Collection("administration")]
public sealed class FileStoreTests(AdminWorld world)
{
    [Fact]
    [Trait("Behaviour", "D9")]
    public async Task A_soft_limit_above_the_hard_one_is_refused_and_an_equal_one_is_not()
    {
        var (store, _) = await world.MakeStoreAsync(", \"maxSize\": 1000000");
        var target = $"/api/v1/file-stores/{store}";
        (await world.SendAsync("PATCH", target, """{"softMaxSize": 1000001}""")).Refused(400, "invalid-request", "softMaxSize");
        (await world.SendAsync("PATCH", target, """{"softMaxSize": 1000000}""")).Is(200);
        (await world.SendAsync("PATCH", target, """{"maxSize": 999999}""")).Refused(400, "invalid-request", "softMaxSize");
        (await world.SendAsync("PATCH", target, """{"maxSize": null, "softMaxSize": 5000000}""")).Is(200);
    }

    [Fact]
    [Trait("Behaviour", "D49")]
    public async Task A_patch_leaves_what_is_absent_and_unsets_what_is_null()
    {
        var (store, _) = await world.MakeStoreAsync(", \"maxSize\": 1000, \"maxConcurrentReads\": 3, \"verify\": \"backend\", \"instanceWide\": false");
        var target = $"/api/v1/file-stores/{store}";
        var now = (await world.SendAsync("PATCH", target, """{"maxSize": null}""")).Is(200).Json;
        Assert.Null(now["maxSize"]);
        Assert.Equal((3, "backend", false), ((int)now["maxConcurrentReads"]!, (string)now["verify"]!, (bool)now["instanceWide"]!));
        now = (await world.SendAsync("PATCH", target, """{"maxConcurrentReads": null, "verify": null, "instanceWide": null}""")).Is(200).Json;
        Assert.Equal((64, "read-back", true), ((int)now["maxConcurrentReads"]!, (string)now["verify"]!, (bool)now["instanceWide"]!));
    }

    [Fact]
    [Trait("Behaviour", "D50")]
    public async Task Backend_name_and_place_do_not_change()
    {
        var (store, folder) = await world.MakeStoreAsync();
        var target = $"/api/v1/file-stores/{store}";
        (await world.SendAsync("PATCH", target, """{"backend": "s3"}""")).Refused(400, "invalid-request", "backend");
        (await world.SendAsync("PATCH", target, """{"name": "other"}""")).Refused(400, "invalid-request", "name");
        (await world.SendAsync("PATCH", target, $$$"""{"configuration": {"path": "{{{folder}}}-2"}}""")).Is(400);
        (await world.SendAsync("PATCH", target, $$$"""{"backend": "local", "configuration": {"path": "{{{folder}}}"}}""")).Is(200);
    }

    [Fact]
    [Trait("Behaviour", "D51")]
    public async Task A_store_with_chunks_or_scopes_goes_only_by_force()
    {
        var (store, _) = await world.MakeStoreAsync();
        var scope = await world.MakeScopeAsync();
        (await world.SendAsync("PUT", $"/api/v1/scopes/{scope}/stores/{store}", """{"uploadPriority": 500}""")).Is(200);
        var used = (await world.SendAsync("DELETE", $"/api/v1/file-stores/{store}")).Refused(409, "conflict");
        Assert.Contains("used by 1 scopes", used.Text);
        await world.PutFileAsync(scope, "a", store);
        var full = (await world.SendAsync("DELETE", $"/api/v1/file-stores/{store}")).Refused(409, "not-empty");
        Assert.Contains("drain it first", full.Text);
        (await world.SendAsync("DELETE", $"/api/v1/file-stores/{store}?force=true")).Is(202);
        (await world.GetAsync($"/api/v1/file-stores/{store}")).Refused(404, "not-found");
        await FreeAsync(store);
    }

    [Fact]
    [Trait("Behaviour", "D55")]
    public async Task A_store_that_is_not_instance_wide_has_one_scope()
    {
        var (store, _) = await world.MakeStoreAsync(", \"instanceWide\": false");
        var (one, two) = (await world.MakeScopeAsync(), await world.MakeScopeAsync());
        (await world.SendAsync("PUT", $"/api/v1/scopes/{one}/stores/{store}", "{}")).Is(200);
        (await world.SendAsync("PUT", $"/api/v1/scopes/{two}/stores/{store}", "{}")).Refused(409, "conflict");
        (await world.SendAsync("PATCH", $"/api/v1/file-stores/{store}", """{"instanceWide": true}""")).Is(200);
        (await world.SendAsync("PUT", $"/api/v1/scopes/{two}/stores/{store}", "{}")).Is(200);
        (await world.SendAsync("PATCH", $"/api/v1/file-stores/{store}", """{"instanceWide": false}""")).Refused(409, "conflict", "instanceWide");
    }

    [Theory]
    [InlineData("""{"name": "x", "backend": "tape", "configuration": {}}""")]
    [InlineData("""{"name": "x", "configuration": {"path": "/"}}""")]
    [InlineData("""{"name": "x", "backend": "local"}""")]
    [InlineData("""{"name": "x", "backend": "local", "configuration": {"path": "relative"}}""")]
    [InlineData("""{"name": "x", "backend": "local", "configuration": {"path": "/etc"}}""")]
    [InlineData("""{"name": "x", "backend": "local", "configuration": "path"}""")]
    [InlineData("""{"name": "x", "backend": "s3", "configuration": {"endpoint": "ftp://x", "bucket": "b"}}""")]
    public async Task A_configuration_against_the_rules_makes_no_store(string body)
    {
        (await world.SendAsync("POST", "/api/v1/file-stores", body)).Refused(400, "invalid-request");
        (await world.GetAsync("/api/v1/file-stores/x")).Refused(404, "not-found");
    }

    [Fact]
    public async Task A_place_that_belongs_to_another_store_is_taken_only_on_demand()
    {
        var (_, folder) = await world.MakeStoreAsync();
        var name = world.NewName("store");
        (await world.SendAsync("POST", "/api/v1/file-stores", AdminWorld.LocalStore(name, folder))).Refused(409, "conflict");
        (await world.GetAsync($"/api/v1/file-stores/{name}")).Refused(404, "not-found");
    }

    [Fact]
    public async Task A_repeat_of_a_creation_gives_the_same_store()
    {
        var name = world.NewName("store");
        var body = AdminWorld.LocalStore(name, Directory.CreateDirectory(Path.Combine(world.Host.DataPath, name)).FullName);
        var first = (await world.SendAsync("POST", "/api/v1/file-stores", body, operation: name)).Is(201);
        var second = (await world.SendAsync("POST", "/api/v1/file-stores", body, operation: name)).Is(201);
        Assert.Equal(StoreOf(first), StoreOf(second));
        (await world.SendAsync("POST", "/api/v1/file-stores", body)).Refused(409, "conflict");
    }

    // Without what the file system has free, which others change meanwhile.
    private static string StoreOf(AdminAnswer answer)
    {
        var store = answer.Json.AsObject();
        Assert.True(store.Remove("fileSystemFreeBytes"));
        return store.ToJsonString();
    }

    [Fact]
    public async Task A_store_whose_folder_vanishes_is_offline_and_the_server_stays_ready()
    {
        await using var host = await GranaryHost.StartAsync();
        var folder = Directory.CreateDirectory(Path.Combine(host.DataPath, "gone")).FullName;
        using var body = new StringContent(AdminWorld.LocalStore("gone", folder), Encoding.UTF8, "application/json");
        Assert.Equal(201, (int)(await host.Client.PostAsync(host.Url + "/api/v1/file-stores", body)).StatusCode);
        Directory.Delete(folder, recursive: true);
        await Eventually.BecomesAsync(
            () => host.Client.GetStringAsync(host.Url + "/api/v1/file-stores/gone").GetAwaiter().GetResult().Contains("\"state\":\"offline\"", StringComparison.Ordinal),
            "the store is offline", TimeSpan.FromSeconds(60));
        Assert.Equal(200, (int)(await host.Client.GetAsync(host.Url + "/api/v1/ready")).StatusCode);
        using var full = await host.Client.GetAsync(host.Url + "/api/v1/health/full");
        Assert.Equal(503, (int)full.StatusCode);
        Assert.Contains("store/gone", await full.Content.ReadAsStringAsync());
    }

    [S3Fact]
    [Trait("Behaviour", "D59")]
    public async Task Secrets_of_an_s3_store_go_in_and_never_out()
    {
        var server = S3Server.Current;
        var name = world.NewName("s3");
        var bucket = await server.MakeBucketAsync();
        string Body(string keys) => $$$"""{"name": "{{{name}}}", "backend": "s3", "configuration": {"endpoint": "{{{server.Endpoint.GetLeftPart(UriPartial.Authority)}}}", "bucket": "{{{bucket}}}", "forcePathStyle": true{{{keys}}}}}""";
        var keys = $", \"accessKey\": \"{server.Credentials.AccessKey}\", \"secretKey\": \"{server.Credentials.SecretKey}\"";

        (await world.SendAsync("POST", "/api/v1/file-stores", Body(""))).Refused(400, "invalid-request");
        (await world.SendAsync("POST", "/api/v1/file-stores", Body(", \"accessKey\": \"nobody\", \"secretKey\": \"wrong-secret-0001\""))).Refused(400, "invalid-request");
        var made = (await world.SendAsync("POST", "/api/v1/file-stores", Body(keys), operation: name)).Is(201);

        var scope = await world.MakeScopeAsync();
        await world.AllowAsync("default", name);
        (await world.SendAsync("PUT", $"/api/v1/scopes/{scope}/stores/{name}", """{"uploadPriority": 500}""")).Is(200);
        await world.PutFileAsync(scope, "a", name);
        Assert.Equal(name, (await world.GetAsync($"/api/v1/scopes/{scope}/files/a")).Is(200).Text);
        (await world.SendAsync("PATCH", $"/api/v1/file-stores/{name}", """{"configuration": {"secretKey": "wrong-secret-0002"}}""")).Is(200);
        (await world.SendAsync("PATCH", $"/api/v1/file-stores/{name}", $$$"""{"configuration": {"secretKey": "{{{server.Credentials.SecretKey}}}"}}""")).Is(200);

        foreach (var text in new[] { made.Text, (await world.GetAsync("/api/v1/file-stores")).Text, (await world.GetAsync($"/api/v1/file-stores/{name}")).Text, (await world.GetAsync($"/api/v1/scopes/{scope}")).Text })
        {
            Assert.DoesNotContain(server.Credentials.SecretKey, text);
            Assert.DoesNotContain("wrong-secret", text);
        }

        AssertNowhereOnDisk(server.Credentials.SecretKey);
        AssertNowhereOnDisk("wrong-secret");
    }

    [Fact]
    public async Task Secrets_of_keys_are_shown_once_and_stored_nowhere()
    {
        var name = world.NewName("key");
        var body = $$"""{"name": "{{name}}", "rights": ["read"]}""";
        var made = (await world.SendAsync("POST", "/api/v1/api-keys", body, operation: name)).Is(201);
        var secret = (string)made.Json["secret"]!;
        (await world.GetAsync("/api/v1/scopes", secret)).Is(200);

        var again = (await world.SendAsync("POST", "/api/v1/api-keys", body, operation: name)).Is(201);
        Assert.Equal((string?)made.Json["id"], (string?)again.Json["id"]);
        Assert.Null(again.Json["secret"]);
        Assert.DoesNotContain(secret, (await world.GetAsync("/api/v1/api-keys")).Is(200).Text);
        AssertNowhereOnDisk(secret);

        (await world.SendAsync("DELETE", $"/api/v1/api-keys/{(string)made.Json["id"]!}")).Is(204);
        (await world.GetAsync("/api/v1/scopes", secret)).Refused(401, "unauthenticated");
        (await world.SendAsync("DELETE", $"/api/v1/api-keys/{(string)made.Json["id"]!}")).Refused(404, "not-found");
    }

    [Theory]
    [InlineData("""{"name": "k", "rights": []}""", "rights")]
    [InlineData("""{"name": "k", "rights": ["owner"]}""", "rights")]
    [InlineData("""{"name": "", "rights": ["read"]}""", "name")]
    [InlineData("""{"name": "k", "rights": ["read"], "scopes": ["no-such-scope"]}""", "scopes")]
    [InlineData("""{"name": "k", "rights": ["read"], "scopes": []}""", "scopes")]
    [InlineData("""{"name": "k", "rights": ["operator"], "scopes": ["main"]}""", "scopes")]
    [InlineData("""{"name": "k", "rights": ["read"], "expires": "2020-01-01T00:00:00Z"}""", "expires")]
    [InlineData("""{"name": "k", "rights": ["read"], "expires": "soon"}""", "expires")]
    public async Task A_key_against_the_rules_is_not_made(string body, string field) =>
        (await world.SendAsync("POST", "/api/v1/api-keys", body)).Refused(400, "invalid-request", field);

    [Fact]
    public async Task A_tenant_admin_makes_no_operator()
    {
        var admin = await world.MakeKeyAsync("admin");
        (await world.SendAsync("POST", "/api/v1/api-keys", """{"name": "k", "rights": ["operator"]}""", admin)).Refused(403, "forbidden");
        (await world.SendAsync("POST", "/api/v1/api-keys", """{"name": "k", "rights": ["admin"]}""", admin)).Is(201);
    }

    [Fact]
    public async Task A_key_is_changed_and_its_secret_stays()
    {
        var scope = await world.MakeScopeAsync();
        var secret = await world.MakeKeyAsync("read");
        var made = (await world.SendAsync("POST", "/api/v1/api-keys", $$"""{"name": "{{world.NewName("key")}}", "rights": ["read"]}""")).Is(201).Json;
        var (target, key) = ($"/api/v1/api-keys/{(string)made["id"]!}", (string)made["secret"]!);
        (await world.SendAsync("PUT", $"/api/v1/scopes/{scope}/files/a", "one", key)).Refused(403, "forbidden");
        var now = (await world.SendAsync("PATCH", target, $$"""{"name": "other", "rights": ["write"], "scopes": ["{{scope}}"], "expires": "2100-01-01T00:00:00Z"}""")).Is(200).Json;
        Assert.Equal(("other", "write", scope), ((string?)now["name"], (string?)now["rights"]![0], (string?)now["scopes"]![0]));
        (await world.SendAsync("PUT", $"/api/v1/scopes/{scope}/files/a", "one", key)).Is(201);
        (await world.SendAsync("PUT", "/api/v1/scopes/main/files/a", "one", key)).Is(404);
        now = (await world.SendAsync("PATCH", target, """{"scopes": null, "expires": null}""")).Is(200).Json;
        Assert.Equal(("other", null, null), ((string?)now["name"], now["scopes"], now["expires"]));
        Assert.Equal("write", (string?)now["rights"]![0]);

        (await world.SendAsync("PATCH", target, """{"rights": []}""")).Refused(400, "invalid-request", "rights");
        (await world.SendAsync("PATCH", target, """{"name": null}""")).Refused(400, "invalid-request", "name");
        (await world.SendAsync("PATCH", target, """{"secret": "x"}""")).Is(400);
        (await world.SendAsync("PATCH", "/api/v1/api-keys/nothing", """{"name": "x"}""")).Refused(404, "not-found");
        (await world.SendAsync("PATCH", target, """{"name": "x"}""", secret)).Refused(403, "forbidden");
    }

    [Fact]
    public async Task A_tenant_admin_neither_makes_a_key_an_operator_nor_changes_one_that_is()
    {
        var admin = await world.MakeKeyAsync("admin");
        var plain = (await world.SendAsync("POST", "/api/v1/api-keys", """{"name": "k", "rights": ["read"]}""")).Is(201).Json;
        var operators = (await world.SendAsync("POST", "/api/v1/api-keys", """{"name": "k", "rights": ["operator"]}""")).Is(201).Json;
        (await world.SendAsync("PATCH", $"/api/v1/api-keys/{(string)plain["id"]!}", """{"rights": ["operator"]}""", admin)).Refused(403, "forbidden");
        (await world.SendAsync("PATCH", $"/api/v1/api-keys/{(string)operators["id"]!}", """{"name": "x"}""", admin)).Refused(403, "forbidden");
        (await world.SendAsync("PATCH", $"/api/v1/api-keys/{(string)plain["id"]!}", """{"name": "x"}""", admin)).Is(200);
    }

    /// <summary>Looks through everything in the data folder: database, journal, logs.</summary>
    private void AssertNowhereOnDisk(string secret)
    {
        var needle = Encoding.UTF8.GetBytes(secret);
        var files = Directory.GetFiles(world.Host.DataPath, "catalog.db*");
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[stream.Length];
            var read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            Assert.True(bytes.AsSpan(0, read).IndexOf(needle) < 0, $"{Path.GetFileName(file)} holds a secret.");
        }
    }

    private async Task FreeAsync(string store)
    {
        for (var tries = 0; tries < 400; tries++)
        {
            var folder = Directory.CreateDirectory(Path.Combine(world.Host.DataPath, $"{store}-{tries}")).FullName;
            var made = await world.SendAsync("POST", "/api/v1/file-stores", AdminWorld.LocalStore(store, folder));
            if (made.Status == 201)
                return;
            made.Refused(409, "conflict");
            await Task.Delay(50);
        }

        Assert.Fail("After 20 s the deletion of the store was not done.");
    }

    [Fact]
    public async Task A_soft_limit_that_leaves_no_room_for_another_week_is_warned_of_in_show_and_health()
    {
        var (store, folder) = await world.MakeStoreAsync();
        var target = $"/api/v1/file-stores/{store}";
        var scope = await world.MakeScopeAsync();
        (await world.SendAsync("PUT", $"/api/v1/scopes/{scope}/stores/{store}", """{"uploadPriority": 1000}""")).Is(200);
        await world.PutFileAsync(scope, "a", new string('x', 5_000));
        var now = (await world.GetAsync(target)).Is(200).Json;
        Assert.Equal(5_000, (long)now["uploadedLastWeekBytes"]!);
        Assert.InRange((long)now["fileSystemBytes"]!, 1, new DriveInfo(folder).TotalSize);
        Assert.InRange((long)now["fileSystemFreeBytes"]!, 1, (long)now["fileSystemBytes"]!);
        Assert.Null(now["warning"]);

        // To the byte: what is left of the file system is what came in last week, and then one byte less.
        var most = (long)now["fileSystemBytes"]! - 5_000;
        Assert.Null((await world.SendAsync("PATCH", target, $$"""{"softMaxSize": {{most}}}""")).Is(200).Json["warning"]);
        now = (await world.SendAsync("PATCH", target, $$"""{"softMaxSize": {{most + 1}}}""")).Is(200).Json;
        Assert.Contains("5000 bytes together exceed the file system", (string?)now["warning"]);
        var health = (await world.GetAsync("/api/v1/health/full")).Is(200).Json;
        Assert.Equal("healthy", (string?)health["status"]);
        Assert.Equal((string?)now["warning"], (string?)health["warnings"]![$"store/{store}"]);
        (await world.SendAsync("PATCH", target, """{"softMaxSize": null}""")).Is(200);
        Assert.Null((await world.GetAsync("/api/v1/health/full")).Is(200).Json["warnings"]![$"store/{store}"]);
    }
}
