using System.Globalization;
using System.Text;
using Granary.Catalog.Migrations;
using Microsoft.Extensions.Logging;

namespace Granary.Catalog.MariaDb;

/// <summary>
/// Migrations of a MariaDB database. MariaDB ends a transaction at each change of the schema, so a migration can be cut off
/// in the middle: its statements are written so that they can be run again, and it is recorded when all of them were.
/// </summary>
public static partial class MariaDbMigrator
{
    /// <summary>The metadata database's own migrations, twins of SQLite's.</summary>
    public const string CatalogSet = "mariadb";

    /// <summary>Orleans' tables and queries (grain storage, reminders), in the same database.</summary>
    public const string OrleansSet = "orleans-mariadb";

    /// <summary>How long one process waits for another's migration.</summary>
    private const int LockSeconds = 600;

    /// <summary>Brings a set of tables up to date under a lock of the server. Several processes may try at once: one works, the others wait.</summary>
    /// <param name="connectionString">Server, user and database; the database must exist.</param>
    /// <param name="set"><see cref="CatalogSet"/> or <see cref="OrleansSet"/>.</param>
    /// <param name="time">Clock for the record.</param>
    /// <param name="logs">Where it is said what was applied.</param>
    /// <param name="cancellationToken">Stops before the work begins.</param>
    /// <returns>How many migrations were applied.</returns>
    /// <exception cref="CatalogMigrationException">The database is newer than this program, or its history differs.</exception>
    /// <exception cref="CatalogUnavailableException">The server is not reached, or refuses.</exception>
    public static Task<int> MigrateAsync(string connectionString, string set, TimeProvider time, ILoggerFactory logs, CancellationToken cancellationToken) =>
        Task.Run(() => Guard(() => Migrate(connectionString, set, CatalogMigrator.ReadScripts(set), time, logs.CreateLogger("Granary.Catalog.Migrations"))), cancellationToken);

    /// <summary>Makes sure that a set of tables is what this program works with; changes nothing.</summary>
    /// <exception cref="CatalogMigrationException">A migration is missing, or the database is newer; the message says what to do.</exception>
    /// <exception cref="CatalogUnavailableException">The server is not reached, or refuses.</exception>
    public static Task CheckAsync(string connectionString, string set, TimeProvider time, CancellationToken cancellationToken) =>
        Task.Run(() => Guard(() => Check(connectionString, set, CatalogMigrator.ReadScripts(set), time)), cancellationToken);

    /// <summary>Applies what is missing of the given scripts.</summary>
    internal static int Migrate(string connectionString, string set, IReadOnlyList<MigrationScript> scripts, TimeProvider time, ILogger logger)
    {
        using var connection = MariaDbConnection.Open(connectionString, time, MariaDbRole.Migrator);
        TakeLock(connection, connectionString);
        connection.Run(
            $"CREATE TABLE IF NOT EXISTS {History(set)} (number BIGINT NOT NULL PRIMARY KEY, name VARCHAR(255) NOT NULL, checksum CHAR(64) NOT NULL, applied BIGINT NOT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin");
        var applied = Applied(connection, connectionString, set, scripts);
        var missing = scripts.Where(script => !applied.Contains(script.Number)).ToList();
        foreach (var script in missing)
        {
            foreach (var statement in Split(script.Text))
            {
                connection.Run(statement);
            }

            connection.Execute(Insert(set), script.Number, script.Name, script.Checksum, connection.Now);
            LogApplied(logger, script.Number, script.Name, MariaDbConnection.DatabaseOf(connectionString));
        }

        return missing.Count;
    }

    /// <summary>A script's statements: what stands between semicolons that are neither in quotes nor in comments.</summary>
    internal static IEnumerable<string> Split(string script)
    {
        var statement = new StringBuilder();
        var quote = '\0';
        for (var i = 0; i < script.Length; i++)
        {
            var letter = script[i];
            if (quote == '\0' && letter == '-' && script.AsSpan(i).StartsWith("--"))
            {
                i = script.IndexOf('\n', i) is var end and >= 0 ? end : script.Length;
                continue;
            }

            if (quote == '\0' && letter == ';')
            {
                yield return statement.ToString().Trim();
                statement.Clear();
                continue;
            }

            if (letter == quote)
            {
                quote = '\0';
            }
            else if (quote == '\0' && letter is '\'' or '`')
            {
                quote = letter;
            }

            statement.Append(letter);
        }

        if (statement.ToString().Trim() is { Length: > 0 } last)
        {
            yield return last;
        }
    }

    private static int Check(string connectionString, string set, IReadOnlyList<MigrationScript> scripts, TimeProvider time)
    {
        using var connection = MariaDbConnection.Open(connectionString, time, MariaDbRole.Migrator);
        var exists = connection.Exists(new Sql("SELECT 1 FROM information_schema.tables WHERE table_schema = ?1 AND table_name = ?2"), MariaDbConnection.DatabaseOf(connectionString), History(set));
        var applied = exists ? Applied(connection, connectionString, set, scripts) : [];
        var missing = scripts.FirstOrDefault(script => !applied.Contains(script.Number));
        return missing is null
            ? applied.Count
            : throw new CatalogMigrationException(
                $"The {MariaDbConnection.NameOf(connectionString)} lacks migration {missing.Number} ({missing.Name}): run `granary migrate` with the same settings first.");
    }

    private static void TakeLock(MariaDbConnection connection, string connectionString)
    {
        // The lock is the server's, not the database's, and ends with the connection. Names have 64 characters.
        var name = $"granary.migrate.{MariaDbConnection.DatabaseOf(connectionString)}";
        if (connection.Scalar(new Sql("SELECT GET_LOCK(?1, ?2)"), name[..Math.Min(name.Length, 64)], LockSeconds) != 1)
        {
            throw new CatalogMigrationException($"Another process has been migrating the {MariaDbConnection.NameOf(connectionString)} for {LockSeconds / 60} minutes.");
        }
    }

    private static HashSet<int> Applied(MariaDbConnection connection, string connectionString, string set, IReadOnlyList<MigrationScript> scripts)
    {
        var applied = new HashSet<int>();
        using var rows = connection.Query(new Sql($"SELECT number, name, checksum FROM {History(set)} ORDER BY number"));
        while (rows.Read())
        {
            CatalogMigrator.Compare($"The {MariaDbConnection.NameOf(connectionString)}", scripts, rows.Int(0), rows.Text(1), rows.Text(2));
            applied.Add(rows.Int(0));
        }

        return applied;
    }

    private static Sql Insert(string set) => new($"INSERT INTO {History(set)} (number, name, checksum, applied) VALUES (?1, ?2, ?3, ?4)");

    // Two sets in one database, each with a history of its own.
    private static string History(string set) => set == OrleansSet ? "orleans_migration" : "schema_migration";

    private static int Guard(Func<int> work)
    {
        try
        {
            return work();
        }
        catch (MariaDbException failure)
        {
            throw failure.ToPublic();
        }
    }

    [LoggerMessage(3021, LogLevel.Information, "Applied migration {Number} {Name} to the database {Database}")]
    private static partial void LogApplied(ILogger logger, int number, string name, string database);
}
