using Granary.Catalog.MariaDb;
using Granary.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Granary.Catalog.Tests;

/// <summary>Makes migrated databases on the MariaDB server for the suites, and removes them.</summary>
internal sealed class MariaDbDatabases : IDisposable
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

    public static Task<CatalogDatabase> OpenAsync(string connection, TimeProvider? time = null, Action<CatalogOptions>? configure = null)
    {
        var options = new CatalogOptions { MariaDb = connection, Writers = 4, Readers = 2 };
        configure?.Invoke(options);
        return CatalogDatabase.OpenAsync(options, time ?? TimeProvider.System, NullLoggerFactory.Instance, default);
    }

    public void Dispose() => _made.ForEach(MariaDbServer.Current.DropDatabase);
}

[RequiresMariaDb]
public sealed class MariaDbUploadTests : UploadSuite, IDisposable
{
    private readonly MariaDbDatabases _databases = new();

    protected override Task<CatalogDatabase> OpenDatabaseAsync(TimeProvider time) => _databases.OpenAsync(time);

    public void Dispose() => _databases.Dispose();
}

[RequiresMariaDb]
public sealed class MariaDbNamespaceTests : NamespaceSuite, IDisposable
{
    private readonly MariaDbDatabases _databases = new();

    protected override Task<CatalogDatabase> OpenDatabaseAsync(TimeProvider time) => _databases.OpenAsync(time);

    public void Dispose() => _databases.Dispose();
}

[RequiresMariaDb]
public sealed class MariaDbListingTests : ListingSuite, IDisposable
{
    private readonly MariaDbDatabases _databases = new();

    protected override Task<CatalogDatabase> OpenDatabaseAsync(TimeProvider time) => _databases.OpenAsync(time);

    public void Dispose() => _databases.Dispose();
}

[RequiresMariaDb]
public sealed class MariaDbAdministrationTests : AdministrationSuite, IDisposable
{
    private readonly MariaDbDatabases _databases = new();

    protected override Task<CatalogDatabase> OpenDatabaseAsync(TimeProvider time) => _databases.OpenAsync(time);

    public void Dispose() => _databases.Dispose();
}

[RequiresMariaDb]
public sealed class MariaDbStoreTests : StoreSuite, IDisposable
{
    private readonly MariaDbDatabases _databases = new();

    protected override Task<CatalogDatabase> OpenDatabaseAsync(TimeProvider time) => _databases.OpenAsync(time);

    public void Dispose() => _databases.Dispose();
}

[RequiresMariaDb]
public sealed class MariaDbReclaimTests : ReclaimSuite, IDisposable
{
    private readonly MariaDbDatabases _databases = new();

    protected override Task<CatalogDatabase> OpenDatabaseAsync(TimeProvider time) => _databases.OpenAsync(time);

    public void Dispose() => _databases.Dispose();
}

[RequiresMariaDb]
public sealed class MariaDbConcurrencyTests(Xunit.Abstractions.ITestOutputHelper output) : ConcurrencySuite(output), IDisposable
{
    private readonly MariaDbDatabases _databases = new();

    protected override Task<CatalogDatabase> OpenDatabaseAsync(TimeProvider time) => _databases.OpenAsync(time);

    public void Dispose() => _databases.Dispose();
}

[RequiresMariaDb]
public sealed class MariaDbModelTests(Xunit.Abstractions.ITestOutputHelper output) : ModelSuite(output), IDisposable
{
    private readonly MariaDbDatabases _databases = new();

    protected override Task<CatalogDatabase> OpenDatabaseAsync(TimeProvider time) => _databases.OpenAsync(time);

    public void Dispose() => _databases.Dispose();
}
