using Granary.GrainInterfaces;
using Granary.TestSupport;
using Xunit.Abstractions;
using static Granary.Catalog.Tests.CatalogWorld;

namespace Granary.Catalog.Tests;

/// <summary>Which versions stay, without any commit of their path.</summary>
public abstract class RetentionSuite(ICatalogEngine engine, ITestOutputHelper output) : CatalogSuite(engine)
{
    [SuiteFact]
    [Trait("Behaviour", "S8")]
    public async Task Versions_that_days_protect_go_without_a_commit_when_their_time_is_over()
    {
        var world = await CreateWorldAsync(keepDays: 7);
        await world.PutAsync("a", "one");
        Clock.Advance(TimeSpan.FromDays(100));
        await world.PutAsync("a", "two two");
        Clock.Advance(TimeSpan.FromDays(4));
        await world.PutAsync("a", "three");
        await ExpireAsync(world);
        Assert.Equal([3L, 2, 1], await NumbersAsync(world, "a"));
        Clock.Advance(TimeSpan.FromDays(3.1));
        await ExpireAsync(world);
        Assert.Equal([3L, 2], await NumbersAsync(world, "a"));
        Assert.Equal(12, (await world.Tenants.GetUsageAsync(world.Tenant, default))!.Logical);
        Clock.Advance(TimeSpan.FromDays(4));
        Assert.Equal(new VersionsDue(1, 7), await world.Versions.CountDueAsync(world.Tenant, default));
        Assert.Contains(world.Tenant, (await world.Reclaim.WorkPendingAsync(default)).Tenants);
        await ExpireAsync(world);
        Assert.Equal([3L], await NumbersAsync(world, "a"));
        Assert.Equal(5, (await world.Tenants.GetUsageAsync(world.Tenant, default))!.Logical);
        await world.RunBackgroundAsync();
        Assert.Equal(5, (await world.Scopes.GetDetailsAsync(world.Tenant, world.Scope, default))!.UniqueBytes);
        Assert.DoesNotContain(world.Tenant, (await world.Reclaim.WorkPendingAsync(default)).Tenants);
        Assert.Equal(4, (await world.PutAsync("a", "four")).Version);
    }

    [SuiteFact]
    [Trait("Behaviour", "S8")]
    public async Task The_newest_tombstone_outlives_every_version_so_that_numbers_never_restart()
    {
        var world = await CreateWorldAsync(keepDays: 1);
        await world.PutAsync("a", "one");
        await world.DeleteAsync("a");
        await world.PutAsync("a", "two");
        await world.DeleteAsync("a");
        Assert.Equal([4L, 3, 2, 1], await NumbersAsync(world, "a"));
        Clock.Advance(TimeSpan.FromDays(2));
        await ExpireAsync(world);
        Assert.Equal([4L], await NumbersAsync(world, "a"));
        Assert.Equal(0, (await world.Tenants.GetUsageAsync(world.Tenant, default))!.Logical);
        Clock.Advance(TimeSpan.FromDays(1_000));
        await ExpireAsync(world);
        Assert.Equal(5, (await world.PutAsync("a", "three")).Version);
    }

    [SuiteFact]
    [Trait("Behaviour", "S8")]
    public async Task A_version_restored_while_it_falls_due_stays_readable()
    {
        var world = await CreateWorldAsync(keepDays: 1);
        await world.PutAsync("a", ["one", "and one"]);
        await world.PutAsync("a", "two");
        Clock.Advance(TimeSpan.FromDays(2));
        var restored = await world.ApplyAsync(new RestoreFile { By = "test", Path = Path("a"), Version = 1 });
        Assert.Equal((NamespaceStatus.Done, 3L), (restored.Status, restored.Version));
        await ExpireAsync(world);
        await world.RunBackgroundAsync();
        Assert.Equal([3L, 2], await NumbersAsync(world, "a"));
        Assert.All((await world.FindAsync("a")).FirstChunks, static chunk => Assert.Single(chunk.Copies));
    }

    [SuiteFact]
    [Trait("Behaviour", "S8")]
    public async Task A_changed_setting_takes_effect_on_versions_that_are_there()
    {
        var world = await CreateWorldAsync(keepVersions: 10);
        for (var path = 0; path < 40; path++)
        {
            for (var i = 0; i < 5; i++)
            {
                await world.PutAsync($"p{path}", $"content {path} {i}");
            }
        }

        await SetAsync(world, new ScopeSettings { KeepVersions = 2 });
        await ExpireAsync(world);
        for (var path = 0; path < 40; path++)
        {
            Assert.Equal([5L, 4], await NumbersAsync(world, $"p{path}"));
        }

        Assert.Equal(0, await ExpireAsync(world));
    }

    [SuiteFact]
    public async Task More_versions_or_days_protect_again_what_was_to_go()
    {
        var world = await CreateWorldAsync(keepDays: 1);
        for (var i = 0; i < 4; i++)
        {
            await world.PutAsync("a", $"content {i}");
        }

        Clock.Advance(TimeSpan.FromDays(2));
        await SetAsync(world, new ScopeSettings { KeepVersions = 3, KeepDays = 1 });
        await ExpireAsync(world);
        Assert.Equal([4L, 3, 2], await NumbersAsync(world, "a"));
        await SetAsync(world, new ScopeSettings { KeepVersions = 1, KeepDays = 30 });
        await ExpireAsync(world);
        Assert.Equal([4L, 3, 2], await NumbersAsync(world, "a"));
        await SetAsync(world, new ScopeSettings { KeepVersions = 1 });
        await ExpireAsync(world);
        Assert.Equal([4L], await NumbersAsync(world, "a"));
    }

    [SuiteFact]
    [Trait("Behaviour", "S22")]
    public async Task A_scope_under_legal_hold_loses_no_version_by_overwrite_delete_or_expiry()
    {
        var world = await CreateWorldAsync();
        await SetAsync(world, new ScopeSettings { LegalHold = true });
        for (var i = 0; i < 3; i++)
        {
            await world.PutAsync("a", $"content {i}");
        }

        await world.DeleteAsync("a");
        await SetAsync(world, new ScopeSettings { KeepDays = 1, LegalHold = true });
        Clock.Advance(TimeSpan.FromDays(1_000));
        Assert.Equal(new VersionsDue(0, 0), await world.Versions.CountDueAsync(world.Tenant, default));
        await ExpireAsync(world);
        Assert.Equal([4L, 3, 2, 1], await NumbersAsync(world, "a"));
        Assert.NotNull((await world.FindAsync("a", 1)).File);

        Assert.Equal(AdminStatus.LegalHold, (await world.Scopes.MarkDeletingAsync(world.Tenant, world.Scope, force: true, null, default)).Status);
        Assert.Equal(AdminStatus.LegalHold, (await world.Tenants.DeleteAsync(world.Tenant, null, default)).Status);
        Assert.Equal(AdminStatus.LegalHold, (await world.Stores.DeleteAsync(world.Store, force: true, null, default)).Status);

        await SetAsync(world, new ScopeSettings());
        Assert.Equal(3, (await world.Versions.CountDueAsync(world.Tenant, default)).Versions);
        await ExpireAsync(world);
        Assert.Equal([4L], await NumbersAsync(world, "a"));
        Assert.Equal(AdminStatus.Done, (await world.Scopes.MarkDeletingAsync(world.Tenant, world.Scope, force: false, null, default)).Status);
    }

    [SuiteFact]
    [Trait("Behaviour", "S22")]
    public async Task A_file_under_legal_hold_keeps_its_versions_and_others_do_not()
    {
        var world = await CreateWorldAsync();
        await world.PutAsync("held", "one");
        await world.PutAsync("free", "one");
        Assert.Equal(AdminStatus.Created, (await HoldAsync(world, "held", "case 7")).Status);
        Assert.Equal(AdminStatus.Done, (await HoldAsync(world, "held", null)).Status);
        Assert.Equal(AdminStatus.NotFound, (await HoldAsync(world, "nothing", null)).Status);
        foreach (var path in new[] { "held", "free" })
        {
            await world.PutAsync(path, "two");
            await world.DeleteAsync(path);
        }

        Clock.Advance(TimeSpan.FromDays(1_000));
        await ExpireAsync(world);
        Assert.Equal([3L, 2, 1], await NumbersAsync(world, "held"));
        Assert.Equal([3L], await NumbersAsync(world, "free"));
        Assert.Equal(AdminStatus.LegalHold, (await world.Scopes.MarkDeletingAsync(world.Tenant, world.Scope, force: true, null, default)).Status);
        Assert.Equal(AdminStatus.LegalHold, (await world.Tenants.DeleteAsync(world.Tenant, null, default)).Status);
        Assert.Equal(AdminStatus.LegalHold, (await world.Stores.DeleteAsync(world.Store, force: true, null, default)).Status);
        var hold = Assert.Single(await world.Holds.ListAsync(world.Tenant, world.Scope, null, 10, default));
        Assert.Equal((Path("held"), "case 7", "test"), (hold.Path, hold.Reason, hold.By));
        Assert.Equal(1, (await world.Scopes.GetDetailsAsync(world.Tenant, world.Scope, default))!.Holds);

        Assert.Equal(AdminStatus.Done, (await world.Holds.RemoveAsync(world.Tenant, world.Scope, Path("held"), null, default)).Status);
        Assert.Equal(AdminStatus.NotFound, (await world.Holds.RemoveAsync(world.Tenant, world.Scope, Path("held"), null, default)).Status);
        await ExpireAsync(world);
        Assert.Equal([3L], await NumbersAsync(world, "held"));
        Assert.Equal(AdminStatus.Done, (await world.Scopes.MarkDeletingAsync(world.Tenant, world.Scope, force: false, null, default)).Status);
    }

    [SuiteFact]
    [Trait("Behaviour", "S22")]
    public async Task What_is_moved_from_a_held_path_leaves_its_versions_there()
    {
        var world = await CreateWorldAsync();
        await world.PutAsync("held", "one");
        await HoldAsync(world, "held", null);
        await world.ApplyAsync(new CopyFile { By = "test", From = Path("held"), To = Path("other"), Move = true });
        await world.PutAsync("other", "new");
        await ExpireAsync(world);
        await world.RunBackgroundAsync();
        Assert.Equal([2L, 1], await NumbersAsync(world, "held"));
        Assert.Single((await world.FindAsync("held", 1)).FirstChunks);
    }

    [SuiteFact]
    [Trait("Behaviour", "S8")]
    [Trait("Behaviour", "S22")]
    public async Task Any_sequence_of_changes_settings_holds_and_days_keeps_what_the_model_says()
    {
        for (var sequence = 0; sequence < Seeds.Times(6, 200); sequence++)
        {
            var random = Seeds.Create(output, 4_000 + sequence);
            var world = await CreateWorldAsync();
            var model = new RetentionModel(Clock);
            for (var step = 0; step < 60; step++)
            {
                await StepAsync(world, model, random);
                if (step % 5 == 4)
                {
                    await ExpireAsync(world);
                    model.Expire();
                    foreach (var path in model.Paths)
                    {
                        Assert.True(model.Kept(path).SequenceEqual(await NumbersAsync(world, path)), $"Step {step}: {path} of the model is {model}, not {string.Join(' ', await NumbersAsync(world, path))}.");
                    }
                }
            }

            await world.AssertInvariantsAsync();
        }
    }

    private async Task StepAsync(CatalogWorld world, RetentionModel model, Random random)
    {
        var path = $"p{random.Next(3)}";
        Clock.Advance(TimeSpan.FromMinutes(1));
        switch (random.Next(12))
        {
            case < 5:
                await world.PutAsync(path, $"content {random.Next(4)}");
                model.Put(path);
                break;
            case < 7 when model.HasCurrent(path):
                await world.DeleteAsync(path);
                model.Delete(path);
                break;
            case < 9:
                Clock.Advance(TimeSpan.FromHours(random.Next(60)));
                break;
            case < 11:
                model.Settings = new ScopeSettings
                {
                    KeepVersions = 1 + random.Next(4),
                    KeepDays = random.Next(2) == 0 ? null : 1 + random.Next(3),
                    LegalHold = random.Next(4) == 0,
                };
                await SetAsync(world, model.Settings);
                break;
            default:
                if (model.Held.Remove(path))
                {
                    Assert.Equal(AdminStatus.Done, (await world.Holds.RemoveAsync(world.Tenant, world.Scope, Path(path), null, default)).Status);
                }
                else if ((await HoldAsync(world, path, null)).Status == AdminStatus.Created)
                {
                    model.Held.Add(path);
                }

                break;
        }
    }

    private static Task<AdminResult> HoldAsync(CatalogWorld world, string path, string? reason) =>
        world.Holds.PutAsync(world.Tenant, world.Scope, Path(path), "test", reason, null, default);

    private static async Task SetAsync(CatalogWorld world, ScopeSettings settings) =>
        Assert.Equal(AdminStatus.Done, (await world.Scopes.UpdateAsync(world.Tenant, world.Scope, settings, null, default)).Status);

    /// <summary>Pages until nothing is due; gives how many versions went.</summary>
    private static async Task<long> ExpireAsync(CatalogWorld world)
    {
        var gone = 0L;
        for (var pages = 0; pages < 1_000; pages++)
        {
            var page = await world.Versions.ExpirePageAsync(world.Tenant, default);
            gone += page.Versions;
            if (!page.Worked)
            {
                return gone;
            }
        }

        throw new InvalidOperationException("Expiry does not come to an end.");
    }

    private static async Task<IEnumerable<long>> NumbersAsync(CatalogWorld world, string path) =>
        (await world.Files.VersionsAsync(world.Tenant, world.Scope, Path(path), null, 1_000, default)).Select(static version => version.Version);
}
