using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Tests.Worlds;

namespace Granary.Grains.Tests.Policies;

/// <summary>A scope over two stores, with six files that all lie in the first.</summary>
public abstract class PolicyCase(PolicyFixture fixture) : IClassFixture<PolicyFixture>, IAsyncLifetime
{
    /// <summary>What this case makes for itself: its tenant, its scopes and its stores.</summary>
    internal PolicyWorld World { get; } = new(fixture.World);

    /// <summary>What all cases of a class share: the silo with its catalog and its stores.</summary>
    internal GrainWorld Host => fixture.World;

    /// <summary>The store that all files were written to.</summary>
    protected StoreId A { get; private set; }

    /// <summary>The store beside it, with the lower upload priority.</summary>
    protected StoreId B { get; private set; }

    internal CaseScope Scope { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        A = await World.AddStoreAsync("a");
        B = await World.AddStoreAsync("b");
        Scope = await World.AddScopeAsync(
            await World.AddTenantAsync("acme"), "main", new AttachmentSettings { Store = A, UploadPriority = 100 }, new AttachmentSettings { Store = B, UploadPriority = 50 });
        for (var i = 0; i < 6; i++)
        {
            await World.WriteAsync(Scope, $"f{i}", A);
        }
    }

    public Task DisposeAsync()
    {
        Host.Directory.Faults(A).Heal();
        Host.Directory.Faults(B).Heal();
        Host.Directory.SetOffline(A, false);
        Host.Directory.SetOffline(B, false);
        return Task.CompletedTask;
    }

    private protected Task DrainAsync() => SetAsync(MaintenanceTaskKind.Drain);

    private protected Task SetAsync(MaintenanceTaskKind kind) => World.AttachAsync(
        Scope,
        kind == MaintenanceTaskKind.Drain
            ? new AttachmentSettings { Store = A, UploadPriority = 100, Drain = true }
            : new AttachmentSettings { Store = B, UploadPriority = 50, Populate = true });

    private protected Task<TaskRun> RunDrainAsync() => World.RunAsync(MaintenanceTaskKind.Drain, Scope, A);

    private protected async Task AssertMovedAsync()
    {
        Assert.Empty(await World.StoredAsync(A, Scope.Tenant));
        Assert.Equal(Scope.Files.Count, (await World.StoredAsync(B, Scope.Tenant)).Count);
        await World.AssertAllIsWellAsync();
    }
}
