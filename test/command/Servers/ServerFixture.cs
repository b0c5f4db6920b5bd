namespace Granary.Command.Tests.Servers;

/// <summary>One server for all tests of the collection; each test works in scopes and folders of its own.</summary>
public sealed class ServerFixture : IAsyncLifetime
{
    private readonly Files folder = new();
    private Silo? silo;

    internal Granary Granary { get; private set; } = null!;

    internal string Data => folder.At("data");

    public async Task InitializeAsync()
    {
        silo = await Silo.UpAsync(Data);
        Granary = new Granary(Data);
    }

    public async Task DisposeAsync()
    {
        if (silo is not null)
            await silo.DisposeAsync();
        folder.Dispose();
    }

    /// <summary>Makes a scope for one test.</summary>
    internal async Task<string> ScopeAsync(params string[] options)
    {
        var name = "t" + Guid.NewGuid().ToString("n")[..12];
        await Granary.DoAsync(["scope", "create", name, .. options]);
        return name;
    }
}

/// <summary>Tests that share the server.</summary>
[CollectionDefinition(Name)]
public sealed class ServerGroup : ICollectionFixture<ServerFixture>
{
    public const string Name = "server";
}
