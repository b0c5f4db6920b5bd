using Granary.Catalog;
using Granary.Catalog.MariaDb;
using Granary.Catalog.Migrations;
using Granary.Silo.Configuration;
using Microsoft.Extensions.Logging;

namespace Granary.Silo.Hosting;

/// <summary>
/// The catalog and Orleans' own tables: two files of the embedded default, which are brought up to date when they are opened,
/// or one MariaDB database, which <c>granary migrate</c> brings up to date.
/// </summary>
internal sealed class Databases : IAsyncDisposable
{
    private Databases(CatalogDatabase catalog) => Catalog = catalog;

    /// <summary>The catalog, open.</summary>
    public CatalogDatabase Catalog { get; }

    /// <summary>Opens them.</summary>
    /// <exception cref="CatalogMigrationException">The MariaDB database is older or newer than this program.</exception>
    public static async Task<Databases> OpenAsync(StorageOptions storage, TimeProvider time, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        if (storage.Database is { } database)
        {
            await MariaDbMigrator.CheckAsync(database, MariaDbMigrator.OrleansSet, time, cancellationToken);
        }
        else
        {
            await CatalogMigrator.MigrateAsync(storage.OrleansFile, CatalogMigrator.OrleansSet, time, logs, cancellationToken);
        }

        var options = new CatalogOptions { DataSource = storage.CatalogFile, MariaDb = storage.Database };
        return new Databases(await CatalogDatabase.OpenAsync(options, time, logs, cancellationToken));
    }

    /// <summary>Brings them up to date; of several that try at once one works and the others wait.</summary>
    public static async Task MigrateAsync(StorageOptions storage, TimeProvider time, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        if (storage.Database is { } database)
        {
            await MariaDbMigrator.MigrateAsync(database, MariaDbMigrator.OrleansSet, time, logs, cancellationToken);
            await MariaDbMigrator.MigrateAsync(database, MariaDbMigrator.CatalogSet, time, logs, cancellationToken);
            return;
        }

        await CatalogMigrator.MigrateAsync(storage.OrleansFile, CatalogMigrator.OrleansSet, time, logs, cancellationToken);
        await CatalogMigrator.MigrateAsync(storage.CatalogFile, CatalogMigrator.CatalogSet, time, logs, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Catalog.DisposeAsync();
}
