using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.TestSupport;

namespace Granary.Grains.Tests.Policies;

/// <summary>What a case puts a policy through.</summary>
public enum Situation
{
    Real,
    DryRun,
    NothingToDo,
    DeletedMeanwhile,
    NoSourceOrTarget,
    LimitReached,
    NamedTarget,
    NamedTargetNotEligible,
}

/// <summary>Who shares the stores, and the chunks.</summary>
public enum Sharing
{
    OneScope,
    TwoScopes,
    TwoTenants,
}

/// <summary>
/// The grid: every policy in every situation, alone, with a second scope of the tenant that has the same stores and chunks, and
/// with a second tenant that has the same stores and the same bytes. Four chunks of 1,000 bytes lie in store a; b and c are
/// the other stores, in this order.
/// </summary>
public sealed class PolicyGridTests(PolicyFixture fixture) : IClassFixture<PolicyFixture>
{
    private static readonly string[] s_paths = ["f0", "f1", "f2", "f3"];

    public static TheoryData<Situation, Sharing> Situations => Grid(situation => situation < Situation.NamedTarget);

    public static TheoryData<Situation, Sharing> DrainSituations => Grid(static _ => true);

    [Theory]
    [MemberData(nameof(Situations))]
    [Trait("Behaviour", "D27")]
    [Trait("Behaviour", "D28")]
    [Trait("Behaviour", "D29")]
    [Trait("Behaviour", "D30")]
    [Trait("Behaviour", "D31")]
    public async Task Populate_gives_the_store_what_it_lacks(Situation situation, Sharing sharing)
    {
        var grid = await Case.MakeAsync(fixture, sharing);
        await grid.World.SetLimitsAsync(grid.B, situation == Situation.LimitReached ? 2_500 : null);
        if (situation == Situation.NoSourceOrTarget)
        {
            await grid.AttachAsync(new AttachmentSettings { Store = grid.A, WriteOnly = true });
        }

        await grid.AttachAsync(new AttachmentSettings { Store = grid.B, UploadPriority = 50, Populate = true });
        var run = await grid.RunAsync(MaintenanceTaskKind.Populate, grid.B, situation);
        var copied = situation switch { Situation.LimitReached => 2, Situation.NoSourceOrTarget or Situation.DryRun => 0, _ => grid.Scope.Files.Count };

        Assert.Equal(copied, (await grid.World.StoredAsync(grid.B, grid.Tenant)).Count);
        Assert.Equal(4, (await grid.World.StoredAsync(grid.A, grid.Tenant)).Count);
        Assert.Equal(situation == Situation.DryRun ? 4 : 0, run.Count(FindingKind.WouldDo));
        Assert.Equal(
            situation switch
            {
                Situation.NoSourceOrTarget => ["no-source", "no-source", "no-source", "no-source"],
                Situation.LimitReached => ["target-full"],
                _ => Array.Empty<string>(),
            },
            run.Errors);
        Assert.Equal(situation switch { Situation.NothingToDo => 0, Situation.DryRun => 4, _ => copied }, run.Chunks);
        await grid.EndAsync(situation == Situation.NoSourceOrTarget);
    }

    [Theory]
    [MemberData(nameof(DrainSituations))]
    [Trait("Behaviour", "D27")]
    [Trait("Behaviour", "D28")]
    [Trait("Behaviour", "D34")]
    [Trait("Behaviour", "D35")]
    [Trait("Behaviour", "D36")]
    [Trait("Behaviour", "D37")]
    [Trait("Behaviour", "D39")]
    [Trait("Behaviour", "G16")]
    public async Task Drain_moves_what_the_scope_has_there(Situation situation, Sharing sharing)
    {
        var grid = await Case.MakeAsync(fixture, sharing);
        await grid.World.SetLimitsAsync(grid.B, situation == Situation.LimitReached ? 2_500 : null);
        await grid.World.SetLimitsAsync(grid.C, situation is Situation.LimitReached or Situation.NamedTargetNotEligible ? 0 : null);
        if (situation == Situation.NoSourceOrTarget)
        {
            await grid.AttachAsync(new AttachmentSettings { Store = grid.B, ReadOnly = true });
            await grid.AttachAsync(new AttachmentSettings { Store = grid.C, WriteOnly = true });
        }

        var named = situation is Situation.NamedTarget or Situation.NamedTargetNotEligible;
        await grid.AttachAsync(new AttachmentSettings { Store = grid.A, UploadPriority = 100, Drain = true, DrainTo = named ? grid.C : null });
        var run = await grid.RunAsync(MaintenanceTaskKind.Drain, grid.A, situation);
        var files = grid.Scope.Files.Count;
        var moved = situation switch
        {
            Situation.LimitReached => 2,
            Situation.NoSourceOrTarget or Situation.DryRun or Situation.NamedTargetNotEligible => 0,
            _ => files,
        };

        var target = named ? grid.C : grid.B;
        Assert.Equal(moved, (await grid.World.StoredAsync(target, grid.Tenant)).Count);
        Assert.Empty(await grid.World.StoredAsync(named ? grid.B : grid.C, grid.Tenant));
        var shared = sharing == Sharing.TwoScopes;
        // What nothing references any more is left to collection.
        var unreferenced = situation == Situation.DeletedMeanwhile ? 1 : 0;
        Assert.Equal(shared ? 4 : files - moved + unreferenced, (await grid.World.StoredAsync(grid.A, grid.Tenant)).Count);
        Assert.Equal(situation == Situation.DryRun ? 4 : 0, run.Count(FindingKind.WouldDo));
        Assert.Equal(
            situation switch
            {
                Situation.NoSourceOrTarget => Enumerable.Repeat("no-target", 4),
                Situation.LimitReached => Enumerable.Repeat("target-full", 2),
                Situation.NamedTargetNotEligible => Enumerable.Repeat("target-refused", 4),
                _ => [],
            },
            run.Errors);
        Assert.Equal(shared && situation != Situation.DryRun ? moved : 0, run.Count(FindingKind.Kept));
        await grid.EndAsync();
    }

    [Theory]
    [MemberData(nameof(Situations))]
    [Trait("Behaviour", "D27")]
    [Trait("Behaviour", "D40")]
    [Trait("Behaviour", "D42")]
    public async Task A_stores_soft_limit_moves_the_least_recently_used_away(Situation situation, Sharing sharing)
    {
        var grid = await Case.MakeAsync(fixture, sharing);
        var all = sharing == Sharing.TwoTenants ? 8 : 4;
        await grid.World.SetLimitsAsync(grid.A, situation == Situation.NothingToDo ? all * PolicyWorld.ChunkSize : 2_000);
        await grid.World.SetLimitsAsync(grid.B, situation == Situation.LimitReached ? 1_500 : null);
        await grid.World.SetLimitsAsync(grid.C, situation == Situation.LimitReached ? 0 : null);
        if (situation == Situation.NoSourceOrTarget)
        {
            await grid.CloseTargetsAsync();
        }

        var run = await grid.RunAsync(MaintenanceTaskKind.ShrinkStore, grid.A, situation);
        var moved = situation switch
        {
            Situation.LimitReached => 1,
            Situation.NoSourceOrTarget or Situation.DryRun or Situation.NothingToDo => 0,
            _ => all - 2,
        };

        var left = await grid.CountInAsync(grid.A);
        if (situation == Situation.DeletedMeanwhile)
        {
            Assert.InRange(left, 1, 2);
        }
        else
        {
            Assert.Equal(all - moved, left);
            Assert.Equal(moved, await grid.CountInAsync(grid.B));
        }

        Assert.Equal(situation == Situation.DryRun ? all - 2 : 0, run.Count(FindingKind.WouldDo));
        Assert.Equal(
            situation switch
            {
                Situation.NoSourceOrTarget => [.. Enumerable.Repeat("no-target", all), "limit-not-met"],
                Situation.LimitReached => [.. Enumerable.Repeat("target-full", all - 1), "limit-not-met"],
                _ => Array.Empty<string>(),
            },
            run.Errors);
        if (situation == Situation.Real)
        {
            // The oldest went, whoever they belong to.
            Assert.DoesNotContain(grid.Scope.Files["f0"], await grid.World.StoredAsync(grid.A, grid.Tenant));
        }

        await grid.EndAsync();
    }

    [Theory]
    [MemberData(nameof(Situations))]
    [Trait("Behaviour", "D27")]
    [Trait("Behaviour", "D43")]
    [Trait("Behaviour", "G16")]
    public async Task A_scopes_soft_limit_moves_only_what_is_its_own(Situation situation, Sharing sharing)
    {
        var grid = await Case.MakeAsync(fixture, sharing);
        await grid.World.SetLimitsAsync(grid.B, situation == Situation.LimitReached ? 1_500 : null);
        await grid.World.SetLimitsAsync(grid.C, situation == Situation.LimitReached ? 0 : null);
        if (situation == Situation.NoSourceOrTarget)
        {
            await grid.CloseTargetsAsync();
        }

        await grid.AttachAsync(new AttachmentSettings { Store = grid.A, UploadPriority = 100, SoftMaxSize = situation == Situation.NothingToDo ? 4_000 : 2_000 });
        var run = await grid.RunAsync(MaintenanceTaskKind.ShrinkScope, grid.A, situation);

        // What the other scope keeps there does not count against this one.
        var active = sharing != Sharing.TwoScopes;
        var moved = situation switch
        {
            _ when !active => 0,
            Situation.LimitReached => 1,
            Situation.NoSourceOrTarget or Situation.DryRun or Situation.NothingToDo => 0,
            _ => 2,
        };
        var left = (await grid.World.StoredAsync(grid.A, grid.Tenant)).Count;
        if (situation == Situation.DeletedMeanwhile)
        {
            Assert.InRange(left, 1, active ? 2 : 4);
        }
        else
        {
            Assert.Equal(4 - moved, left);
            Assert.Equal(moved, (await grid.World.StoredAsync(grid.B, grid.Tenant)).Count);
            Assert.Equal(moved * PolicyWorld.ChunkSize, run.Bytes - (run.Count(FindingKind.WouldDo) * PolicyWorld.ChunkSize));
        }

        Assert.Equal(active && situation == Situation.DryRun ? 2 : 0, run.Count(FindingKind.WouldDo));
        Assert.Equal(
            (active, situation) switch
            {
                (true, Situation.NoSourceOrTarget) => Enumerable.Repeat("no-target", 4),
                (true, Situation.LimitReached) => Enumerable.Repeat("target-full", 3),
                _ => [],
            },
            run.Errors);
        await grid.EndAsync();
    }

    private static TheoryData<Situation, Sharing> Grid(Func<Situation, bool> holds)
    {
        var data = new TheoryData<Situation, Sharing>();
        foreach (var situation in Enum.GetValues<Situation>().Where(holds))
        {
            foreach (var sharing in Enum.GetValues<Sharing>())
            {
                data.Add(situation, sharing);
            }
        }

        return data;
    }

    private sealed class Case(PolicyWorld world, Sharing sharing)
    {
        private CaseScope? _other;
        private Dictionary<StoreId, int> _othersBefore = [];

        public PolicyWorld World => world;

        public TenantId Tenant => Scope.Tenant;

        public CaseScope Scope { get; private set; } = null!;

        public StoreId A { get; private set; }

        public StoreId B { get; private set; }

        public StoreId C { get; private set; }

        public static async Task<Case> MakeAsync(PolicyFixture fixture, Sharing sharing)
        {
            var world = new PolicyWorld(fixture.World);
            var grid = new Case(world, sharing) { A = await world.AddStoreAsync("a"), B = await world.AddStoreAsync("b"), C = await world.AddStoreAsync("c") };
            var tenant = await world.AddTenantAsync("acme");
            grid.Scope = await world.AddScopeAsync(tenant, "one", grid.Plain);
            if (sharing != Sharing.OneScope)
            {
                var other = sharing == Sharing.TwoScopes ? tenant : await world.AddTenantAsync("umbrella");
                grid._other = await world.AddScopeAsync(other, "two", grid.Plain);
            }

            foreach (var path in s_paths)
            {
                await world.WriteAsync(grid.Scope, path, grid.A);
                if (grid._other is { } second)
                {
                    await world.WriteAsync(second, path, grid.A);
                }
            }

            return grid;
        }

        public Task AttachAsync(AttachmentSettings settings) => world.AttachAsync(Scope, settings);

        public async Task CloseTargetsAsync()
        {
            foreach (var scope in new[] { Scope, _other }.OfType<CaseScope>())
            {
                await world.AttachAsync(scope, new AttachmentSettings { Store = B, ReadOnly = true });
                await world.AttachAsync(scope, new AttachmentSettings { Store = C, WriteOnly = true });
            }
        }

        public async Task<TaskRun> RunAsync(MaintenanceTaskKind kind, StoreId store, Situation situation)
        {
            if (kind != MaintenanceTaskKind.ShrinkStore)
            {
                await RememberOtherAsync();
            }

            var scope = kind == MaintenanceTaskKind.ShrinkStore ? null : Scope;
            if (situation == Situation.NothingToDo && kind is MaintenanceTaskKind.Populate or MaintenanceTaskKind.Drain)
            {
                await world.RunAsync(kind, scope, store);
            }

            if (situation != Situation.DeletedMeanwhile)
            {
                var run = await world.RunAsync(kind, scope, store, dryRun: situation == Situation.DryRun);
                Assert.Null(run.Waiting);
                return run;
            }

            // The first chunk is being read, its row written, when a file goes.
            var faults = world.World.Directory.Faults(A);
            faults.Stall(StoreVerbs.Read);
            var running = world.RunAsync(kind, scope, store, parallel: 1);
            await Eventually.BecomesAsync(() => faults.Stalled > 0 || running.IsCompleted, "a chunk is being read");
            await world.DeleteAsync(Scope, "f0");
            faults.Heal();
            return await running;
        }

        public async Task<int> CountInAsync(StoreId store)
        {
            var mine = (await world.StoredAsync(store, Tenant)).Count;
            return sharing == Sharing.TwoTenants ? mine + (await world.StoredAsync(store, _other!.Tenant)).Count : mine;
        }

        public async Task EndAsync(bool scopeCannotRead = false)
        {
            // Another tenant's copies are not touched by a scope's policy, nor counted.
            if (sharing == Sharing.TwoTenants && _othersBefore.Count > 0)
            {
                foreach (var (store, before) in _othersBefore)
                {
                    Assert.Equal(before, (await world.StoredAsync(store, _other!.Tenant)).Count);
                }
            }

            await world.AssertAllIsWellAsync(scopeCannotRead ? [Scope] : []);
        }

        private AttachmentSettings[] Plain =>
        [
            new AttachmentSettings { Store = A, UploadPriority = 100, DownloadPriority = 100 },
            new AttachmentSettings { Store = B, UploadPriority = 50 },
            new AttachmentSettings { Store = C, UploadPriority = 10 },
        ];

        private async Task RememberOtherAsync()
        {
            if (sharing == Sharing.TwoTenants)
            {
                _othersBefore = [];
                foreach (var store in new[] { A, B, C })
                {
                    _othersBefore[store] = (await world.StoredAsync(store, _other!.Tenant)).Count;
                }
            }
        }
    }
}
