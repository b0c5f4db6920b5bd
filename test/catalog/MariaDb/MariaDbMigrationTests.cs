using Granary.Catalog.MariaDb;
using Granary.Catalog.Migrations;
using Granary.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;
using MySqlConnector;

namespace Granary.Catalog.Tests.MariaDb;

public sealed class MariaDbMigrationTests : IDisposable
{
    private readonly List<string> _made = [];

    public void Dispose() => _made.ForEach(MariaDbServer.Current.DropDatabase);

    [MariaDbFact]
    public async Task A_second_run_changes_nothing()
    {
        var connection = Create();
        Assert.Equal(CatalogMigrator.ReadScripts(MariaDbMigrator.CatalogSet).Count, await MigrateAsync(connection, MariaDbMigrator.CatalogSet));
        Assert.Equal(0, await MigrateAsync(connection, MariaDbMigrator.CatalogSet));
        await MariaDbMigrator.CheckAsync(connection, MariaDbMigrator.CatalogSet, TimeProvider.System, default);
    }

    [MariaDbFact]
    public async Task Runs_from_several_places_at_once_apply_each_migration_once()
    {
        var connection = Create();
        var applied = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => MigrateAsync(connection, MariaDbMigrator.CatalogSet)));
        Assert.Equal(CatalogMigrator.ReadScripts(MariaDbMigrator.CatalogSet).Count, applied.Sum());
    }

    [MariaDbTheory]
    [InlineData(MariaDbMigrator.CatalogSet)]
    [InlineData(MariaDbMigrator.OrleansSet)]
    public async Task A_migration_that_was_cut_off_after_any_statement_is_completed_by_the_next_run(string set)
    {
        var connection = Create();
        foreach (var script in CatalogMigrator.ReadScripts(set))
        {
            using (var session = MariaDbConnection.Open(connection, TimeProvider.System, MariaDbRole.Migrator))
            {
                // Whatever a cut leaves is a beginning of the script: with all beginnings run over each other, each statement is repeated.
                var statements = MariaDbMigrator.Split(script.Text).ToList();
                for (var cut = 1; cut <= statements.Count; cut++)
                {
                    statements.Take(cut).ToList().ForEach(statement => session.Run(statement));
                }
            }

            MariaDbMigrator.Migrate(connection, set, [.. CatalogMigrator.ReadScripts(set).Where(other => other.Number <= script.Number)], TimeProvider.System, NullLogger.Instance);
        }

        await MariaDbMigrator.CheckAsync(connection, set, TimeProvider.System, default);
    }

    [MariaDbFact]
    public async Task A_database_that_is_not_migrated_is_refused_with_the_command_that_does_it()
    {
        var connection = Create();
        var refused = await Assert.ThrowsAsync<CatalogMigrationException>(() => MariaDbDatabases.OpenAsync(connection));
        Assert.Contains("run `granary migrate`", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(new MySqlConnectionStringBuilder(connection).Password, refused.Message, StringComparison.Ordinal);
    }

    [MariaDbFact]
    public async Task A_database_that_a_newer_program_migrated_is_refused()
    {
        var connection = Create();
        await MigrateAsync(connection, MariaDbMigrator.CatalogSet);
        using (var session = MariaDbConnection.Open(connection, TimeProvider.System, MariaDbRole.Migrator))
        {
            session.Run("INSERT INTO schema_migration (number, name, checksum, applied) VALUES (9999, '9999_future', '', 0)");
        }

        var refused = await Assert.ThrowsAsync<CatalogMigrationException>(() => MariaDbDatabases.OpenAsync(connection));
        Assert.Contains("migration 9999 (9999_future)", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<CatalogMigrationException>(() => MigrateAsync(connection, MariaDbMigrator.CatalogSet));
    }

    [MariaDbFact]
    public async Task A_wrong_password_is_told_without_it()
    {
        var builder = new MySqlConnectionStringBuilder(Create()) { Password = "wrong-and-secret" };
        var refused = await Assert.ThrowsAsync<CatalogUnavailableException>(() => MariaDbDatabases.OpenAsync(builder.ConnectionString));
        Assert.DoesNotContain("wrong-and-secret", refused.ToString(), StringComparison.Ordinal);
    }

    private string Create()
    {
        var connection = MariaDbServer.Current.CreateDatabase();
        _made.Add(connection);
        return connection;
    }

    private static Task<int> MigrateAsync(string connection, string set) =>
        MariaDbMigrator.MigrateAsync(connection, set, TimeProvider.System, NullLoggerFactory.Instance, default);
}
