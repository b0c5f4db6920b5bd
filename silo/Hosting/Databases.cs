using Granary.Catalog;
using Granary.Catalog.Migrations;
using Granary.Silo.Configuration;
using Microsoft.Extensions.Logging;

namespace Granary.Silo.Hosting;

/// <summary>The two database files of the embedded default, brought up to date: the catalog's, and Orleans' own tables.</summary>
internal sealed class Databases : IAsyncDisposable
{
    private Databases(CatalogDatabase catalog) => Catalog = catalog;

    /// <summary>The catalog, open.</summary>
    public CatalogDatabase Catalog { get; }

    /// <summary>Migrates both and opens the catalog.</summary>
    public static async Task<Databases> OpenAsync(StorageOptions storage, TimeProvider time, ILoggerFactory logs, CancellationToken cancellationToken)
    {
        await CatalogMigrator.MigrateAsync(storage.OrleansFile, CatalogMigrator.OrleansSet, time, logs, cancellationToken);
        return new Databases(await CatalogDatabase.OpenAsync(new CatalogOptions { DataSource = storage.CatalogFile }, time, logs, cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Catalog.DisposeAsync();
}
