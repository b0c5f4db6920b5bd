using Granary.GrainInterfaces;
using static Granary.Catalog.Tests.CatalogWorld;

namespace Granary.Catalog.Tests.Races;

/// <summary>
/// Upload sessions among all the others: they belong to no process, so that each step may be another one's, and they go on
/// when one dies.
/// </summary>
internal sealed class SessionActors(RaceWorld race)
{
    /// <summary>Length of every part but the last, which is the longest of the contents.</summary>
    private const int Part = 12;
    private const string FullPart = "sixsixsixsix";
    private static readonly string[] s_last = ["one", "three", "fourfour", FullPart];
    private static readonly string[] s_paths = ["a", "b", "c"];

    private void Log(string text) => race.Log.Add(text);

    /// <summary>Parts in any order, some probed, some sent twice; then the commit, or the end without a file.</summary>
    public async IAsyncEnumerable<string> PartsAsync(ScopeId scope)
    {
        var (upload, path, chunks) = await BeginAsync(scope, SessionKind.Parts);
        yield return "begun";
        var order = Enumerable.Range(0, chunks.Length).ToArray();
        for (var missing = order; missing.Length > 0;)
        {
            race.Random.Shuffle(missing);
            foreach (var index in missing)
            {
                var world = race.Any;
                if (race.Random.Next(3) == 0 && (await ProbeAsync(world, scope, upload, index, chunks[index])).Count == 0)
                {
                    yield return "probed";
                    continue;
                }

                var epoch = world.Epoch;
                var placed = await world.PlaceAsync(Ask(world, upload, index, chunks[index], scope));
                Log($"session {upload} places {index} {chunks[index]} scope {scope}: {placed.Status} {placed.Location} in {placed.Store}");
                yield return "placed";
                if (placed.Status == PlaceStatus.NoStore)
                {
                    await EndAsync(world, upload);
                    yield break;
                }

                // A process that died and came back meanwhile brings nothing more of before.
                if (placed.Status == PlaceStatus.Write && world.Epoch == epoch)
                {
                    race.PutBytes(placed.Location);
                    yield return "bytes";
                    Log($"session {upload} wrote {placed.Location}: {await world.Uploads.ChunksWrittenAsync(upload, [placed.Location], default)}");
                    yield return "written";
                }
            }

            if (race.Random.Next(6) == 0)
            {
                await EndAsync(race.Any, upload);
                yield break;
            }

            missing = await MissingAsync(upload, chunks.Length);
        }

        await CommitAsync(scope, upload, path, chunks);
    }

    /// <summary>Bytes at the end, by whoever claimed last; now and then a newer one claims in the middle of something.</summary>
    public async IAsyncEnumerable<string> AppendsAsync(ScopeId scope)
    {
        var (upload, path, chunks) = await BeginAsync(scope, SessionKind.Tus);
        yield return "begun";
        while (true)
        {
            var world = race.Any;
            var epoch = world.Epoch;
            var claim = await world.Sessions.ClaimWriterAsync(world.Tenant, upload, default);
            Assert.Equal(SessionState.Open, claim.Session!.State);
            var next = claim.Session.ChunkCount;
            Log($"session {upload} is claimed as {claim.Writer} at {claim.Session.Received}");
            yield return "claimed";
            if (next == chunks.Length)
            {
                break;
            }

            for (var offset = claim.Session.Received; next < chunks.Length && world.Epoch == epoch && race.Random.Next(4) > 0; next++)
            {
                var placed = await world.PlaceAsync(Ask(world, upload, next, chunks[next], scope) with { Append = new AppendTo(claim.Writer, offset) });
                Log($"session {upload} appends {next} {chunks[next]}: {placed.Status} {placed.Location} in {placed.Store}");
                yield return "placed";
                if (placed.Status == PlaceStatus.NoStore)
                {
                    await EndAsync(world, upload);
                    yield break;
                }

                Assert.True(placed.Status is PlaceStatus.Write or PlaceStatus.Present, $"{placed.Status}");
                offset += chunks[next].Length;
                if (placed.Status == PlaceStatus.Write)
                {
                    // A process that died and came back meanwhile brings nothing more of before; another one goes on.
                    if (world.Epoch != epoch)
                    {
                        break;
                    }

                    race.PutBytes(placed.Location);
                    yield return "bytes";
                    if (!await world.Uploads.ChunksWrittenAsync(upload, [placed.Location], default))
                    {
                        break;
                    }

                    yield return "written";
                }
            }
        }

        var missing = await MissingAsync(upload, chunks.Length);
        if (missing.Length > 0)
        {
            // A store has left, and a tus upload cannot send in the middle: it ends.
            await EndAsync(race.Any, upload);
            yield break;
        }

        await CommitAsync(scope, upload, path, chunks);
    }

    private async Task<(UploadId Upload, string Path, string[] Chunks)> BeginAsync(ScopeId scope, SessionKind kind)
    {
        var random = race.Random;
        var id = new byte[16];
        random.NextBytes(id);
        var upload = new UploadId(new Guid(id));
        string[] chunks = [.. Enumerable.Repeat(FullPart, random.Next(3)), s_last[random.Next(s_last.Length)]];
        var path = s_paths[random.Next(s_paths.Length)];
        var world = race.Any;
        var created = await world.Sessions.CreateAsync(
            new NewSession
            {
                Tenant = world.Tenant,
                Scope = scope,
                Upload = upload,
                Kind = kind,
                Path = Path(path),
                Size = chunks.Sum(static chunk => chunk.Length),
                ChunkSize = Part,
                Expires = DateTimeOffset.UnixEpoch.AddYears(1_000),
            },
            default);
        Assert.Equal(UploadStatus.Ok, created.Status);
        return (upload, path, chunks);
    }

    private PlaceChunk Ask(CatalogWorld world, UploadId upload, int index, string content, ScopeId scope) =>
        world.Chunk(upload, index, Hash(content), content.Length, scope: scope, candidates: race.Random.Next(2) == 0 ? race.Stores : [.. race.Stores.Reverse()]);

    private static async Task<IReadOnlyList<int>> ProbeAsync(CatalogWorld world, ScopeId scope, UploadId upload, int index, string content)
    {
        var probed = await world.Sessions.ProbeAsync(world.Tenant, scope, upload, [new ProbedPart(index, Hash(content))], world.Epoch, default);
        Assert.Null(probed.Refused);
        return probed.Missing;
    }

    // What is not readable now has to be sent again, as the session's grain says to its client.
    private async Task<int[]> MissingAsync(UploadId upload, int count)
    {
        var world = race.Any;
        var parts = await world.Sessions.ReadPartsAsync(world.Tenant, upload, 0, 100, default);
        return [.. Enumerable.Range(0, count).Except(parts.Where(static part => part.Present).Select(static part => part.Index))];
    }

    private async Task EndAsync(CatalogWorld world, UploadId upload)
    {
        await world.Sessions.EndAsync(world.Tenant, upload, SessionState.Aborted, default);
        Log($"session {upload} ends");
    }

    private async Task CommitAsync(ScopeId scope, UploadId upload, string path, string[] chunks)
    {
        var world = race.Any;
        await world.Sessions.SettleAsync(upload, default);
        var commit = CommitOf(upload, path, chunks, []);
        var result = await world.ApplyAsync(commit, scope);
        Log($"commit session {upload} as {path} v{result.Version} of scope {scope}: {result.Status}");
        Assert.Equal(NamespaceStatus.Done, result.Status);
        Assert.Equal(result.Sequence, (await race.Any.ApplyAsync(commit, scope)).Sequence);
    }
}
