using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Granary.Catalog.Sqlite;
using Microsoft.Extensions.Logging;

namespace Granary.Catalog.Migrations;

/// <summary>
/// Applies numbered migrations, forward only, under the database's write lock, each in a transaction of its own, and
/// records number, name, checksum and time. A file that a newer program has migrated is refused.
/// </summary>
public static partial class CatalogMigrator
{
    /// <summary>The metadata database's own migrations.</summary>
    public const string CatalogSet = "sqlite";

    /// <summary>Orleans' tables and queries (grain storage, reminders), a file of their own.</summary>
    public const string OrleansSet = "orleans-sqlite";

    private const string Setup = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=30000;";

    private const string CreateHistory =
        "CREATE TABLE IF NOT EXISTS schema_migration (number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied INTEGER NOT NULL)";

    private static readonly Sql SelectHistory = new("SELECT number, name, checksum FROM schema_migration ORDER BY number");

    private static readonly Sql InsertHistory = new("INSERT INTO schema_migration (number, name, checksum, applied) VALUES (?1, ?2, ?3, ?4)");

    /// <summary>Brings one file up to date; makes it when it is missing. Several processes may try at once: one works, the others wait.</summary>
    /// <param name="path">The database file; its folder must exist.</param>
    /// <param name="set"><see cref="CatalogSet"/> or <see cref="OrleansSet"/>.</param>
    /// <param name="time">Clock for the record.</param>
    /// <param name="logs">Where it is said what was applied.</param>
    /// <param name="cancellationToken">Stops before the work begins.</param>
    /// <exception cref="CatalogMigrationException">The file is newer than this program, or its history differs.</exception>
    public static Task MigrateAsync(string path, string set, TimeProvider time, ILoggerFactory logs, CancellationToken cancellationToken) =>
        Task.Run(() => Migrate(path, ReadScripts(set), time, logs.CreateLogger("Granary.Catalog.Migrations")), cancellationToken);

    /// <summary>The migrations of a set that this program carries, in order.</summary>
    internal static IReadOnlyList<MigrationScript> ReadScripts(string set)
    {
        var assembly = typeof(CatalogMigrator).Assembly;
        return [.. assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(set + "/", StringComparison.Ordinal))
            .Select(name => ReadScript(assembly, name, name[(set.Length + 1)..]))
            .OrderBy(script => script.Number)];
    }

    /// <summary>Applies what is missing of the given scripts.</summary>
    internal static void Migrate(string path, IReadOnlyList<MigrationScript> scripts, TimeProvider time, ILogger logger)
    {
        using var connection = SqliteConnection.Open(path, time, Setup);
        connection.Run("BEGIN IMMEDIATE");
        connection.Run(CreateHistory);
        connection.Run("COMMIT");
        foreach (var script in scripts)
        {
            // The history is read again under the lock for each script: another process may be at the same work.
            connection.Run("BEGIN IMMEDIATE");
            try
            {
                if (!IsApplied(connection, path, scripts, script))
                {
                    connection.Run(script.Text);
                    connection.Execute(InsertHistory, script.Number, script.Name, script.Checksum, connection.Now);
                    LogApplied(logger, script.Number, script.Name);
                }

                connection.Run("COMMIT");
            }
            catch
            {
                connection.RollBack();
                throw;
            }
        }
    }

    /// <summary>Refuses an applied migration that this program does not know, or knows otherwise.</summary>
    internal static void Compare(string database, IReadOnlyList<MigrationScript> scripts, int number, string name, string checksum)
    {
        var known = scripts.FirstOrDefault(candidate => candidate.Number == number)
            ?? throw new CatalogMigrationException(
                $"{database} was migrated by a newer program: it has migration {number} ({name}), and this program knows {scripts[^1].Number} at most. Run the newer program, or restore a backup that was made before its first start.");
        if (known.Checksum != checksum)
        {
            throw new CatalogMigrationException(
                $"Migration {number} ({name}) of {char.ToLowerInvariant(database[0])}{database[1..]} is not the one this program carries: an applied migration must never change.");
        }
    }

    private static bool IsApplied(SqliteConnection connection, string path, IReadOnlyList<MigrationScript> scripts, MigrationScript script)
    {
        var applied = false;
        using var rows = connection.Query(SelectHistory);
        while (rows.Read())
        {
            Compare($"The database '{path}'", scripts, rows.Int(0), rows.Text(1), rows.Text(2));
            applied |= rows.Int(0) == script.Number;
        }

        return applied;
    }

    private static MigrationScript ReadScript(Assembly assembly, string resource, string file)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
        var text = reader.ReadToEnd().ReplaceLineEndings("\n");
        var number = int.Parse(file.AsSpan(0, file.IndexOf('_', StringComparison.Ordinal)), NumberStyles.None, CultureInfo.InvariantCulture);
        return new MigrationScript(number, Path.GetFileNameWithoutExtension(file), text);
    }

    [LoggerMessage(3020, LogLevel.Information, "Applied catalog migration {Number} {Name}")]
    private static partial void LogApplied(ILogger logger, int number, string name);
}

/// <summary>One migration.</summary>
/// <param name="Number">Its place in the order, from 1.</param>
/// <param name="Name">File name without extension.</param>
/// <param name="Text">The script.</param>
internal sealed record MigrationScript(int Number, string Name, string Text)
{
    /// <summary>SHA-256 of the text, in hex.</summary>
    public string Checksum { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text)));
}
