using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Copies;
using Granary.Stores;
using Granary.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace Granary.Grains.Tests.Policies;

/// <summary>Policies that change during a run, silos that wake too late, and tasks that meet on one chunk.</summary>
public sealed class PolicyRaceTests(PolicyFixture fixture) : PolicyCase(fixture)
{
    [Fact]
    public async Task A_policy_that_is_withdrawn_during_a_run_ends_it()
    {
        await DrainAsync();
        var faults = Host.Directory.Faults(A);
        faults.Stall(StoreVerbs.Read);
        var running = RunDrainAsync();
        await Eventually.BecomesAsync(() => faults.Stalled > 0, "a chunk is being read");
        await World.AttachAsync(Scope, new AttachmentSettings { Store = A, UploadPriority = 100 });
        await World.AttachAsync(Scope, new AttachmentSettings { Store = B, UploadPriority = 50, ReadOnly = true });
        faults.Heal();
        await running;

        // Copies for a target that became read-only do not count, so nothing was let go.
        Assert.Equal(6, (await World.StoredAsync(A, Scope.Tenant)).Count);
        Assert.Empty(await World.StoredAsync(B, Scope.Tenant));
        Assert.Equal("policy-changed", Assert.Single((await RunDrainAsync()).Findings).Code);
        await World.AssertAllIsWellAsync();
    }

    [Fact]
    [Trait("Behaviour", "G8")]
    public async Task A_silo_that_was_frozen_while_another_moved_the_chunk_is_refused_when_it_wakes()
    {
        await DrainAsync();
        var hash = Scope.Files["f0"];
        var copies = World.Get<CopyCatalog>();

        // The frozen silo has a row and wrote its bytes; then its life ended, and another moved everything.
        var frozen = await World.Get<SiloCatalog>().RegisterAsync("frozen", default);
        Assert.False((await Host.Client.GetGrain<IFileStoreGrain>(GrainKeys.Store(B)).GrantSpaceAsync(new SpaceRequest(frozen, 10_000), default)).Refused);
        var copy = new BeginCopy { Tenant = Scope.Tenant, Hash = hash, Target = B, Epoch = frozen, Purpose = CopyPurpose.Drain, Scope = Scope.Id };
        var begun = await copies.BeginAsync(copy, default);
        Assert.Equal(CopyBeginStatus.Write, begun.Status);
        await World.Get<SiloCatalog>().RegisterAsync("frozen", default);
        Assert.Equal(6, (await RunDrainAsync()).Chunks);

        Assert.Equal(CopyCompletion.Lost, await copies.CompleteAsync(copy, begun.Location, default));
        Assert.Equal(CopyBeginStatus.EpochDead, (await copies.BeginAsync(copy with { Target = A, Purpose = CopyPurpose.Repair }, default)).Status);
        Assert.Equal(ReleaseKind.Gone, (await copies.ReleaseAsync(new ReleaseCopy(Scope.Tenant, hash, A, ReleaseReason.Drain, Scope.Id), default)).Kind);
        await AssertMovedAsync();
    }

    [Fact]
    public async Task Completing_a_copy_twice_counts_it_once()
    {
        var hash = Scope.Files["f0"];
        var copies = World.Get<CopyCatalog>();
        var copy = new BeginCopy { Tenant = Scope.Tenant, Hash = hash, Target = B, Epoch = Host.Epoch, Purpose = CopyPurpose.Shrink, Scope = Scope.Id };
        Assert.False((await Host.Client.GetGrain<IFileStoreGrain>(GrainKeys.Store(B)).GrantSpaceAsync(new SpaceRequest(Host.Epoch, 1_000), default)).Refused);
        var begun = await copies.BeginAsync(copy, default);
        Assert.Equal(CopyBeginStatus.Busy, (await copies.BeginAsync(copy, default)).Status);
        Assert.Equal(CopyCompletion.Stored, await copies.CompleteAsync(copy, begun.Location, default));
        Assert.Equal(CopyCompletion.Stored, await copies.CompleteAsync(copy, begun.Location, default));
        Assert.False(await copies.FailAsync(Scope.Tenant, hash, begun.Location, mayArriveLate: false, default));
        Assert.Equal(CopyBeginStatus.AlreadyThere, (await copies.BeginAsync(copy, default)).Status);
        await Host.AssertInvariantsAsync();
    }

    [Fact]
    public async Task One_copy_that_is_asked_for_many_times_is_made_once()
    {
        var worker = Host.SiloServices.GetRequiredService<CopyWorker>();
        var before = Host.Directory.Faults(B).Calls(StoreVerbs.Put);
        var request = new CopyRequest(Scope.Tenant, Scope.Files["f3"], B, [], CopyPurpose.Hot, Scope.Id);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => worker.CopyAsync(request, default)));
        Assert.Single(outcomes, outcome => outcome.Status == CopyStatus.Copied);
        Assert.All(outcomes, static outcome => Assert.True(outcome.Status is CopyStatus.Copied or CopyStatus.AlreadyThere));
        Assert.Equal(before + 1, Host.Directory.Faults(B).Calls(StoreVerbs.Put));
    }

    [Fact]
    [Trait("Behaviour", "D39")]
    [Trait("Behaviour", "G16")]
    public async Task Two_scopes_that_drain_a_shared_store_at_one_time_keep_every_chunk_readable_for_both()
    {
        var other = await World.AddScopeAsync(
            Scope.Tenant, "other", new AttachmentSettings { Store = A, UploadPriority = 100 }, new AttachmentSettings { Store = B, UploadPriority = 50 });
        foreach (var path in Scope.Files.Keys)
        {
            await World.WriteAsync(other, path, A);
        }

        await DrainAsync();
        await World.AttachAsync(other, new AttachmentSettings { Store = A, UploadPriority = 100, Drain = true });
        await Task.WhenAll(RunDrainAsync(), World.RunAsync(MaintenanceTaskKind.Drain, other, A));
        await RunDrainAsync();
        await World.RunAsync(MaintenanceTaskKind.Drain, other, A);
        await AssertMovedAsync();
    }
}
