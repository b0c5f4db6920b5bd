using System.Diagnostics;
using Granary.Catalog.Migrations;
using Granary.Catalog.Sqlite;
using Granary.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Granary.Catalog.Tests;

public sealed class MigrationTests : IDisposable
{
    private static readonly Sql SelectNumbers = new("SELECT number FROM schema_migration ORDER BY number");

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_empty_file_gets_every_migration_and_a_second_run_changes_nothing()
    {
        var path = _folder["catalog.db"];
        await MigrateAsync(path);
        var once = Numbers(path);
        Assert.Equal(CatalogMigrator.ReadScripts(CatalogMigrator.CatalogSet).Select(static script => script.Number), once);
        Assert.Equal(Enumerable.Range(1, once.Length), once);
        await MigrateAsync(path);
        Assert.Equal(once, Numbers(path));
    }

    [Fact]
    public void Orleans_tables_are_a_file_of_their_own()
    {
        var scripts = CatalogMigrator.ReadScripts(CatalogMigrator.OrleansSet);
        Assert.NotEmpty(scripts);
        CatalogMigrator.Migrate(_folder["orleans.db"], scripts, TimeProvider.System, NullLogger.Instance);
        using var connection = SqliteConnection.Open(_folder["orleans.db"], TimeProvider.System, "");
        Assert.True(connection.Scalar(new Sql("SELECT COUNT(*) FROM OrleansQuery")) > 0);
    }

    [Fact]
    public void A_file_that_a_newer_program_migrated_is_refused_with_a_way_out()
    {
        var newer = new[] { Script(1, "CREATE TABLE a (x)"), Script(2, "CREATE TABLE b (x)") };
        CatalogMigrator.Migrate(_folder["a.db"], newer, TimeProvider.System, NullLogger.Instance);
        var refused = Assert.Throws<CatalogMigrationException>(() => CatalogMigrator.Migrate(_folder["a.db"], newer[..1], TimeProvider.System, NullLogger.Instance));
        Assert.Contains("migration 2 (0002_test)", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Run the newer program", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_migration_that_changed_after_it_was_applied_is_refused()
    {
        CatalogMigrator.Migrate(_folder["a.db"], [Script(1, "CREATE TABLE a (x)")], TimeProvider.System, NullLogger.Instance);
        var refused = Assert.Throws<CatalogMigrationException>(
            () => CatalogMigrator.Migrate(_folder["a.db"], [Script(1, "CREATE TABLE a (y)")], TimeProvider.System, NullLogger.Instance));
        Assert.Contains("must never change", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_migration_that_fails_leaves_nothing_and_can_be_tried_again()
    {
        var broken = new[] { Script(1, "CREATE TABLE a (x)"), Script(2, "CREATE TABLE b (x); INSERT INTO nowhere VALUES (1)") };
        Assert.ThrowsAny<CatalogException>(() => CatalogMigrator.Migrate(_folder["a.db"], broken, TimeProvider.System, NullLogger.Instance));
        Assert.Equal([1], Numbers(_folder["a.db"]));
        CatalogMigrator.Migrate(_folder["a.db"], [broken[0], Script(2, "CREATE TABLE b (x)")], TimeProvider.System, NullLogger.Instance);
        Assert.Equal([1, 2], Numbers(_folder["a.db"]));
    }

    [Fact]
    public async Task Two_processes_at_once_apply_each_migration_once()
    {
        var path = _folder["shared.db"];
        var processes = Enumerable.Range(0, 2).Select(_ => TestProgram.Start("migrate", path)).ToArray();
        await MigrateAsync(path);
        foreach (var process in processes)
        {
            await process.WaitForExitAsync();
            Assert.True(process.ExitCode == 0, await process.StandardError.ReadToEndAsync());
            process.Dispose();
        }

        Assert.Equal(Enumerable.Range(1, CatalogMigrator.ReadScripts(CatalogMigrator.CatalogSet).Count), Numbers(path));
    }

    private static MigrationScript Script(int number, string text) => new(number, $"{number:0000}_test", text);

    private static Task MigrateAsync(string path) =>
        CatalogMigrator.MigrateAsync(path, CatalogMigrator.CatalogSet, TimeProvider.System, NullLoggerFactory.Instance, default);

    private static int[] Numbers(string path)
    {
        using var connection = SqliteConnection.Open(path, TimeProvider.System, "");
        var numbers = new List<int>();
        using var rows = connection.Query(SelectNumbers);
        while (rows.Read())
        {
            numbers.Add(rows.Int(0));
        }

        return [.. numbers];
    }
}

/// <summary>Starts this assembly as a program.</summary>
internal static class TestProgram
{
    public static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(TestProgram).Assembly.Location, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        return Process.Start(start)!;
    }
}
