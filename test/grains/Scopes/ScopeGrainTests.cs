using System.Text;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Tests.Worlds;
using Granary.TestSupport;

namespace Granary.Grains.Tests.Scopes;

/// <summary>The scope's grain over a real catalog.</summary>
public sealed class ScopeGrainTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private GrainWorld _world = null!;
    private Writer _writer = null!;

    public async Task InitializeAsync()
    {
        _world = await GrainWorld.StartAsync(keepVersions: 1);
        _writer = new Writer(_world);
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Concurrent_commits_share_transactions_and_get_numbers_without_gap_or_duplicate()
    {
        const int Count = 400;
        var commits = await PrepareAsync(Count, "f");
        var before = _world.Database.Statistics;
        var results = await Task.WhenAll(commits.Select(commit => _world.ScopeGrain.ApplyAsync(commit, None)));
        var after = _world.Database.Statistics;
        Assert.All(results, result => Assert.Equal(NamespaceStatus.Done, result.Status));
        Assert.Equal(Enumerable.Range(1, Count).Select(i => (long)i), results.Select(result => result.Sequence).Order());
        Assert.InRange(after.Writes - before.Writes, 1, Count / 10);
        await _world.AssertInvariantsAsync();
    }

    [Fact]
    [Trait("Behaviour", "G12")]
    public async Task A_commit_that_is_repeated_gets_the_first_answer()
    {
        var commit = (await PrepareAsync(1, "once"))[0];
        var first = await _world.ScopeGrain.ApplyAsync(commit, None);
        var again = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => _world.ScopeGrain.ApplyAsync(commit, None)));
        Assert.All(again, answer => Assert.Equal((first.Version, first.Sequence), (answer.Version, answer.Sequence)));
        Assert.Equal(1, await _world.Get<NamespaceCatalog>().GetHeadAsync(_world.Scope, None));
    }

    [Fact]
    [Trait("Behaviour", "D53")]
    public async Task A_detach_whose_silo_died_between_its_steps_is_put_back()
    {
        var scopes = _world.Get<ScopeCatalog>();
        var died = await scopes.MarkLeavingAsync(_world.Tenant, _world.Scope, _world.Store, None);
        Assert.Equal(AttachmentState.Leaving, State());
        await _world.ScopeGrain.PutBackLeavingAsync(None);
        await Eventually.BecomesAsync(() => State() == AttachmentState.Active, "the store is attached again");

        // The process may only have been frozen: what it goes on with is not done any more.
        Assert.Equal(AdminStatus.Conflict, (await scopes.CompleteDetachAsync(_world.Tenant, _world.Scope, _world.Store, died.Attempt, null, None)).Status);
        await _writer.StoreAsync("a", "content");

        AttachmentState State() => _world.Get<TopologyCache>().RefreshAsync(None).GetAwaiter().GetResult().Attachments(_world.Scope).Single().State;
    }

    [Fact]
    public async Task Each_operation_of_a_group_is_decided_alone()
    {
        await _writer.StoreAsync("there", "x");
        var good = await PrepareAsync(3, "good");
        var path = FilePath.Parse("missing");
        NamespaceOperation[] group = [good[0], new DeleteFile { By = "test", Path = path }, good[1], new CopyFile { By = "test", From = path, To = FilePath.Parse("to") }, good[2]];
        var results = await Task.WhenAll(group.Select(operation => _world.ScopeGrain.ApplyAsync(operation, None)));
        Assert.Equal(
            [NamespaceStatus.Done, NamespaceStatus.NotFound, NamespaceStatus.Done, NamespaceStatus.NotFound, NamespaceStatus.Done],
            results.Select(result => result.Status));
    }

    [Fact]
    public async Task Two_activations_of_one_scope_do_no_harm()
    {
        const int Each = 150;
        var other = await _world.StartClusterAsync();
        var grains = new[] { _world.ScopeGrain, other.GetGrain<IScopeGrain>(GrainKeys.Scope(_world.Tenant, _world.Scope)) };
        var left = await PrepareAsync(Each, "left");
        var right = await PrepareAsync(Each, "right");
        var same = await PrepareAsync(Each, "same");

        // Both write their own files, and both commit the same uploads, as a client does that repeats on another silo.
        async Task<List<NamespaceResult>> RunAsync(IScopeGrain grain, IEnumerable<NamespaceOperation> operations)
        {
            var results = new List<NamespaceResult>();
            foreach (var group in operations.Chunk(10))
            {
                results.AddRange(await Task.WhenAll(group.Select(operation => UntilDecidedAsync(grain, operation))));
            }

            return results;
        }

        var all = await Task.WhenAll(RunAsync(grains[0], left.Concat(same)), RunAsync(grains[1], right.Concat(same)));
        var results = all.SelectMany(list => list).ToList();
        Assert.All(results, result => Assert.Equal(NamespaceStatus.Done, result.Status));
        Assert.Equal(3 * Each, results.Select(result => result.Sequence).Distinct().Count());
        Assert.Equal(3 * Each, results.Max(result => result.Sequence));
        for (var i = 0; i < Each; i++)
        {
            Assert.Equal(all[0][Each + i].Sequence, all[1][Each + i].Sequence);
        }

        await _world.AssertInvariantsAsync();
    }

    [Fact]
    public async Task What_an_overwrite_left_is_uncounted_without_anybody_asking()
    {
        await _writer.StoreAsync("a", "first");
        await _writer.StoreAsync("a", "second");
        var reclaim = _world.Get<ReclaimCatalog>();
        Assert.Contains(_world.Tenant, (await reclaim.WorkPendingAsync(None)).Tenants);
        await Eventually.BecomesAsync(
            () => !reclaim.WorkPendingAsync(None).GetAwaiter().GetResult().Tenants.Contains(_world.Tenant), "the overwritten version is uncounted");
        await _world.AssertInvariantsAsync();
    }

    [Fact]
    [Trait("Behaviour", "D53")]
    public async Task A_detach_that_would_lose_content_is_refused_and_put_back()
    {
        await _writer.StoreAsync("a", "only here");
        var refused = await _world.ScopeGrain.DetachAsync(_world.Store, null, None);
        Assert.Equal(AdminStatus.NotEmpty, refused.Status);
        Assert.Contains("drain it first", refused.Detail, StringComparison.Ordinal);
        var attachment = Assert.Single((await _world.Get<TopologyCache>().RefreshAsync(None)).Attachments(_world.Scope));
        Assert.Equal(AttachmentState.Active, attachment.State);
        Assert.Equal(NamespaceStatus.Done, (await _writer.StoreAsync("b", "still accepted")).Status);
    }

    [Fact]
    [Trait("Behaviour", "D53")]
    public async Task The_last_store_may_go_when_nothing_is_only_there_and_a_repeat_gets_the_same_answer()
    {
        var key = new OperationKey("detach-1", "f");
        Assert.Equal(AdminStatus.Done, (await _world.ScopeGrain.DetachAsync(_world.Store, key, None)).Status);
        Assert.Empty((await _world.Get<TopologyCache>().RefreshAsync(None)).Attachments(_world.Scope));
        Assert.Equal(AdminStatus.Done, (await _world.ScopeGrain.DetachAsync(_world.Store, key, None)).Status);
        Assert.Equal(AdminStatus.NotFound, (await _world.ScopeGrain.DetachAsync(_world.Store, null, None)).Status);
    }

    [Fact]
    public async Task A_detach_that_a_crash_interrupted_is_finished_by_the_same_command()
    {
        await _world.Get<ScopeCatalog>().MarkLeavingAsync(_world.Tenant, _world.Scope, _world.Store, None);
        Assert.Equal(AdminStatus.Done, (await _world.ScopeGrain.DetachAsync(_world.Store, null, None)).Status);
        Assert.Empty((await _world.Get<TopologyCache>().RefreshAsync(None)).Attachments(_world.Scope));
    }

    [Fact]
    [Trait("Behaviour", "D5")]
    public async Task A_store_becomes_write_only_only_when_nothing_is_readable_there_alone()
    {
        await _writer.StoreAsync("a", "only here");
        var settings = new AttachmentSettings { Store = _world.Store, WriteOnly = true };
        Assert.Equal(AdminStatus.NotEmpty, (await _world.ScopeGrain.AttachAsync(settings, null, None)).Status);
        Assert.Equal(NamespaceStatus.Done, (await _world.ScopeGrain.ApplyAsync(new DeleteFile { By = "test", Path = FilePath.Parse("a") }, None)).Status);
        while ((await _world.TenantMaintenance.RunRoundAsync(None)).Done > 0)
        {
        }

        Assert.Equal(AdminStatus.Done, (await _world.ScopeGrain.AttachAsync(settings, null, None)).Status);
        var attachment = Assert.Single((await _world.Get<TopologyCache>().RefreshAsync(None)).Attachments(_world.Scope));
        Assert.True(attachment.Settings.WriteOnly);
        Assert.Equal(AttachmentState.Active, attachment.State);
    }

    [Fact]
    public async Task A_scope_that_is_deleted_by_force_is_emptied_and_removed_in_the_background()
    {
        for (var i = 0; i < 20; i++)
        {
            await _writer.StoreAsync($"f{i}", $"content {i}");
        }

        Assert.Equal(AdminStatus.NotEmpty, (await _world.ScopeGrain.DeleteScopeAsync(force: false, null, None)).Status);
        Assert.Equal(AdminStatus.Accepted, (await _world.ScopeGrain.DeleteScopeAsync(force: true, null, None)).Status);
        await Eventually.BecomesAsync(
            () => _world.Get<TopologyCache>().RefreshAsync(None).GetAwaiter().GetResult().Scope(_world.Scope) is null, "the scope is gone");
        await _world.AssertInvariantsAsync();
    }

    private static async Task<NamespaceResult> UntilDecidedAsync(IScopeGrain grain, NamespaceOperation operation)
    {
        NamespaceResult result;
        do
        {
            result = await grain.ApplyAsync(operation, None);
        }
        while (result.Status == NamespaceStatus.Busy);

        return result;
    }

    private async Task<List<CommitUpload>> PrepareAsync(int count, string prefix)
    {
        var commits = new List<CommitUpload>();
        for (var i = 0; i < count; i++)
        {
            var content = Encoding.UTF8.GetBytes($"{prefix}{i}");
            var (upload, placed) = await _writer.PlaceAsync($"{prefix}{i}", content);
            await _writer.PutAsync(placed, content);
            commits.Add(Writer.Commit($"{prefix}{i}", upload, placed, content));
        }

        return commits;
    }
}
