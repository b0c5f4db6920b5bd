using Granary.Catalog.MariaDb;
using Granary.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace Granary.Catalog.Tests;

/// <summary>Makes migrated databases on the MariaDB server for the suites, and removes them.</summary>
public sealed class MariaDbDatabases : ICatalogEngine
{
    private readonly List<string> _made = [];

    /// <summary>A connection string for a new database that is up to date.</summary>
    public async Task<string> CreateAsync()
    {
        var connection = MariaDbServer.Current.CreateDatabase();
        _made.Add(connection);
        await MariaDbMigrator.MigrateAsync(connection, MariaDbMigrator.CatalogSet, TimeProvider.System, NullLoggerFactory.Instance, default);
        return connection;
    }

    public async Task<CatalogDatabase> OpenAsync(TimeProvider time) => await OpenAsync(await CreateAsync(), time);

    /// <summary>One new database, opened several times.</summary>
    public async Task<CatalogDatabase[]> OpenAsync(int times, TimeProvider time)
    {
        var connection = await CreateAsync();
        var opened = new CatalogDatabase[times];
        for (var i = 0; i < times; i++)
        {
            opened[i] = await OpenAsync(connection, time);
        }

        return opened;
    }

    public static Task<CatalogDatabase> OpenAsync(string connection, TimeProvider? time = null, Action<CatalogOptions>? configure = null)
    {
        var options = new CatalogOptions { MariaDb = connection, Writers = 4, Readers = 2 };
        configure?.Invoke(options);
        return CatalogDatabase.OpenAsync(options, time ?? TimeProvider.System, NullLoggerFactory.Instance, default);
    }

    public void Dispose() => _made.ForEach(MariaDbServer.Current.DropDatabase);
}

[RequiresMariaDb]
public sealed class MariaDbUploadTests() : UploadSuite(new MariaDbDatabases());

[RequiresMariaDb]
public sealed class MariaDbGroupTests(ITestOutputHelper output) : GroupSuite(new MariaDbDatabases(), output);

[RequiresMariaDb]
public sealed class MariaDbNamespaceTests() : NamespaceSuite(new MariaDbDatabases());

[RequiresMariaDb]
public sealed class MariaDbListingTests() : ListingSuite(new MariaDbDatabases());

[RequiresMariaDb]
public sealed class MariaDbAdministrationTests() : AdministrationSuite(new MariaDbDatabases());

[RequiresMariaDb]
public sealed class MariaDbStoreTests() : StoreSuite(new MariaDbDatabases());

[RequiresMariaDb]
public sealed class MariaDbSiloDrainTests() : SiloDrainSuite(new MariaDbDatabases());

[RequiresMariaDb]
public sealed class MariaDbReclaimTests() : ReclaimSuite(new MariaDbDatabases());

[RequiresMariaDb]
public sealed class MariaDbRunTests() : RunSuite(new MariaDbDatabases());

[RequiresMariaDb]
public sealed class MariaDbCollectTests() : CollectSuite(new MariaDbDatabases());

[RequiresMariaDb]
public sealed class MariaDbFsckTests() : FsckSuite(new MariaDbDatabases());

[RequiresMariaDb]
public sealed class MariaDbConcurrencyTests(ITestOutputHelper output) : ConcurrencySuite(new MariaDbDatabases(), output);

[RequiresMariaDb]
public sealed class MariaDbModelTests(ITestOutputHelper output) : ModelSuite(new MariaDbDatabases(), output);

[RequiresMariaDb]
public sealed class MariaDbRetentionTests(ITestOutputHelper output) : RetentionSuite(new MariaDbDatabases(), output);

[RequiresMariaDb]
public sealed class MariaDbSessionTests() : SessionSuite(new MariaDbDatabases());

[RequiresMariaDb]
public sealed class MariaDbTusSessionTests() : TusSessionSuite(new MariaDbDatabases());

[RequiresMariaDb]
public sealed class MariaDbSessionEndTests() : SessionEndSuite(new MariaDbDatabases());
