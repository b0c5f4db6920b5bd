using Granary.GrainInterfaces;
using static Granary.Catalog.Tests.CatalogWorld;

namespace Granary.Catalog.Tests.Races;

/// <summary>
/// What clients, operators and background work do, as sequences of transactions: each step ends at a <c>yield</c>, where
/// anybody else's steps may come in between, or the process may die.
/// </summary>
internal sealed class Actors(RaceWorld race)
{
    private readonly SessionActors _sessions = new(race);

    private static readonly string[] s_paths = ["a", "b", "c"];

    // Few contents, so that nearly every upload meets another one's chunk; lengths differ.
    private static readonly string[] s_contents = ["one", "three", "fourfour", "sixsixsixsix"];

    /// <summary>Any of them, at random, in a process.</summary>
    public IAsyncEnumerable<string> Choose(CatalogWorld world)
    {
        var scope = race.Scopes[race.Random.Next(race.Scopes.Length)];
        var store = race.Stores[race.Random.Next(race.Stores.Length)];
        return race.Random.Next(21) switch
        {
            18 or 19 => _sessions.PartsAsync(scope),
            20 => _sessions.AppendsAsync(scope),
            < 6 => PutAsync(world, scope),
            6 or 7 => ChangeAsync(world, scope, new DeleteFile { By = "test", Path = AnyPath() }),
            8 => ChangeAsync(world, scope, new CopyFile { By = "test", From = AnyPath(), To = AnyPath(), Move = race.Random.Next(2) == 0 }),
            9 => ChangeAsync(world, scope, new RestoreFile { By = "test", Path = AnyPath(), Version = race.Random.Next(1, 6) }),
            10 or 11 => UncountAsync(world),
            12 or 13 => DeleteBytesAsync(world, store),
            14 => LeaveAsync(world, scope, store),
            15 or 16 => CollectAsync(world),
            _ => BuryTheDeadAsync(world, store),
        };
    }

    private FilePath AnyPath() => Path(s_paths[race.Random.Next(s_paths.Length)]);

    private void Log(string text) => race.Log.Add(text);

    /// <summary>An upload of up to three chunks, from its row to its version, or to its abort.</summary>
    private async IAsyncEnumerable<string> PutAsync(CatalogWorld world, ScopeId scope)
    {
        var random = race.Random;
        var epoch = world.Epoch;
        var id = new byte[16];
        random.NextBytes(id);
        var upload = new UploadId(new Guid(id));
        var path = s_paths[random.Next(s_paths.Length)];
        var chunks = Enumerable.Range(0, random.Next(1, 4)).Select(_ => s_contents[random.Next(s_contents.Length)]).ToArray();
        var begun = await world.Uploads.BeginAsync(
            new BeginUpload { Tenant = world.Tenant, Scope = scope, Upload = upload, Path = Path(path), Size = chunks.Sum(static chunk => chunk.Length), Epoch = epoch }, default);
        Assert.Equal(UploadStatus.Ok, begun.Status);
        yield return "begun";

        var written = new List<LocationId>();
        for (var i = 0; i < chunks.Length; i++)
        {
            var candidates = random.Next(2) == 0 ? race.Stores : [.. race.Stores.Reverse()];
            var ask = world.Chunk(upload, i, Hash(chunks[i]), chunks[i].Length, scope: scope, candidates: candidates) with { Epoch = epoch };
            var placed = await world.PlaceAsync(ask);
            Log($"place {upload} {i} {chunks[i]} scope {scope}: {placed.Status} {placed.Location} in {placed.Store}");
            yield return "placed";
            if (placed.Status == PlaceStatus.Write && random.Next(6) == 0)
            {
                // The store failed, with or without having kept the bytes.
                if (random.Next(2) == 0)
                {
                    race.PutBytes(placed.Location);
                }

                var failed = placed.Location;
                placed = await world.Uploads.ReplaceChunkAsync(ask with { Candidates = [.. candidates.Where(store => store != placed.Store)] }, failed, default);
                while (placed.Status == PlaceStatus.NeedsSpace)
                {
                    await world.GrantAsync(placed.NeedsSpace!.Value, placed.NeededBytes);
                    placed = await world.Uploads.ReplaceChunkAsync(ask with { Candidates = [placed.NeedsSpace.Value] }, failed, default);
                }

                Log($"replace {failed} of {upload}: {placed.Status} {placed.Location} in {placed.Store}");
                yield return "replaced";
            }

            if (placed.Status == PlaceStatus.Write)
            {
                race.PutBytes(placed.Location);
                yield return "bytes";
                if (random.Next(2) == 0)
                {
                    Assert.True(await world.Uploads.ChunksWrittenAsync(upload, [placed.Location], default));
                    Log($"written {placed.Location}");
                    yield return "written";
                }
                else
                {
                    written.Add(placed.Location);
                }
            }
            else if (placed.Status != PlaceStatus.Present)
            {
                // No store may be written to now.
                Assert.Equal(PlaceStatus.NoStore, placed.Status);
                await world.Uploads.AbortAsync(upload, default);
                Log($"abort {upload}");
                yield break;
            }
        }

        if (random.Next(5) == 0)
        {
            await world.Uploads.AbortAsync(upload, default);
            Log($"abort {upload}");
            yield break;
        }

        var result = await world.ApplyAsync(CommitOf(upload, path, chunks, [.. written]), scope);
        Log($"commit {upload} as {path} v{result.Version} of scope {scope}: {result.Status}");
        Assert.Equal(NamespaceStatus.Done, result.Status);
    }

    private async IAsyncEnumerable<string> ChangeAsync(CatalogWorld world, ScopeId scope, NamespaceOperation operation)
    {
        var result = await world.ApplyAsync(operation, scope);
        Log($"{operation.GetType().Name} in scope {scope}: {result.Status} v{result.Version}");
        yield break;
    }

    private async IAsyncEnumerable<string> UncountAsync(CatalogWorld world)
    {
        for (var page = 0; page < 3; page++)
        {
            var counted = await world.Reclaim.UncountPageAsync(world.Tenant, default);
            Log($"uncount: {counted.References}");
            yield return "uncounted";
        }
    }

    /// <summary>A page is read, and may be long out of date when its keys are deleted.</summary>
    private async IAsyncEnumerable<string> DeleteBytesAsync(CatalogWorld world, StoreId store)
    {
        var page = await world.Reclaim.NextDeletingAsync(store, null, 100, DateTimeOffset.MaxValue, DateTimeOffset.MinValue, default);
        yield return "page";
        foreach (var copy in page)
        {
            Log($"delete bytes {copy.Location}");
            race.Bytes.Remove(copy.Location);
            if (race.Random.Next(2) == 0)
            {
                yield return "deleted";
            }
        }

        await world.Reclaim.LocationsDeletedAsync([.. page.Select(static copy => copy.Location)], default);
        yield return "absent";
        await RaceWorld.CollectionOf(world).ForgetAsync([.. page.Select(static copy => (copy.Tenant, copy.Hash))], default);
    }

    /// <summary>Collection without a grace period: what is unreferenced when the page is read may be referenced at any time.</summary>
    private async IAsyncEnumerable<string> CollectAsync(CatalogWorld world)
    {
        var collection = RaceWorld.CollectionOf(world);
        var page = await collection.NextAsync(world.Tenant, DateTimeOffset.MaxValue, default, 100, default);
        yield return "page";
        foreach (var chunk in page)
        {
            var outcome = (await collection.CollectAsync(world.Tenant, DateTimeOffset.MaxValue, [chunk.Hash], default)).Outcomes[0];
            Log($"collect {chunk.Hash}: {outcome}");
            Assert.NotEqual(CollectOutcome.Disagrees, outcome);
            yield return "collected";
        }
    }

    /// <summary>Detaches a store, or makes it write-only, in the steps of the scope's grain; later attaches it again.</summary>
    private async IAsyncEnumerable<string> LeaveAsync(CatalogWorld world, ScopeId scope, StoreId store)
    {
        var marked = await world.Scopes.MarkLeavingAsync(world.Tenant, scope, store, default);
        if (marked.Result.Status != AdminStatus.Done)
        {
            yield break;
        }

        yield return "leaving";
        var only = await world.Scopes.FindChunkOnlyHereAsync(world.Tenant, scope, store, default);
        yield return "looked";
        if (only is not null)
        {
            await world.Scopes.PutBackAsync(world.Tenant, scope, store, marked.Attempt, default);
            yield break;
        }

        var result = race.Random.Next(2) == 0
            ? await world.Scopes.CompleteDetachAsync(world.Tenant, scope, store, marked.Attempt, null, default)
            : await world.Scopes.PutAttachmentAsync(world.Tenant, scope, new AttachmentSettings { Store = store, WriteOnly = true }, null, default);
        Log($"scope {scope} has left store {store}: {result.Status}");
        yield return "left";
        await world.Scopes.PutAttachmentAsync(world.Tenant, scope, new AttachmentSettings { Store = store }, null, default);
        await world.Scopes.PutBackAsync(world.Tenant, scope, store, attempt: null, default);
        Log($"scope {scope} has store {store} again");
    }

    /// <summary>What background work does for lives that are over; nothing of them writes any more.</summary>
    private async IAsyncEnumerable<string> BuryTheDeadAsync(CatalogWorld world, StoreId store)
    {
        var aborted = await world.Reclaim.AbortDeadUploadsAsync(world.Tenant, default);
        yield return "aborted";
        var condemned = await world.Reclaim.CondemnDeadWritesAsync(store, DateTimeOffset.MaxValue, default);
        Log($"bury: {aborted} uploads, {condemned} writes");
        yield return "condemned";
        await world.Reclaim.ReleaseDeadBlocksAsync(store, DateTimeOffset.MaxValue, default);
    }
}
