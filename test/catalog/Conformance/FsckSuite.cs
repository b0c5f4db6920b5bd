using Granary.GrainInterfaces;
using Granary.TestSupport;
using static Granary.Catalog.Tests.CatalogWorld;

namespace Granary.Catalog.Tests;

/// <summary>The catalog checked against itself: every kind of damage is found and put right, and nothing else is found.</summary>
public abstract class FsckSuite(ICatalogEngine engine) : CatalogSuite(engine)
{
    private FsckCatalog Fsck => field ??= new FsckCatalog(World.Database);

    [SuiteTheory]
    [InlineData("references-differ", "UPDATE chunk SET refs = refs + 1")]
    [InlineData("references-differ", "UPDATE chunk SET refs = 0, unreferenced_since = 0")]
    [InlineData("references-differ", "UPDATE chunk SET unreferenced_since = 5")]
    [InlineData("scope-references-differ", "UPDATE scope_chunk SET refs = refs + 2")]
    [InlineData("scope-references-differ", "DELETE FROM scope_chunk")]
    [InlineData("scope-references-differ", "INSERT INTO scope_chunk (tenant, chunk, scope, refs) SELECT tenant, chunk, 999, 1 FROM scope_chunk")]
    [InlineData("reference-without-upload", "INSERT INTO chunk_reference (tenant, chunk, upload) SELECT tenant, hash, X'0102030405060708090A0B0C0D0E0F10' FROM chunk")]
    [InlineData("chunk-not-held", "DELETE FROM chunk_reference")]
    [InlineData("usage-differs", "UPDATE usage SET logical = logical - 3, files = files + 1 WHERE scope <> 0")]
    [InlineData("usage-differs", "UPDATE usage SET reserved = reserved + 9 WHERE scope = 0")]
    [InlineData("usage-differs", "UPDATE usage SET unique_bytes = 0, unique_chunks = 7 WHERE scope <> 0")]
    [InlineData("space-differs", "UPDATE store_space SET charged = charged + 100, stored_bytes = 1, stored_chunks = 0")]
    public async Task Damage_is_found_then_repaired_and_then_gone(string code, string damage)
    {
        await World.PutAsync("one", "content");
        await World.PutAsync("many", ["content", "more", "content", "most"]);
        await World.PutAsync("gone", "gone");
        await World.DeleteAsync("gone");
        await World.RunBackgroundAsync();
        Assert.Empty(await CheckAsync(repair: false));
        await SqlAsync(damage);
        var found = await CheckAsync(repair: false);
        Assert.Contains(code, found.Select(static finding => finding.Code));
        Assert.All(found, static finding => Assert.Equal(FindingKind.Error, finding.Kind));
        await CheckAsync(repair: true);
        Assert.Empty(await CheckAsync(repair: false));
        await World.AssertInvariantsAsync();
    }

    [SuiteFact]
    public async Task What_cannot_be_repaired_stays_an_error()
    {
        await World.PutAsync("one", "content");
        await SqlAsync("UPDATE location SET state = 3");
        await SqlAsync("UPDATE store_space SET stored_bytes = 0, stored_chunks = 0");
        var found = await CheckAsync(repair: true);
        Assert.Equal([("no-copy", FindingKind.Error)], found.Select(static finding => (finding.Code, finding.Kind)));
        await SqlAsync("UPDATE location SET state = 1");
        await CheckAsync(repair: true);
        Assert.Empty(await CheckAsync(repair: false));
    }

    [SuiteFact]
    public async Task Limited_to_a_scope_it_finds_the_damage_of_that_scope()
    {
        var other = await World.CreateScopeAsync("other");
        await World.PutAsync("mine", "content");
        await World.PutAsync("theirs", ["content"], other);
        await World.PutAsync("theirs-alone", ["alone"], other);
        await SqlAsync("UPDATE chunk SET refs = refs + 1 WHERE hash = (SELECT hash FROM chunk WHERE size = 5)");
        Assert.Empty(await CheckAsync(repair: false, World.Scope));
        Assert.Single(await CheckAsync(repair: true, other));
        Assert.Empty(await CheckAsync(repair: false));
    }

    [SuiteFact]
    public async Task It_finds_nothing_while_uploads_and_deletes_go_on()
    {
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 3).Select(async writer =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                await World.PutAsync($"{writer}/{i % 7}", [$"shared {i % 5}", $"own {writer} {i}"]);
                if (i % 3 == 0)
                {
                    await World.DeleteAsync($"{writer}/{i % 7}");
                }
            }
        }).ToArray();
        var background = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await World.Reclaim.UncountPageAsync(World.Tenant, default);
            }
        });
        var found = new List<TaskFinding>();
        for (var i = 0; i < 10; i++)
        {
            found.AddRange(await CheckAsync(repair: true));
        }

        await stop.CancelAsync();
        await Task.WhenAll([.. writers, background]);
        Assert.Empty(found);
    }

    private async Task<List<TaskFinding>> CheckAsync(bool repair, ScopeId? scope = null)
    {
        var found = new List<TaskFinding>();
        ChunkHash? after = null;
        while (await Fsck.ChunksAsync(World.Tenant, scope, after, 2, repair, default) is { Last: { } last } page)
        {
            found.AddRange(page.Findings);
            after = last;
        }

        foreach (var kept in new[] { false, true })
        {
            VersionPosition? position = null;
            while (await Fsck.ManifestsAsync(World.Tenant, scope, kept, position, repair, default) is { Last: { } last } page)
            {
                found.AddRange(page.Findings);
                position = last;
            }
        }

        if (scope is { } only)
        {
            await SumAsync(await Fsck.UsageAsync(World.Tenant, only, repair, default), found);
            return found;
        }

        for (var next = await Fsck.NextScopeAsync(World.Tenant, new ScopeId(0), default); next is { } one; next = await Fsck.NextScopeAsync(World.Tenant, one, default))
        {
            await SumAsync(await Fsck.UsageAsync(World.Tenant, one, repair, default), found);
        }

        await SumAsync(await Fsck.UsageAsync(World.Tenant, null, repair, default), found);
        await SumAsync(await Fsck.SpaceAsync(World.Store, repair, default), found);
        return found;
    }

    private async Task SumAsync(SumAudit audit, List<TaskFinding> found)
    {
        found.AddRange(audit.Findings);
        if (audit.Correction is { } correction)
        {
            await World.Database.WriteAsync(
                session =>
                {
                    correction(session);
                    return true;
                },
                default);
        }
    }

    private Task<int> SqlAsync(string text)
    {
        var sql = new Sql(text);
        return World.Database.WriteAsync(session => session.Execute(sql), default);
    }
}
