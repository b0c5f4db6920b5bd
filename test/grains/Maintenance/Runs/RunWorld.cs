using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Tests.Worlds;
using Granary.Stores;

namespace Granary.Grains.Tests.Maintenance;

/// <summary>Starts runs of a <see cref="GrainWorld"/>, does them, and looks at them.</summary>
internal sealed class RunWorld(GrainWorld world)
{
    public RunCatalog Catalog { get; } = world.Get<RunCatalog>();

    /// <summary>Creates an operator's run of these tasks and works until nothing can be done.</summary>
    public async Task<RunDetails> RunAsync(bool dryRun = false, bool repair = false, bool data = false, params NewRunTask[] tasks)
    {
        var id = await CreateAsync(dryRun, repair, data, tasks);
        await WorkAsync();
        return (await Catalog.FindAsync(id, default))!;
    }

    /// <inheritdoc cref="RunAsync"/>
    public async Task<long> CreateAsync(bool dryRun = false, bool repair = false, bool data = false, params NewRunTask[] tasks) =>
        (await Catalog.CreateAsync(
            new NewRun { Trigger = RunTrigger.Operator, Tasks = tasks, DryRun = dryRun, Repair = repair, Data = data }, null, default)).Id!.Value;

    /// <summary>A task of the world's store.</summary>
    public NewRunTask OfStore(MaintenanceTaskKind kind) => new(kind, 0, Store: world.Store);

    /// <summary>A task of the world's tenant.</summary>
    public NewRunTask OfTenant(MaintenanceTaskKind kind) => new(kind, 0, world.Tenant);

    /// <summary>Rounds of every grain until none has anything to do.</summary>
    public async Task WorkAsync()
    {
        long done;
        do
        {
            done = (await world.TenantMaintenance.RunRoundAsync(default)).Done;
            done += (await world.Client.GetGrain<IScopeMaintenanceGrain>(GrainKeys.Scope(world.Tenant, world.Scope)).RunRoundAsync(default)).Done;
            foreach (var store in (await world.Get<TopologyCache>().RefreshAsync(default)).Stores)
            {
                done += (await world.Client.GetGrain<IStoreMaintenanceGrain>(GrainKeys.Store(store.Id)).RunRoundAsync(default)).Done;
            }
        }
        while (done > 0);
    }

    /// <summary>Codes and kinds of all that a run found.</summary>
    public async Task<IReadOnlyList<(string Code, FindingKind Kind)>> FindingsAsync(long run) =>
        [.. (await Catalog.FindingsAsync(run, 0, 10_000, default)).Select(static found => (found.Finding.Code, found.Finding.Kind))];

    /// <summary>The patience of a task is over: its next fruitless step ends it.</summary>
    public Task<int> LosePatienceAsync(long run)
    {
        var sql = new Sql("UPDATE run_task SET waiting_since = 0, due = 0 WHERE run = ?1 AND waiting IS NOT NULL");
        return world.Database.WriteAsync(session => session.Execute(sql, run), default);
    }

    /// <summary>Nothing is young any more: files in the store are as old as two days, and so are the ids of copies.</summary>
    public async Task AgeAsync(string folder)
    {
        var sql = new Sql("UPDATE location_range SET given = given - 864000000");
        await world.Database.WriteAsync(session => session.Execute(sql), default);
        AgeBytes(folder);
    }

    /// <summary>Files in the store are as old as two days.</summary>
    public static void AgeBytes(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            File.SetLastWriteTimeUtc(file, TimeProvider.System.GetUtcNow().UtcDateTime - TimeSpan.FromDays(2));
        }
    }

    /// <summary>Puts bytes into the store that no row knows.</summary>
    public async Task<LocationKey> StrayAsync(string text, long location)
    {
        using var chunk = ChunkBuffer.CopyOf(System.Text.Encoding.UTF8.GetBytes(text));
        var key = new LocationKey(world.Tenant.ToString(), chunk.Hash, location);
        Assert.True(world.Directory.TryGetMaintenance(world.Store, out var store));
        await store.PutAsync(key, chunk, default);
        return key;
    }
}
