using Granary.GrainInterfaces;
using Granary.TestSupport;
using Xunit.Abstractions;
using static Granary.Catalog.Tests.CatalogWorld;

namespace Granary.Catalog.Tests;

/// <summary>Generated sequences of operations against an in-memory model, every rule checked after each step.</summary>
public abstract class ModelSuite(ICatalogEngine engine, ITestOutputHelper output) : CatalogSuite(engine)
{
    private const long Quota = 400;
    private const long MaxSize = 600;

    private readonly List<(UploadId Upload, LocationId[] Writing)> _open = [];
    private Random _random = null!;
    private CatalogWorld _world = null!;
    private FileModel _model = null!;

    [SuiteTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Any_sequence_of_operations_ends_as_the_model_says(int keepVersions)
    {
        for (var sequence = 0; sequence < Seeds.Times(2, 50); sequence++)
        {
            _random = Seeds.Create(output, (keepVersions * 1_000) + sequence);
            _world = await CreateWorldAsync(maxSize: MaxSize, scopeQuota: Quota, keepVersions: keepVersions);
            _model = new FileModel(keepVersions, Quota);
            _open.Clear();
            for (var step = 0; step < 80; step++)
            {
                var name = await StepAsync();
                var broken = await CatalogInvariants.CheckAsync(_world.Database, default);
                Assert.True(broken.Count == 0, $"After step {step} ({name}): {string.Join("; ", broken)}");
                await CompareAsync(name);
            }
        }
    }

    private async Task<string> StepAsync()
    {
        switch (_random.Next(20))
        {
            case < 8:
                await PutAsync();
                return "put";
            case < 10:
                await DeleteAsync();
                return "delete";
            case < 12:
                await CopyAsync();
                return "copy";
            case 12:
                await RestoreAsync();
                return "restore";
            case < 15:
                await BeginAndLeaveAsync();
                return "begin";
            case < 17:
                await AbortOneAsync();
                return "abort";
            case 17:
                await RestartAsync();
                return "restart";
            case 18:
                await _world.Reclaim.UncountPageAsync(_world.Tenant, default);
                return "uncount";
            default:
                await _world.RunBackgroundAsync();
                await _world.Reclaim.DropManifestPageAsync(_world.Tenant, Clock.GetUtcNow(), default);
                return "background";
        }
    }

    private async Task PutAsync()
    {
        var path = NewPath();
        var chunks = NewChunks();
        var upload = NewUpload();
        var size = chunks.Sum(static chunk => chunk.Length);
        var begun = await _world.BeginAsync(upload, path, size);
        if (begun.Status != UploadStatus.Ok)
        {
            Assert.Equal(UploadStatus.ScopeQuotaExceeded, begun.Status);
            Assert.True(begun.Used + size > Quota && begun.Used >= _model.Used, "What has room is not refused.");
            return;
        }

        var written = await PlaceAllAsync(upload, chunks);
        if (written is null)
        {
            await _world.Uploads.AbortAsync(upload, default);
            return;
        }

        var result = await _world.ApplyAsync(CommitOf(upload, path, chunks, written));
        Assert.Equal(NamespaceStatus.Done, result.Status);
        var version = _model.Add(path, chunks);
        Assert.Equal((version.Number, version.Sequence), (result.Version, result.Sequence));
    }

    /// <summary>Places the chunks, some with a failed first attempt; null when the store is full.</summary>
    private async Task<LocationId[]?> PlaceAllAsync(UploadId upload, string[] chunks)
    {
        var written = new List<LocationId>();
        for (var i = 0; i < chunks.Length; i++)
        {
            var chunk = _world.Chunk(upload, i, Hash(chunks[i]), chunks[i].Length);
            var placed = await _world.PlaceAsync(chunk);
            if (placed.Status == PlaceStatus.Write && _random.Next(6) == 0)
            {
                placed = await ReplaceAsync(chunk, placed.Location);
            }

            if (placed.Status == PlaceStatus.NoStore)
            {
                var space = await _world.Stores.GetSpaceAsync(_world.Store, default);
                Assert.True(space!.Charged - space.UnusedBlocks + chunks[i].Length > MaxSize, "What has room is not refused.");
                return null;
            }

            if (placed.Status == PlaceStatus.Write)
            {
                written.Add(placed.Location);
            }
        }

        return [.. written];
    }

    private async Task<ChunkPlaced> ReplaceAsync(PlaceChunk chunk, LocationId failed)
    {
        while (true)
        {
            var placed = await _world.Uploads.ReplaceChunkAsync(chunk, failed, default);
            if (placed.Status != PlaceStatus.NeedsSpace || !await _world.GrantAsync(_world.Store, placed.NeededBytes))
            {
                return placed.Status == PlaceStatus.NeedsSpace ? await _world.Uploads.ReplaceChunkAsync(chunk with { Candidates = [] }, failed, default) : placed;
            }
        }
    }

    private async Task DeleteAsync()
    {
        var path = NewPath();
        var result = await _world.DeleteAsync(path);
        if (_model.Current(path) is null)
        {
            Assert.Equal(NamespaceStatus.NotFound, result.Status);
            return;
        }

        Assert.Equal((NamespaceStatus.Done, _model.Add(path, null).Number), (result.Status, result.Version));
    }

    private async Task CopyAsync()
    {
        var (from, to, move) = (NewPath(), NewPath(), _random.Next(2) == 0);
        var result = await _world.ApplyAsync(new CopyFile { By = "model", From = Path(from), To = Path(to), Move = move });
        if (from == to || _model.Current(from) is not { } source)
        {
            Assert.Equal(from == to ? NamespaceStatus.SamePath : NamespaceStatus.NotFound, result.Status);
            return;
        }

        if (result.Status == NamespaceStatus.ScopeQuotaExceeded)
        {
            var reserved = (await _world.Tenants.GetUsageAsync(_world.Tenant, default))!.Reserved;
            Assert.False(_model.HasRoomFor(reserved + source.Size - _model.FreedBy(to) - (move ? _model.FreedBy(from) : 0)), "What has room is not refused.");
            return;
        }

        Assert.Equal((NamespaceStatus.Done, _model.Add(to, source.Chunks).Number), (result.Status, result.Version));
        if (move)
        {
            _model.Add(from, null, sameChange: true);
        }
    }

    private async Task RestoreAsync()
    {
        var path = NewPath();
        var kept = _model.Versions(path);
        var number = kept.Count == 0 ? 1 : kept[_random.Next(kept.Count)].Number;
        var result = await _world.ApplyAsync(new RestoreFile { By = "model", Path = Path(path), Version = number });
        var source = _model.Find(path, number);
        if (source?.Chunks is null)
        {
            Assert.Equal(NamespaceStatus.NotFound, result.Status);
        }
        else if (result.Status != NamespaceStatus.ScopeQuotaExceeded)
        {
            Assert.Equal((NamespaceStatus.Done, _model.Add(path, source.Chunks).Number), (result.Status, result.Version));
        }
    }

    private async Task BeginAndLeaveAsync()
    {
        var upload = NewUpload();
        var chunks = NewChunks();
        if ((await _world.BeginAsync(upload, NewPath(), chunks.Sum(static chunk => chunk.Length))).Status == UploadStatus.Ok)
        {
            _open.Add((upload, await PlaceAllAsync(upload, chunks) ?? []));
        }
    }

    private async Task AbortOneAsync()
    {
        if (_open.Count > 0)
        {
            var (upload, writing) = _open[_random.Next(_open.Count)];
            _open.RemoveAll(entry => entry.Upload == upload);
            if (_random.Next(2) == 0)
            {
                Assert.True(await _world.Uploads.ChunksWrittenAsync(upload, writing, default));
            }

            Assert.True((await _world.Uploads.AbortAsync(upload, default)).Aborted);
        }
    }

    /// <summary>The silo dies and comes back: its uploads, writes and blocks are reclaimed, partly after the grace period.</summary>
    private async Task RestartAsync()
    {
        _world.Epoch = await _world.Silos.RegisterAsync("silo-1", default);
        _open.Clear();
        Clock.Advance(TimeSpan.FromMinutes(_random.Next(2) == 0 ? 1 : 25));
        var before = Clock.GetUtcNow() - TimeSpan.FromMinutes(20);
        await _world.Reclaim.AbortDeadUploadsAsync(_world.Tenant, default);
        await _world.Reclaim.CondemnDeadWritesAsync(_world.Store, before, default);
        await _world.Reclaim.ReleaseDeadBlocksAsync(_world.Store, before, default);
    }

    private async Task CompareAsync(string step)
    {
        Assert.Equal(_model.Sequence, await _world.Files.GetHeadAsync(_world.Scope, default));
        Assert.Equal(_model.Used, (await _world.Tenants.GetUsageAsync(_world.Tenant, default))!.Logical);
        var listed = (await _world.Files.ListAsync(_world.Tenant, _world.Scope, "", null, null, 100, default)).Items;
        var expected = _model.Paths.Where(path => _model.Current(path) is not null).Order(StringComparer.Ordinal);
        Assert.Equal(expected, listed.Select(static item => item.Path.Text));
        var looked = NewPath();
        var kept = await _world.Files.VersionsAsync(_world.Tenant, _world.Scope, Path(looked), null, 100, default);
        Assert.Equal(
            _model.Versions(looked).Reverse().Select(static version => (version.Number, version.Chunks is null, version.Size)),
            kept.Select(static version => (version.Version, version.Deleted, version.Size)));
        if (_model.Current(looked) is { } current)
        {
            var chunks = await _world.Files.ReadChunksAsync(_world.Tenant, (await _world.FindAsync(looked)).File!.Manifest, 0, 100, default);
            Assert.Equal(current.Chunks!.Select(Hash), chunks.Select(static chunk => chunk.Hash));
            Assert.All(chunks, chunk => Assert.True(chunk.Copies.Count > 0, $"After {step} a chunk of {looked} has no copy."));
        }
    }

    private string NewPath() => $"p{_random.Next(6)}";

    private string[] NewChunks() =>
        [.. Enumerable.Range(0, _random.Next(5)).Select(_ => new string((char)('a' + _random.Next(8)), 1 + _random.Next(3)) + new string('-', 10))];
}
