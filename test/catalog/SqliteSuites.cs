using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Catalog.Tests;

/// <summary>Opens SQLite files for the suites.</summary>
public sealed class SqliteFiles : ICatalogEngine
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

public sealed class SqliteUploadTests() : UploadSuite(new SqliteFiles());

public sealed class SqliteGroupTests(ITestOutputHelper output) : GroupSuite(new SqliteFiles(), output);

public sealed class SqliteNamespaceTests() : NamespaceSuite(new SqliteFiles());

public sealed class SqliteListingTests() : ListingSuite(new SqliteFiles());

public sealed class SqliteAdministrationTests() : AdministrationSuite(new SqliteFiles());

public sealed class SqliteStoreTests() : StoreSuite(new SqliteFiles());

public sealed class SqliteSiloDrainTests() : SiloDrainSuite(new SqliteFiles());

public sealed class SqliteReclaimTests() : ReclaimSuite(new SqliteFiles());

public sealed class SqliteRunTests() : RunSuite(new SqliteFiles());

public sealed class SqliteCollectTests() : CollectSuite(new SqliteFiles());

public sealed class SqliteFsckTests() : FsckSuite(new SqliteFiles());

public sealed class SqliteConcurrencyTests(ITestOutputHelper output) : ConcurrencySuite(new SqliteFiles(), output);

public sealed class SqliteModelTests(ITestOutputHelper output) : ModelSuite(new SqliteFiles(), output);

public sealed class SqliteRetentionTests(ITestOutputHelper output) : RetentionSuite(new SqliteFiles(), output);

public sealed class SqliteSessionTests() : SessionSuite(new SqliteFiles());

public sealed class SqliteTusSessionTests() : TusSessionSuite(new SqliteFiles());

public sealed class SqliteSessionEndTests() : SessionEndSuite(new SqliteFiles());
