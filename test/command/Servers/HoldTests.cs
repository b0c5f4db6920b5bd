namespace Granary.Command.Tests.Servers;

[Collection(ServerGroup.Name)]
public sealed class HoldTests(ServerFixture server) : IDisposable
{
    private readonly Files folder = new();
    private readonly Granary granary = server.Granary;

    public void Dispose() => folder.Dispose();

    [Trait("Behaviour", "S22")]
    [Fact]
    public async Task A_held_file_keeps_its_versions_until_the_hold_ends()
    {
        var scope = await server.ScopeAsync();
        await granary.DoAsync("put", folder.Write("x", "one"), $"{scope}:/x");
        await granary.DoAsync("hold", $"{scope}:/x", "--reason", "case 7");
        await granary.DoAsync("put", folder.Write("x", "two"), $"{scope}:/x");
        await granary.DoAsync("rm", $"{scope}:/x");
        var versions = (await granary.DoAsync("versions", $"{scope}:/x", "--json")).Json;
        Assert.Equal(3, versions.Count);
        Assert.All(versions, version => Assert.Equal("file", version.GetProperty("legalHold").GetString()));
        Assert.Equal("one", (await granary.DoAsync("cat", "--version", "1", $"{scope}:/x")).Out);
        Assert.Contains("case 7", (await granary.DoAsync("hold", $"{scope}:")).Out, StringComparison.Ordinal);

        var refused = await granary.RunAsync("scope", "delete", scope, "--force", "--yes");
        Assert.Equal(3, refused.Code);
        Assert.Contains("legal-hold", refused.Error, StringComparison.Ordinal);
        await granary.DoAsync("restore", $"{scope}:/x", "--version", "1");
        Assert.Equal("file", Assert.Single((await granary.DoAsync("stat", $"{scope}:/x", "--json")).Json).GetProperty("legalHold").GetString());

        await granary.DoAsync("unhold", $"{scope}:/x");
        Assert.Equal("none", Assert.Single((await granary.DoAsync("stat", $"{scope}:/x", "--json")).Json).GetProperty("legalHold").GetString());
        Assert.Equal(3, (await granary.RunAsync("unhold", $"{scope}:/x")).Code);
    }

    [Trait("Behaviour", "S22")]
    [Fact]
    public async Task A_scope_is_held_and_let_go_by_edit()
    {
        var scope = await server.ScopeAsync();
        Assert.Contains("legal hold", (await granary.DoAsync("scope", "edit", scope, "--legal-hold")).Out, StringComparison.Ordinal);
        Assert.True(Assert.Single((await granary.DoAsync("scope", "show", scope, "--json")).Json).GetProperty("legalHold").GetBoolean());
        Assert.Equal(3, (await granary.RunAsync("scope", "delete", scope, "--force", "--yes")).Code);
        await granary.DoAsync("scope", "edit", scope, "--legal-hold=false");
        await granary.DoAsync("scope", "delete", scope);
    }

    [Fact]
    public async Task A_key_is_edited_and_what_is_not_named_stays()
    {
        var scope = await server.ScopeAsync();
        var made = Assert.Single((await granary.DoAsync("key", "create", "before", "--rights", "read", "--json")).Json);
        var id = made.GetProperty("id").GetString()!;
        await granary.DoAsync("key", "edit", id, "--rights", "read,write", "--scope", scope, "--expires", "30d");
        var now = Assert.Single((await granary.DoAsync("key", "edit", id, "--name", "after", "--json")).Json);
        Assert.Equal("after", now.GetProperty("name").GetString());
        Assert.Equal(scope, now.GetProperty("scopes")[0].GetString());
        Assert.Equal(2, now.GetProperty("rights").GetArrayLength());
        Assert.True(now.TryGetProperty("expires", out _));
        now = Assert.Single((await granary.DoAsync("key", "edit", id, "--scope", "", "--unset", "expires", "--json")).Json);
        Assert.False(now.TryGetProperty("scopes", out _));
        Assert.False(now.TryGetProperty("expires", out _));
        await granary.DoAsync("key", "delete", id);
    }
}
