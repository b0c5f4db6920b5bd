using System.Reflection;
using Granary.Catalog.MariaDb;
using Granary.Catalog.Migrations;
using Granary.Catalog.Sqlite;
using Granary.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Granary.Catalog.Tests.MariaDb;

public sealed class MariaDbSchemaTests : IDisposable
{
    private readonly MariaDbDatabases _databases = new();
    private readonly TempFolder _folder = new();

    public void Dispose()
    {
        _databases.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Both_engines_have_the_same_migrations() => Assert.Equal(
        CatalogMigrator.ReadScripts(CatalogMigrator.CatalogSet).Select(static script => script.Name),
        CatalogMigrator.ReadScripts(MariaDbMigrator.CatalogSet).Select(static script => script.Name));

    [MariaDbFact]
    public async Task Both_engines_have_the_same_tables_and_columns()
    {
        await CatalogMigrator.MigrateAsync(_folder["a.db"], CatalogMigrator.CatalogSet, TimeProvider.System, NullLoggerFactory.Instance, default);
        using var sqlite = SqliteConnection.Open(_folder["a.db"], TimeProvider.System, "");
        using var mariaDb = await OpenAsync();
        Assert.Equal(
            Columns(sqlite, "SELECT m.name || '.' || c.name || CASE WHEN c.\"notnull\" OR c.pk > 0 THEN '' ELSE '?' END FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"),
            Columns(mariaDb, """
                SELECT table_name || '.' || column_name || CASE WHEN is_nullable = 'YES' THEN '?' ELSE '' END FROM information_schema.columns
                WHERE table_schema = DATABASE() AND table_name <> 'commit_marker'
                """));
    }

    [MariaDbFact]
    public async Task Every_table_compares_bytes_and_counts_by_rows()
    {
        using var connection = await OpenAsync();
        Assert.Empty(Columns(connection, """
            SELECT table_name FROM information_schema.tables
            WHERE table_schema = DATABASE() AND (engine <> 'InnoDB' OR table_collation <> 'utf8mb4_nopad_bin')
            """));
        Assert.Empty(Columns(connection, """
            SELECT table_name || '.' || column_name FROM information_schema.columns
            WHERE table_schema = DATABASE() AND (extra LIKE '%auto_increment%' OR (collation_name IS NOT NULL AND collation_name <> 'utf8mb4_nopad_bin'))
            """));
    }

    [MariaDbFact]
    public async Task Every_statement_of_the_catalog_is_one_on_both_engines()
    {
        await CatalogMigrator.MigrateAsync(_folder["a.db"], CatalogMigrator.CatalogSet, TimeProvider.System, NullLoggerFactory.Instance, default);
        using var sqlite = SqliteConnection.Open(_folder["a.db"], TimeProvider.System, "");
        using var mariaDb = await OpenAsync();
        var wrong = new List<string>();
        var seen = 0;
        foreach (var (sql, where) in Statements())
        {
            seen++;
            if (!where.Contains(".MariaDb.", StringComparison.Ordinal) && Fault(() => sqlite.Query(new Sql("EXPLAIN " + sql.Text)).Dispose()) is { } onSqlite)
            {
                wrong.Add($"SQLite, {where}: {onSqlite}");
            }

            foreach (var locks in new[] { true, false })
            {
                var text = MariaDbText.Translate(sql.Text, locks).Prepared.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal);
                if (Fault(() => mariaDb.Run($"PREPARE one FROM '{text}'")) is { } onMariaDb)
                {
                    wrong.Add($"MariaDB, {where}: {onMariaDb}");
                }
            }
        }

        Assert.Equal([], wrong);
        Assert.True(seen > 150, $"Only {seen} statements were found.");
    }

    internal static IEnumerable<(Sql Sql, string Where)> Statements() =>
        from type in typeof(CatalogDatabase).Assembly.GetTypes()
        where !type.ContainsGenericParameters
        from field in type.GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly)
        where !field.IsLiteral
        from sql in Of(field.GetValue(null))
        where !sql.Text.StartsWith("SHOW", StringComparison.Ordinal)
        select (sql, $"{type.FullName}.{field.Name}");

    // A statement, a list of them, or a list of what holds one.
    private static IEnumerable<Sql> Of(object? value) => value switch
    {
        Sql sql => [sql],
        string => [],
        System.Collections.IEnumerable many => many.Cast<object?>().SelectMany(static item => item is Sql sql
            ? [sql]
            : item?.GetType().GetProperties().Where(static property => property.PropertyType == typeof(Sql)).Select(property => (Sql)property.GetValue(item)!) ?? []),
        _ => [],
    };

    private static string? Fault(Action run)
    {
        try
        {
            run();
            return null;
        }
        catch (CatalogException failure)
        {
            return failure.Message;
        }
    }

    private static SortedSet<string> Columns(CatalogSession session, string query)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        using var rows = session is MariaDbConnection mariaDb ? mariaDb.Query(new Sql(query.Replace("?'", "\u0001'", StringComparison.Ordinal))) : session.Query(new Sql(query));
        while (rows.Read())
        {
            var name = rows.Text(0).Replace('\u0001', '?');
            if (!name.StartsWith("schema_migration.", StringComparison.Ordinal) && !name.StartsWith("sqlite_", StringComparison.Ordinal))
            {
                found.Add(name);
            }
        }

        return found;
    }

    private async Task<MariaDbConnection> OpenAsync() =>
        MariaDbConnection.Open(await _databases.CreateAsync(), TimeProvider.System, MariaDbRole.Migrator);
}
