using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Catalog.Tests;

/// <summary>Opens SQLite files for the suites.</summary>
internal sealed class SqliteFiles : IDisposable
{
    private readonly TempFolder _folder = new();
    private int _count;

    public Task<CatalogDatabase> OpenAsync(TimeProvider time) => CatalogWorld.OpenAsync(_folder[$"{_count++}.db"], time);

    /// <summary>One new file, opened several times.</summary>
    public async Task<CatalogDatabase[]> OpenAsync(int times, TimeProvider time)
    {
        var file = _folder[$"{_count++}.db"];
        var opened = new CatalogDatabase[times];
        for (var i = 0; i < times; i++)
        {
            opened[i] = await CatalogWorld.OpenAsync(file, time);
        }

        return opened;
    }

    public void Dispose() => _folder.Dispose();
}

public sealed class SqliteUploadTests : UploadSuite, IDisposable
{
    private readonly SqliteFiles _files = new();

    protected override Task<CatalogDatabase> OpenDatabaseAsync(TimeProvider time) => _files.OpenAsync(time);

    public void Dispose() => _files.Dispose();
}

public sealed class SqliteNamespaceTests : NamespaceSuite, IDisposable
{
    private readonly SqliteFiles _files = new();

    protected override Task<CatalogDatabase> OpenDatabaseAsync(TimeProvider time) => _files.OpenAsync(time);

    public void Dispose() => _files.Dispose();
}

public sealed class SqliteListingTests : ListingSuite, IDisposable
{
    private readonly SqliteFiles _files = new();

    protected override Task<CatalogDatabase> OpenDatabaseAsync(TimeProvider time) => _files.OpenAsync(time);

    public void Dispose() => _files.Dispose();
}

public sealed class SqliteAdministrationTests : AdministrationSuite, IDisposable
{
    private readonly SqliteFiles _files = new();

    protected override Task<CatalogDatabase> OpenDatabaseAsync(TimeProvider time) => _files.OpenAsync(time);

    public void Dispose() => _files.Dispose();
}

public sealed class SqliteStoreTests : StoreSuite, IDisposable
{
    private readonly SqliteFiles _files = new();

    protected override Task<CatalogDatabase> OpenDatabaseAsync(TimeProvider time) => _files.OpenAsync(time);

    public void Dispose() => _files.Dispose();
}

public sealed class SqliteReclaimTests : ReclaimSuite, IDisposable
{
    private readonly SqliteFiles _files = new();

    protected override Task<CatalogDatabase> OpenDatabaseAsync(TimeProvider time) => _files.OpenAsync(time);

    public void Dispose() => _files.Dispose();
}

public sealed class SqliteConcurrencyTests(Xunit.Abstractions.ITestOutputHelper output) : ConcurrencySuite(output), IDisposable
{
    private readonly SqliteFiles _files = new();

    protected override Task<CatalogDatabase> OpenDatabaseAsync(TimeProvider time) => _files.OpenAsync(time);

    public void Dispose() => _files.Dispose();
}

public sealed class SqliteModelTests(Xunit.Abstractions.ITestOutputHelper output) : ModelSuite(output), IDisposable
{
    private readonly SqliteFiles _files = new();

    protected override Task<CatalogDatabase> OpenDatabaseAsync(TimeProvider time) => _files.OpenAsync(time);

    public void Dispose() => _files.Dispose();
}

public sealed class SqliteRetentionTests(ITestOutputHelper output) : RetentionSuite(output), IDisposable
{
    private readonly SqliteFiles _files = new();

    protected override Task<CatalogDatabase> OpenDatabaseAsync(TimeProvider time) => _files.OpenAsync(time);

    public void Dispose() => _files.Dispose();
}

public sealed class SqliteRunTests : RunSuite, IDisposable
{
    private readonly SqliteFiles _files = new();

    protected override Task<CatalogDatabase> OpenDatabaseAsync(TimeProvider time) => _files.OpenAsync(time);

    public void Dispose() => _files.Dispose();
}

public sealed class SqliteCollectTests : CollectSuite, IDisposable
{
    private readonly SqliteFiles _files = new();

    protected override Task<CatalogDatabase> OpenDatabaseAsync(TimeProvider time) => _files.OpenAsync(time);

    public void Dispose() => _files.Dispose();
}

public sealed class SqliteFsckTests : FsckSuite, IDisposable
{
    private readonly SqliteFiles _files = new();

    protected override Task<CatalogDatabase> OpenDatabaseAsync(TimeProvider time) => _files.OpenAsync(time);

    public void Dispose() => _files.Dispose();
}
