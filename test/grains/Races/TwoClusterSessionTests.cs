using System.Security.Cryptography;
using System.Text;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Tests.Worlds;
using Granary.Stores;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Grains.Tests.Races;

/// <summary>
/// Upload sessions with two activations of every grain, in two clusters over one catalog: parts, completions, aborts and
/// expiry of both meet in every order, and each session makes one version or none (G2, G12).
/// </summary>
public sealed class TwoClusterSessionTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Part = 4;
    private static readonly string[] s_parts = ["aaaa", "bbbb", "cccc", "dddd"];
    private GrainWorld _world = null!;
    private IClusterClient[] _clusters = [];
    private SessionCatalog _sessions = null!;
    private UploadCatalog _uploads = null!;

    public async Task InitializeAsync()
    {
        _world = await GrainWorld.StartAsync();
        _clusters = [_world.Client, await _world.StartClusterAsync()];
        _sessions = _world.Get<SessionCatalog>();
        _uploads = _world.Get<UploadCatalog>();
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    [Trait("Behaviour", "G2")]
    [Trait("Behaviour", "G12")]
    public async Task Each_session_makes_one_version_or_none_whoever_completes_aborts_or_expires_it()
    {
        var made = new List<long>();
        for (var round = 0; round < Seeds.Times(12, 400); round++)
        {
            var salt = round * 100;
            var sessions = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => RaceAsync(Seeds.Create(output, salt + i), $"p{i % 3}")));
            made.AddRange(sessions.OfType<long>());
            await _world.AssertInvariantsAsync();
            await AssertReadableAsync();
        }

        output.WriteLine($"{made.Count} of the sessions became versions.");
        Assert.NotEmpty(made);
        Assert.Equal(Enumerable.Range(1, made.Count).Select(static number => (long)number), made.Order());
        Assert.Equal(made.Count, await _world.Get<NamespaceCatalog>().GetHeadAsync(_world.Scope, default));
        Assert.Equal(0, (await _world.Get<TenantCatalog>().GetUsageAsync(_world.Tenant, default))!.Reserved);
    }

    /// <summary>One session that several callers work on at a time; gives the number of the change it made, if it did.</summary>
    private async Task<long?> RaceAsync(Random random, string path)
    {
        var parts = Enumerable.Range(0, random.Next(1, 4)).Select(_ => s_parts[random.Next(s_parts.Length)]).ToArray();
        var ends = random.Next(4) == 0 ? TimeSpan.FromMilliseconds(random.Next(1, 60)) : TimeSpan.FromHours(1);
        var created = await _sessions.CreateAsync(
            new NewSession
            {
                Tenant = _world.Tenant,
                Scope = _world.Scope,
                Upload = new UploadId(Guid.CreateVersion7()),
                Path = FilePath.Parse(path),
                Size = parts.Length * Part,
                ChunkSize = Part,
                Expires = TimeProvider.System.GetUtcNow() + ends,
            },
            default);
        var upload = created.Session!.Upload;
        var aborter = random.Next(5) == 0;
        var seeds = Enumerable.Range(0, 4).Select(_ => random.Next()).ToArray();
        await Task.WhenAll(
            SendAsync(upload, parts, Seeds.Create(seeds[0])),
            SendAsync(upload, parts, Seeds.Create(seeds[1])),
            DisturbAsync(upload, Seeds.Create(seeds[2])),
            aborter ? AbortAsync(upload, Seeds.Create(seeds[3])) : Task.CompletedTask);

        // All ask for its end, through both clusters: each hears the same.
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => UntilDecidedAsync(_clusters[i % 2], upload)));
        var results = answers.Select(static answer => answer.Result?.Status == NamespaceStatus.Done ? answer.Result.Sequence : (long?)null).Distinct().ToArray();
        var only = Assert.Single(results);
        Assert.True(only is not null || aborter || ends < TimeSpan.FromHours(1), $"The session was not completed: {answers[0].Status}");
        if (only is null)
        {
            await _sessions.EndAsync(_world.Tenant, upload, SessionState.Aborted, default);
        }

        return only;
    }

    private async Task SendAsync(UploadId upload, string[] parts, Random random)
    {
        var order = Enumerable.Range(0, parts.Length).ToArray();
        random.Shuffle(order);
        foreach (var index in order)
        {
            await _clusters[random.Next(2)].GetGrain<IUploadSessionGrain>(GrainKeys.Session(_world.Tenant, upload)).TouchAsync(default);
            await StoreAsync(upload, index, Encoding.ASCII.GetBytes(parts[index]));
        }
    }

    private async Task StoreAsync(UploadId upload, int index, byte[] content)
    {
        var hash = ChunkHash.From(SHA256.HashData(content));
        var place = new PlaceChunk
        {
            Tenant = _world.Tenant, Scope = _world.Scope, Upload = upload, Index = index, Hash = hash, Size = content.Length, Candidates = [_world.Store], Epoch = _world.Epoch,
        };
        var placed = await _uploads.PlaceChunkAsync(place, default);
        while (placed.Status == PlaceStatus.NeedsSpace)
        {
            await _world.Client.GetGrain<IFileStoreGrain>(GrainKeys.Store(_world.Store)).GrantSpaceAsync(new SpaceRequest(_world.Epoch, placed.NeededBytes), default);
            placed = await _uploads.PlaceChunkAsync(place, default);
        }

        if (placed.Status != PlaceStatus.Write)
        {
            Assert.True(placed.Status is PlaceStatus.Present or PlaceStatus.UploadGone or PlaceStatus.Expired, $"{placed.Status}");
            return;
        }

        using var chunk = ChunkBuffer.CopyOf(content);
        Assert.True(_world.Directory.TryGet(placed.Store, out var store));
        await store.PutAsync(new LocationKey(_world.Tenant.ToString(), hash, placed.Location.Value), chunk, default);
        await _uploads.ChunksWrittenAsync(upload, [placed.Location], default);
    }

    /// <summary>Completions that come too early, deletes of what shares the parts, and background work of both clusters.</summary>
    private async Task DisturbAsync(UploadId upload, Random random)
    {
        for (var i = 0; i < 4; i++)
        {
            var cluster = _clusters[random.Next(2)];
            switch (random.Next(3))
            {
                case 0:
                    await cluster.GetGrain<IUploadSessionGrain>(GrainKeys.Session(_world.Tenant, upload)).CompleteAsync(new CompleteSession { By = "early" }, default);
                    break;
                case 1:
                    await cluster.GetGrain<ITenantMaintenanceGrain>(GrainKeys.Tenant(_world.Tenant)).WakeAsync(default);
                    break;
                default:
                    await cluster.GetGrain<IStoreMaintenanceGrain>(GrainKeys.Store(_world.Store)).WakeAsync(default);
                    break;
            }
        }
    }

    private async Task AbortAsync(UploadId upload, Random random)
    {
        await Task.Delay(random.Next(5));
        await _sessions.EndAsync(_world.Tenant, upload, SessionState.Aborted, default);
    }

    private async Task<SessionCompletion> UntilDecidedAsync(IClusterClient cluster, UploadId upload)
    {
        while (true)
        {
            var answer = await cluster.GetGrain<IUploadSessionGrain>(GrainKeys.Session(_world.Tenant, upload)).CompleteAsync(new CompleteSession { By = "test" }, default);
            if (answer.Result?.Status != NamespaceStatus.Busy)
            {
                return answer;
            }

            await Task.Delay(5);
        }
    }

    private async Task AssertReadableAsync()
    {
        var names = _world.Get<NamespaceCatalog>();
        var keys = (await _world.KeysAsync(_world.Store)).Select(static key => Convert.ToInt64(key.LocationId, 16)).ToHashSet();
        foreach (var file in (await names.ListAsync(_world.Tenant, _world.Scope, "", null, null, 100, default)).Items)
        {
            var found = await names.FindAsync(_world.Tenant, _world.Scope, file.Path, null, default);
            Assert.NotEmpty(found.FirstChunks);
            Assert.All(found.FirstChunks, chunk => Assert.Contains(chunk.Copies, copy => keys.Contains(copy.Location.Value)));
        }
    }
}
