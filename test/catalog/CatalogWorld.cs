using System.Security.Cryptography;
using Granary.GrainInterfaces;
using Granary.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Granary.Catalog.Tests;

/// <summary>An open catalog with a tenant, a scope and a store, and the steps of an upload as the API takes them.</summary>
internal sealed class CatalogWorld : IAsyncDisposable
{
    public const long Plenty = 1L << 30;

    private CatalogWorld(CatalogDatabase database)
    {
        Database = database;
        Topology = new TopologyCache(database);
        Tenants = new TenantCatalog(database, Topology);
        Scopes = new ScopeCatalog(database, Topology);
        Stores = new StoreCatalog(database, Topology);
        Keys = new ApiKeyCatalog(database, Topology);
        Silos = new SiloCatalog(database);
        Uploads = new UploadCatalog(database);
        Sessions = new SessionCatalog(database);
        Files = new NamespaceCatalog(database);
        Versions = new VersionCatalog(database);
        Holds = new HoldCatalog(database);
        Operations = new OperationCatalog(database);
        Reclaim = new ReclaimCatalog(database, Topology);
        Access = new AccessCatalog(database, NullLogger<AccessCatalog>.Instance);
    }

    public CatalogDatabase Database { get; }

    public TopologyCache Topology { get; }

    public TenantCatalog Tenants { get; }

    public ScopeCatalog Scopes { get; }

    public StoreCatalog Stores { get; }

    public ApiKeyCatalog Keys { get; }

    public SiloCatalog Silos { get; }

    public UploadCatalog Uploads { get; }

    public SessionCatalog Sessions { get; }

    public NamespaceCatalog Files { get; }

    public VersionCatalog Versions { get; }

    public HoldCatalog Holds { get; }

    public OperationCatalog Operations { get; }

    public ReclaimCatalog Reclaim { get; }

    public AccessCatalog Access { get; }

    public TenantId Tenant { get; private set; }

    public ScopeId Scope { get; private set; }

    public StoreId Store { get; private set; }

    public SiloEpoch Epoch { get; set; }

    /// <summary>Over an open database, without tenant, scope or store.</summary>
    public static CatalogWorld Over(CatalogDatabase database) => new(database);

    /// <summary>With tenant <c>acme</c>, store <c>local</c>, scope <c>main</c> that has it at 100/100, and a living silo.</summary>
    public static async Task<CatalogWorld> CreateAsync(
        CatalogDatabase database, long? maxSize = null, long? scopeQuota = null, long? tenantQuota = null, int keepVersions = 1, int? keepDays = null)
    {
        var world = new CatalogWorld(database);
        world.Epoch = await world.Silos.RegisterAsync("silo-1", default);
        world.Store = await world.CreateStoreAsync("local", maxSize);
        world.Tenant = await world.CreateTenantAsync("acme", tenantQuota);
        world.Scope = await world.CreateScopeAsync("main", new ScopeSettings { QuotaBytes = scopeQuota, KeepVersions = keepVersions, KeepDays = keepDays });
        return world;
    }

    /// <summary>Finds what <see cref="CreateAsync"/> made, in a database opened again.</summary>
    public static async Task<CatalogWorld> ReopenAsync(CatalogDatabase database)
    {
        var world = new CatalogWorld(database);
        var topology = await world.Topology.GetAsync(default);
        world.Tenant = topology.TenantByName("acme")!.Id;
        world.Scope = topology.ScopeByName(world.Tenant, "main")!.Id;
        world.Store = topology.StoreByName("local")!.Id;
        return world;
    }

    public async Task<StoreId> CreateStoreAsync(string name, long? maxSize = null, bool instanceWide = true)
    {
        var created = await Stores.CreateAsync(
            new NewFileStore
            {
                Name = name,
                Backend = "local",
                Configuration = $$"""{"path":"/stores/{{name}}"}""",
                Settings = new FileStoreSettings { MaxSize = maxSize, InstanceWide = instanceWide },
            },
            null,
            default);
        Assert.Equal(AdminStatus.Created, created.Result.Status);
        return created.Id!.Value;
    }

    public async Task<TenantId> CreateTenantAsync(string name, long? quota = null)
    {
        var stores = (await Topology.GetAsync(default)).Stores.Select(static store => store.Id).ToArray();
        var created = await Tenants.CreateAsync(name, new TenantSettings { QuotaBytes = quota, Stores = stores }, null, default);
        Assert.Equal(AdminStatus.Created, created.Result.Status);
        return created.Id!.Value;
    }

    public async Task<ScopeId> CreateScopeAsync(string name, ScopeSettings? settings = null)
    {
        var created = await Scopes.CreateAsync(Tenant, name, settings ?? new ScopeSettings(), null, default);
        Assert.Equal(AdminStatus.Created, created.Result.Status);
        return created.Id!.Value;
    }

    /// <summary>Adds a store, lets the tenant use it and attaches it to the scope.</summary>
    public async Task<StoreId> AttachNewStoreAsync(string name, AttachmentSettings? settings = null, long? maxSize = null)
    {
        var store = await CreateStoreAsync(name, maxSize);
        var tenant = (await Topology.GetAsync(default)).Tenant(Tenant)!.Settings;
        await Tenants.UpdateAsync(Tenant, tenant with { Stores = [.. tenant.Stores, store] }, null, default);
        var attached = await Scopes.PutAttachmentAsync(Tenant, Scope, (settings ?? new AttachmentSettings { Store = store }) with { Store = store }, null, default);
        Assert.Equal(AdminStatus.Created, attached.Status);
        return store;
    }

    public static ChunkHash Hash(string content) => ChunkHash.From(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(content)));

    public static FilePath Path(string path) => FilePath.Parse(path);

    public static UploadId NewUpload() => new(Guid.CreateVersion7());

    public PlaceChunk Chunk(UploadId upload, int index, ChunkHash hash, int size, bool reserve = false, ScopeId? scope = null, params StoreId[] candidates) => new()
    {
        Tenant = Tenant,
        Scope = scope ?? Scope,
        Upload = upload,
        Index = index,
        Hash = hash,
        Size = size,
        Reserve = reserve ? size : 0,
        Candidates = candidates.Length > 0 ? candidates : [Store],
        Epoch = Epoch,
    };

    /// <summary>Space for the silo, as the store's grain gives it.</summary>
    public async Task<bool> GrantAsync(StoreId store, long needed, long preferred = 64 << 20)
    {
        var grants = await Stores.GrantAsync(store, [new BlockRequest(Epoch, needed, preferred)], default);
        return !grants[0].Refused;
    }

    /// <summary>Places a chunk, asking for space where that is needed.</summary>
    public async Task<ChunkPlaced> PlaceAsync(PlaceChunk chunk)
    {
        while (true)
        {
            var placed = await Uploads.PlaceChunkAsync(chunk, default);
            if (placed.Status != PlaceStatus.NeedsSpace)
            {
                return placed;
            }

            var store = placed.NeedsSpace!.Value;
            if (!await GrantAsync(store, placed.NeededBytes))
            {
                chunk = chunk with { Candidates = [.. chunk.Candidates.Where(candidate => candidate != store)] };
            }
        }
    }

    /// <summary>Starts an upload of a known size, or of an unknown one.</summary>
    public Task<UploadBegun> BeginAsync(UploadId upload, string path, long? size, ScopeId? scope = null) =>
        Uploads.BeginAsync(
            new BeginUpload { Tenant = Tenant, Scope = scope ?? Scope, Upload = upload, Path = Path(path), Size = size, Epoch = Epoch }, default);

    /// <summary>The commit that goes with chunks of these contents.</summary>
    public static CommitUpload CommitOf(UploadId upload, string path, string[] chunks, LocationId[] written, OperationKey? operation = null) => new()
    {
        By = "test",
        Upload = upload,
        Path = Path(path),
        Size = chunks.Sum(static chunk => chunk.Length),
        ChunkCount = chunks.Length,
        Etag = EtagOf(chunks),
        Written = written,
        Operation = operation,
    };

    public static string EtagOf(string[] chunks)
    {
        if (chunks.Length == 1)
        {
            return Hash(chunks[0]).ToString();
        }

        var all = chunks.SelectMany(static chunk => Hash(chunk).ToByteArray()).ToArray();
        return $"{Convert.ToHexStringLower(SHA256.HashData(all))}-{chunks.Length}";
    }

    /// <summary>Applies one operation.</summary>
    public async Task<NamespaceResult> ApplyAsync(NamespaceOperation operation, ScopeId? scope = null)
    {
        var group = await Files.ApplyAsync(Tenant, scope ?? Scope, NamespaceCatalog.UnknownSequence, [operation], default);
        return group.Results[0];
    }

    /// <summary>Uploads a file of these chunks from beginning to end.</summary>
    public async Task<NamespaceResult> PutAsync(string path, string[] chunks, ScopeId? scope = null, Preconditions? preconditions = null, params StoreId[] candidates)
    {
        var upload = NewUpload();
        var begun = await BeginAsync(upload, path, chunks.Sum(static chunk => chunk.Length), scope);
        Assert.Equal(UploadStatus.Ok, begun.Status);
        var written = new List<LocationId>();
        for (var i = 0; i < chunks.Length; i++)
        {
            var placed = await PlaceAsync(Chunk(upload, i, Hash(chunks[i]), chunks[i].Length, scope: scope, candidates: candidates));
            Assert.True(placed.Status is PlaceStatus.Write or PlaceStatus.Present, $"{placed.Status}");
            if (placed.Status == PlaceStatus.Write)
            {
                written.Add(placed.Location);
            }
        }

        var result = await ApplyAsync(CommitOf(upload, path, chunks, [.. written]) with { Preconditions = preconditions }, scope);
        if (result.Status != NamespaceStatus.Done)
        {
            await Uploads.AbortAsync(upload, default);
        }

        return result;
    }

    public Task<NamespaceResult> PutAsync(string path, string content) => PutAsync(path, [content]);

    public Task<NamespaceResult> DeleteAsync(string path, Preconditions? preconditions = null) =>
        ApplyAsync(new DeleteFile { By = "test", Path = Path(path), Preconditions = preconditions });

    public Task<FileLookup> FindAsync(string path, long? version = null) => Files.FindAsync(Tenant, Scope, Path(path), version, default);

    /// <summary>All background pages until nothing is due; bytes count as deleted at once.</summary>
    public async Task RunBackgroundAsync()
    {
        foreach (var tenant in (await Topology.RefreshAsync(default)).Tenants)
        {
            await RunBackgroundAsync(tenant.Id);
        }

        foreach (var store in (await Topology.RefreshAsync(default)).Stores)
        {
            while (await Reclaim.DeleteStorePageAsync(store.Id, default) > 0)
            {
            }

            IReadOnlyList<DeletingLocation> deleting;
            while ((deleting = await Reclaim.NextDeletingAsync(store.Id, null, 100, DateTimeOffset.MaxValue, DateTimeOffset.MinValue, default)).Count > 0)
            {
                await Reclaim.LocationsDeletedAsync([.. deleting.Select(static copy => copy.Location)], default);
            }

            while (await Reclaim.DeleteStorePageAsync(store.Id, default) > 0)
            {
            }
        }
    }

    public async Task RunBackgroundAsync(TenantId tenant)
    {
        bool worked;
        do
        {
            worked = await Reclaim.AbortDeadUploadsAsync(tenant, default) > 0;
            worked |= await Reclaim.DeleteScopePageAsync(tenant, default) > 0;
            worked |= (await Reclaim.UncountPageAsync(tenant, default)).Worked;
        }
        while (worked);
    }

    /// <summary>Fails with every rule that does not hold.</summary>
    public async Task AssertInvariantsAsync() => Assert.Equal([], await CatalogInvariants.CheckAsync(Database, default));

    public ValueTask DisposeAsync()
    {
        Topology.Dispose();
        Access.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Opens a database file.</summary>
    public static Task<CatalogDatabase> OpenAsync(string path, TimeProvider? time = null, Action<CatalogOptions>? configure = null)
    {
        var options = new CatalogOptions { DataSource = path, Readers = 2 };
        configure?.Invoke(options);
        return CatalogDatabase.OpenAsync(options, time ?? TimeProvider.System, NullLoggerFactory.Instance, default);
    }
}
