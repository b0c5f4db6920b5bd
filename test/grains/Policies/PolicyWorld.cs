using System.Text;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Maintenance;
using Granary.Grains.Tests.Worlds;
using Granary.Stores;
using Microsoft.Extensions.DependencyInjection;

namespace Granary.Grains.Tests.Policies;

/// <summary>One world for all cases of a class: each case has tenants, scopes and stores of its own.</summary>
public sealed class PolicyFixture : IAsyncLifetime
{
    internal GrainWorld World { get; private set; } = null!;

    public async Task InitializeAsync() => World = await GrainWorld.StartAsync(planner: new NoPlanner());

    public async Task DisposeAsync() => await World.DisposeAsync();
}

/// <summary>Plans nothing: a case runs its tasks itself.</summary>
internal sealed class NoPlanner : IMaintenancePlanner
{
    public Task PolicyChangedAsync(TenantId tenant, ScopeId scope, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoreLimitChangedAsync(StoreId store, CancellationToken cancellationToken) => Task.CompletedTask;

    public void ScopeGrew(TenantId tenant, ScopeId scope)
    {
    }

    public Task WakeRunAsync(long run, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task WakeDueAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>A scope of a case, with what was written to it.</summary>
internal sealed record CaseScope(TenantId Tenant, ScopeId Id)
{
    public Dictionary<string, ChunkHash> Files { get; } = [];
}

/// <summary>What a task did until it ended, or waited.</summary>
internal sealed record TaskRun(long Chunks, long Bytes, IReadOnlyList<TaskFinding> Findings, string? Waiting)
{
    public int Count(FindingKind kind) => Findings.Count(finding => finding.Kind == kind);

    public IEnumerable<string> Errors => Findings.Where(finding => finding.Kind == FindingKind.Error).Select(finding => finding.Code);
}

/// <summary>Tenants, scopes and stores of one case over a shared world: real stores, real catalog, the tasks as the silo has them.</summary>
internal sealed class PolicyWorld(GrainWorld world)
{
    /// <summary>Bytes of every chunk that a case writes.</summary>
    public const int ChunkSize = 1_000;

    private static int s_count;
    private readonly string _name = $"case{Interlocked.Increment(ref s_count)}";
    private readonly List<StoreId> _stores = [];
    private readonly List<CaseScope> _scopes = [];

    public GrainWorld World => world;

    /// <summary>A name that no other case has.</summary>
    public string Name => _name;

    public T Get<T>()
        where T : notnull => world.Get<T>();

    public async Task<StoreId> AddStoreAsync(string name, long? softMaxSize = null, long? maxSize = null, string? silo = null)
    {
        var store = await world.AddStoreAsync($"{_name}-{name}", silo: silo);
        _stores.Add(store);
        await SetLimitsAsync(store, softMaxSize, maxSize);
        return store;
    }

    public async Task SetLimitsAsync(StoreId store, long? softMaxSize, long? maxSize = null)
    {
        var updated = await Get<StoreCatalog>().UpdateAsync(store, new FileStoreSettings { SoftMaxSize = softMaxSize, MaxSize = maxSize }, null, default);
        Assert.Equal(AdminStatus.Done, updated.Status);
    }

    public async Task<TenantId> AddTenantAsync(string name) =>
        (await Get<TenantCatalog>().CreateAsync($"{_name}-{name}", new TenantSettings { Stores = [.. _stores] }, null, default)).Id!.Value;

    /// <summary>Makes a scope with these stores attached.</summary>
    public async Task<CaseScope> AddScopeAsync(TenantId tenant, string name, params AttachmentSettings[] attachments)
    {
        var id = (await Get<ScopeCatalog>().CreateAsync(tenant, name, new ScopeSettings(), null, default)).Id!.Value;
        var scope = new CaseScope(tenant, id);
        _scopes.Add(scope);
        foreach (var attachment in attachments)
        {
            await AttachAsync(scope, attachment);
        }

        return scope;
    }

    public async Task AttachAsync(CaseScope scope, AttachmentSettings attachment)
    {
        var result = await Get<ScopeCatalog>().PutAttachmentAsync(scope.Tenant, scope.Id, attachment, null, default);
        Assert.True(result.Status is AdminStatus.Done or AdminStatus.Created, result.Detail);
    }

    /// <summary>Writes a file of one chunk into the first of these stores that the scope may write to, and commits it.</summary>
    public async Task<ChunkHash> WriteAsync(CaseScope scope, string path, StoreId store, int size = ChunkSize)
    {
        await (await BeginWriteAsync(scope, path, store, size))();
        return scope.Files[path];
    }

    /// <summary>Places the only chunk of a file; what is given back writes its bytes and commits it.</summary>
    public async Task<Func<Task>> BeginWriteAsync(CaseScope scope, string path, StoreId store, int size = ChunkSize)
    {
        var content = Encoding.UTF8.GetBytes(path.PadRight(size, '.'));
        var chunk = ChunkBuffer.CopyOf(content);
        var upload = new UploadId(Guid.CreateVersion7());
        var place = new PlaceChunk
        {
            Tenant = scope.Tenant, Scope = scope.Id, Upload = upload, Index = 0, Hash = chunk.Hash, Size = size, Candidates = [store], Epoch = world.Epoch,
        };
        var begun = await Get<UploadCatalog>().BeginAsync(
            new BeginUpload { Tenant = scope.Tenant, Scope = scope.Id, Upload = upload, Path = FilePath.Parse(path), Size = size, Epoch = world.Epoch, FirstChunk = place }, default);
        var placed = begun.First!;
        while (placed.Status == PlaceStatus.NeedsSpace)
        {
            Assert.False((await world.Client.GetGrain<IFileStoreGrain>(GrainKeys.Store(store)).GrantSpaceAsync(new SpaceRequest(world.Epoch, size), default)).Refused);
            placed = await Get<UploadCatalog>().PlaceChunkAsync(place, default);
        }

        return async () =>
        {
            using (chunk)
            {
                if (placed.Status == PlaceStatus.Write)
                {
                    Assert.True(world.Directory.TryGet(placed.Store, out var open));
                    await open.PutAsync(new LocationKey(scope.Tenant.ToString(), chunk.Hash, placed.Location.Value), chunk, default);
                }

                var committed = await Grain(scope).ApplyAsync(Writer.Commit(path, upload, placed, content), default);
                Assert.Equal(NamespaceStatus.Done, committed.Status);
                scope.Files[path] = chunk.Hash;
            }
        };
    }

    /// <summary>Deletes a file, and uncounts what it referenced.</summary>
    public async Task DeleteAsync(CaseScope scope, string path)
    {
        var deleted = await Grain(scope).ApplyAsync(new DeleteFile { Path = FilePath.Parse(path), By = "test" }, default);
        Assert.Equal(NamespaceStatus.Done, deleted.Status);
        scope.Files.Remove(path);
        while ((await Get<ReclaimCatalog>().UncountPageAsync(scope.Tenant, default)).Worked)
        {
        }
    }

    /// <summary>Runs a task to its end, or until it waits, as the executor does.</summary>
    public async Task<TaskRun> RunAsync(
        MaintenanceTaskKind kind, CaseScope? scope, StoreId store, bool dryRun = false, bool keepSource = false, int parallel = 4,
        RunTrigger trigger = RunTrigger.Operator, Func<int, Task>? between = null)
    {
        var task = world.SiloServices.GetServices<IMaintenanceTask>().Single(one => one.Kind == kind);
        var row = new MaintenanceTaskRow
        {
            Run = Interlocked.Increment(ref s_count), Task = 0, Kind = kind, Tenant = scope?.Tenant, Scope = scope?.Id, Store = store,
            Trigger = trigger, DryRun = dryRun, KeepSource = keepSource,
        };
        await task.MeasureAsync(row, default);
        var findings = new List<TaskFinding>();
        for (var step = 0; step < 10_000; step++)
        {
            var done = await task.StepAsync(row, new TaskContext(new TaskPace(parallel, null)), default);
            findings.AddRange(done.Findings);
            row = row with { Cursor = done.Cursor, DoneChunks = row.DoneChunks + done.Chunks, DoneBytes = row.DoneBytes + done.Bytes };
            if (done.RetryAfter is not null || done.Cursor is null)
            {
                return new TaskRun(row.DoneChunks, row.DoneBytes, findings, done.Waiting);
            }

            Assert.True(done.Cursor.Length <= 4_000);
            if (between is not null)
            {
                await between(step);
            }
        }

        throw new InvalidOperationException($"{kind} does not end: {row.Cursor}");
    }

    /// <summary>Chunks of a tenant that have a stored copy in a store.</summary>
    public async Task<HashSet<ChunkHash>> StoredAsync(StoreId store, TenantId tenant)
    {
        var found = await world.Database.ReadAsync(
            session =>
            {
                var hashes = new List<ChunkHash>();
                using var rows = session.Query(SelectStored, store, tenant);
                while (rows.Read())
                {
                    hashes.Add(rows.Hash(0));
                }

                return hashes;
            },
            default);
        Assert.Equal(found.Count, found.Distinct().Count());
        return [.. found];
    }

    /// <summary>Every file of the case's scopes has a copy that its scope may read and whose bytes are right; the rows agree with each other.</summary>
    public async Task AssertAllIsWellAsync(params CaseScope[] exceptReading)
    {
        await world.AssertInvariantsAsync();
        var topology = await Get<TopologyCache>().RefreshAsync(default);
        using var buffers = new ChunkBufferPool(new ChunkBufferPoolOptions { BudgetBytes = 16 << 20 }, TimeProvider.System);
        using var account = buffers.Open("test", BufferUse.Internal);
        foreach (var scope in _scopes.Except(exceptReading))
        {
            foreach (var (path, hash) in scope.Files)
            {
                var copies = await Get<NamespaceCatalog>().GetCopiesAsync(scope.Tenant, hash, default);
                var readable = ReadPlacement.Order(copies, topology.Attachments(scope.Id), topology.Store, static _ => true);
                Assert.True(readable.Count > 0, $"{path} cannot be read");
                foreach (var copy in readable)
                {
                    Assert.True(world.Directory.TryGet(copy.Store, out var store));
                    using var chunk = await store.ReadVerifiedAsync(new LocationKey(scope.Tenant.ToString(), hash, copy.Location.Value), ChunkSize, account, default);
                    Assert.NotNull(chunk);
                }
            }
        }
    }

    public IScopeGrain Grain(CaseScope scope) => world.Client.GetGrain<IScopeGrain>(GrainKeys.Scope(scope.Tenant, scope.Id));

    private static readonly Sql SelectStored = new("SELECT chunk FROM location WHERE store = ?1 AND tenant = ?2 AND state = 1");
}
