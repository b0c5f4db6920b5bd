using Granary.TestSupport;

namespace Granary.Catalog.Tests;

/// <summary>
/// Base of the conformance suites: what every database under the catalog must do. A database joins by deriving each suite
/// and opening itself here.
/// </summary>
public abstract class CatalogSuite : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _opened = [];

    internal CatalogWorld World { get; private set; } = null!;

    protected ManualTimeProvider Clock { get; } = new();

    /// <summary>Opens an empty database.</summary>
    protected abstract Task<CatalogDatabase> OpenDatabaseAsync(TimeProvider time);

    public async Task InitializeAsync() => World = await CreateWorldAsync();

    /// <summary>A world of its own over a new, empty database.</summary>
    internal async Task<CatalogWorld> CreateWorldAsync(
        long? maxSize = null, long? scopeQuota = null, long? tenantQuota = null, int keepVersions = 1, int? keepDays = null)
    {
        var database = await OpenDatabaseAsync(Clock);
        _opened.Add(database);
        var world = await CatalogWorld.CreateAsync(database, maxSize, scopeQuota, tenantQuota, keepVersions, keepDays);
        _opened.Add(world);
        return world;
    }

    /// <summary>Whatever a test did, every world's rows agree afterwards.</summary>
    public async Task DisposeAsync()
    {
        try
        {
            foreach (var world in _opened.OfType<CatalogWorld>())
            {
                await world.AssertInvariantsAsync();
            }
        }
        finally
        {
            for (var i = _opened.Count - 1; i >= 0; i--)
            {
                await _opened[i].DisposeAsync();
            }
        }
    }
}
