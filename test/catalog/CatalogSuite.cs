using Granary.TestSupport;

namespace Granary.Catalog.Tests;

/// <summary>A database under the catalog, as the suites need it. Disposing removes what was made.</summary>
public interface ICatalogEngine : IDisposable
{
    /// <summary>Opens a new, empty database.</summary>
    Task<CatalogDatabase> OpenAsync(TimeProvider time);

    /// <summary>Opens one new, empty database several times.</summary>
    Task<CatalogDatabase[]> OpenAsync(int times, TimeProvider time);
}

/// <summary>
/// Base of the conformance suites: what every database under the catalog must do. A database joins by deriving each suite
/// with its engine.
/// </summary>
public abstract class CatalogSuite(ICatalogEngine engine) : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _opened = [];

    internal CatalogWorld World { get; private set; } = null!;

    protected ManualTimeProvider Clock { get; } = new();

    public async Task InitializeAsync() => World = await CreateWorldAsync();

    /// <summary>A world of its own over a new, empty database.</summary>
    internal async Task<CatalogWorld> CreateWorldAsync(
        long? maxSize = null, long? scopeQuota = null, long? tenantQuota = null, int keepVersions = 1, int? keepDays = null)
    {
        var database = await engine.OpenAsync(Clock);
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

            engine.Dispose();
        }
    }
}
