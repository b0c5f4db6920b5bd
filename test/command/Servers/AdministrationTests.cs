namespace Granary.Command.Tests.Servers;

[Collection(ServerGroup.Name)]
public sealed class AdministrationTests(ServerFixture server) : IDisposable
{
    private readonly Files folder = new();
    private readonly Granary granary = server.Granary;

    public void Dispose() => folder.Dispose();

    [Trait("Behaviour", "D54")]
    [Fact]
    public async Task Scope_show_has_usage_and_the_table_of_stores()
    {
        var scope = await server.ScopeAsync("--quota", "1GiB", "--keep-versions", "3");
        await granary.DoAsync("put", folder.Write("a", "same content"), $"{scope}:/a");
        await granary.DoAsync("put", folder.Write("b", "same content"), $"{scope}:/b");
        var shown = Assert.Single((await granary.DoAsync("scope", "show", scope, "--json")).Json);
        Assert.Equal(1L << 30, shown.GetProperty("quotaBytes").GetInt64());
        Assert.Equal(24, shown.GetProperty("logicalBytes").GetInt64());
        Assert.Equal(12, shown.GetProperty("uniqueBytes").GetInt64());
        Assert.Equal("local", shown.GetProperty("stores")[0].GetProperty("store").GetString());
        var text = (await granary.DoAsync("scope", "show", scope)).Out;
        Assert.Contains("1GiB", text, StringComparison.Ordinal);
        Assert.Contains("UPLOAD", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Limits_of_a_scope_change_one_by_one_and_can_be_unset()
    {
        var scope = await server.ScopeAsync("--quota", "1MiB");
        await granary.DoAsync("scope", "edit", scope, "--keep-versions", "5");
        var kept = Assert.Single((await granary.DoAsync("scope", "show", scope, "--json")).Json);
        Assert.Equal(1 << 20, kept.GetProperty("quotaBytes").GetInt64());
        Assert.Equal(5, kept.GetProperty("keepVersions").GetInt64());
        await granary.DoAsync("scope", "edit", scope, "--unset", "quota");
        var unset = Assert.Single((await granary.DoAsync("scope", "show", scope, "--json")).Json);
        Assert.False(unset.TryGetProperty("quotaBytes", out _));
    }

    [Fact]
    public async Task A_full_quota_refuses_with_3_and_names_the_command_that_shows_it()
    {
        var scope = await server.ScopeAsync("--quota", "1KiB");
        var result = await granary.RunAsync("put", folder.Write("x", new byte[1025]), $"{scope}:/x");
        Assert.Equal(3, result.Code);
        Assert.Contains("quota-exceeded", result.Error, StringComparison.Ordinal);
        Assert.Contains($"granary scope show {scope}", result.Error, StringComparison.Ordinal);
    }

    [Trait("Behaviour", "D51")]
    [Trait("Behaviour", "D52")]
    [Trait("Behaviour", "D53")]
    [Fact]
    public async Task A_store_is_made_attached_edited_drained_detached_and_deleted()
    {
        var scope = await server.ScopeAsync();
        var store = "s" + scope;
        var place = Directory.CreateDirectory(Path.Combine(server.Data, "stores", store)).FullName;
        await granary.DoAsync("store", "create", store, "--path", place, "--max-size", "1GiB");
        var early = await granary.RunAsync("scope", "attach", scope, store);
        Assert.Equal(3, early.Code);
        Assert.Contains($"granary tenant edit TENANT --add-store {store}", early.Error, StringComparison.Ordinal);
        await granary.DoAsync("tenant", "edit", "default", "--add-store", store);
        await granary.DoAsync("scope", "attach", scope, store, "--upload-priority", "200", "--download-priority", "50");
        await granary.DoAsync("put", folder.Write("x", "to the new store"), $"{scope}:/x");
        var copies = Assert.Single((await granary.DoAsync("explain", $"{scope}:/x", "--json")).Json).GetProperty("chunks")[0].GetProperty("copies");
        Assert.Equal(store, copies[0].GetProperty("store").GetString());

        await granary.DoAsync("store", "edit", store, "--soft-max-size", "512MiB", "--unset", "max-size");
        var edited = Assert.Single((await granary.DoAsync("store", "show", store, "--json")).Json);
        Assert.Equal(512L << 20, edited.GetProperty("softMaxSize").GetInt64());
        Assert.False(edited.TryGetProperty("maxSize", out _));

        await granary.DoAsync("scope", "edit-store", scope, store, "--read-only", "--upload-priority", "");
        Assert.Contains("read-only", (await granary.DoAsync("scope", "show", scope)).Out, StringComparison.Ordinal);
        Assert.Equal(3, (await granary.RunAsync("scope", "detach", scope, store)).Code);
        Assert.Equal(3, (await granary.RunAsync("store", "delete", store)).Code);
        Assert.Contains(store, (await granary.DoAsync("store", "list")).Out, StringComparison.Ordinal);
        await granary.DoAsync("store", "delete", store, "--force", "--yes");
    }

    [Fact]
    public async Task A_key_for_reading_reads_and_does_not_write()
    {
        var scope = await server.ScopeAsync();
        await granary.DoAsync("put", folder.Write("x", "content"), $"{scope}:/x");
        var token = folder.At("token");
        var made = Assert.Single((await granary.DoAsync("key", "create", "reader", "--rights", "read", "--scope", scope, "--expires", "1d", "--out", token, "--json")).Json);
        Assert.False(made.TryGetProperty("secret", out _));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, Mode(token));
        Assert.Equal("content", (await granary.DoAsync("cat", $"{scope}:/x", "--token", token)).Out);
        var refused = await granary.RunAsync("rm", $"{scope}:/x", "--token", token);
        Assert.Equal(3, refused.Code);
        Assert.Contains("forbidden", refused.Error, StringComparison.Ordinal);
        var id = made.GetProperty("id").GetString()!;
        Assert.Contains("reader", (await granary.DoAsync("key", "show", id)).Out, StringComparison.Ordinal);
        await granary.DoAsync("key", "delete", id);
        Assert.Equal(3, (await granary.RunAsync("cat", $"{scope}:/x", "--token", token)).Code);
    }

    [Trait("Behaviour", "S11")]
    [Fact]
    public async Task Tenants_see_their_own_scopes_only()
    {
        var tenant = "t" + Guid.NewGuid().ToString("n")[..12];
        await granary.DoAsync("tenant", "create", tenant, "--quota", "1GiB", "--store", "local");
        await granary.DoAsync("scope", "create", "inner", "--tenant", tenant);
        await granary.DoAsync("put", folder.Write("x", "content"), "inner:/x", "--tenant", tenant);
        Assert.Equal("inner", Assert.Single((await granary.DoAsync("ls", "--tenant", tenant, "--json")).Json).GetProperty("name").GetString());
        Assert.Equal(3, (await granary.RunAsync("ls", "inner:/")).Code);
        await granary.DoAsync("tenant", "edit", tenant, "--max-file-size", "10", "--remove-store", "local");
        var shown = Assert.Single((await granary.DoAsync("tenant", "show", tenant, "--json")).Json);
        Assert.Equal(10, shown.GetProperty("maxFileBytes").GetInt64());
        Assert.Contains(tenant, (await granary.DoAsync("tenant", "list")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_cluster_and_its_health_are_shown()
    {
        Assert.Contains("SILO", (await granary.DoAsync("cluster", "status")).Out, StringComparison.Ordinal);
        var health = await granary.DoAsync("health", "--json");
        Assert.True(Assert.Single(health.Json).GetProperty("healthy").GetBoolean());
    }

    private static UnixFileMode Mode(string file) => OperatingSystem.IsWindows() ? UnixFileMode.UserRead | UnixFileMode.UserWrite : File.GetUnixFileMode(file);
}
