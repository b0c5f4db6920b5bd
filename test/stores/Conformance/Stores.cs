using Granary.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace Granary.Stores.Tests;

public sealed class MemoryStoreConformanceTests(ITestOutputHelper output) : ChunkStoreConformance(output)
{
    protected override Task<IChunkStore> OpenAsync() => Task.FromResult<IChunkStore>(new MemoryChunkStore());
}

public class LocalStoreConformanceTests(ITestOutputHelper output) : ChunkStoreConformance(output)
{
    private readonly TempFolder _folder = new();

    protected virtual bool Direct => true;

    protected override Task<IChunkStore> OpenAsync()
    {
        var definition = Definitions.Local(_folder.Path);
        LocalChunkStore.Initialize(definition);
        return Task.FromResult<IChunkStore>(LocalChunkStore.Open(definition, NullLogger.Instance, Direct));
    }

    protected override Task CloseAsync()
    {
        _folder.Dispose();
        return Task.CompletedTask;
    }
}

public sealed class LocalStoreThroughThePageCacheConformanceTests(ITestOutputHelper output) : LocalStoreConformanceTests(output)
{
    protected override bool Direct => false;
}

public sealed class DecoratedLocalStoreConformanceTests(ITestOutputHelper output) : ChunkStoreConformance(output)
{
    private readonly TempFolder _folder = new();

    protected override async Task<IChunkStore> OpenAsync() => (await Definitions.OpenAsync(Definitions.Local(_folder.Path))).Client;

    protected override Task CloseAsync()
    {
        _folder.Dispose();
        return Task.CompletedTask;
    }
}

public sealed class MaintenanceViewConformanceTests(ITestOutputHelper output) : ChunkStoreConformance(output)
{
    private readonly TempFolder _folder = new();

    protected override async Task<IChunkStore> OpenAsync() => (await Definitions.OpenAsync(Definitions.Local(_folder.Path))).Maintenance;

    protected override Task CloseAsync()
    {
        _folder.Dispose();
        return Task.CompletedTask;
    }
}

[RequiresS3]
[Collection(S3Collection.Name)]
public class S3StoreConformanceTests(ITestOutputHelper output) : ChunkStoreConformance(output)
{
    /// <summary>More than a page of the server has.</summary>
    protected override int ManyObjects => 1100;

    protected virtual string Prefix => "";

    protected override async Task<IChunkStore> OpenAsync()
    {
        var definition = await Definitions.S3Async(Prefix);
        var store = new S3ChunkStore(definition, TimeProvider.System);
        await store.InitializeAsync(takeOver: false, default);
        return store;
    }
}

[RequiresS3]
[Collection(S3Collection.Name)]
public sealed class DecoratedS3StoreConformanceTests(ITestOutputHelper output) : ChunkStoreConformance(output)
{
    protected override async Task<IChunkStore> OpenAsync() => (await Definitions.OpenAsync(await Definitions.S3Async("some/place/"))).Client;
}

/// <summary>Tests that share the S3 server run one after the other, beside the others.</summary>
[CollectionDefinition(Name)]
public sealed class S3Collection
{
    public const string Name = "S3";
}
