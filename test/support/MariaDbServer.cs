using System.Globalization;
using MySqlConnector;

namespace Granary.TestSupport;

/// <summary>
/// The real MariaDB server for tests: the one that GRANARY_TEST_MARIADB names by a connection string without a database, else
/// one that this process starts by test/servers/mariadb.sh where its programs are installed, and wipes when it ends. A test
/// that kills its server starts one of its own.
/// </summary>
public sealed class MariaDbServer : IDisposable
{
    /// <summary>The environment variable that names a server.</summary>
    public const string Variable = "GRANARY_TEST_MARIADB";

    private static readonly Lazy<MariaDbServer> s_current = new(FindOrStart);
    private static int s_databases;

    private readonly Dictionary<string, string> _environment = [];

    private MariaDbServer(string connectionString) => ConnectionString = connectionString;

    private MariaDbServer()
    {
        if (Missing is { } missing)
            throw new InvalidOperationException(missing);

        // A socket lies in the folder, and its path has room for 107 bytes.
        _environment["GRANARY_MARIADB_DIR"] = Path.Combine("/var/tmp", $"granary-mariadb-{Environment.ProcessId}-{Interlocked.Increment(ref s_databases)}");
        _environment["GRANARY_MARIADB_PORT"] = "0";
        _environment["GRANARY_MARIADB_PASSWORD"] = $"{Guid.NewGuid():n}";
        AfterExit.Wipe(ScriptFile, _environment["GRANARY_MARIADB_DIR"], _environment);
        ConnectionString = Script("start");
    }

    /// <summary>Why there is no server; null when there is one, or one can be started.</summary>
    public static string? Missing { get; } =
        !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable)) || MissingOwn is null
            ? null
            : $"no MariaDB server: set {Variable}, or install one with test/servers/mariadb.sh install";

    /// <summary>Why no server can be started here; null when one can.</summary>
    public static string? MissingOwn =>
        Repository.HasProgram("mariadbd") || File.Exists("/usr/sbin/mariadbd") ? null : "no MariaDB server: install one with test/servers/mariadb.sh install";

    /// <summary>The shared server; started at the first use.</summary>
    public static MariaDbServer Current => s_current.Value;

    /// <summary>Server, port, user and password.</summary>
    public string ConnectionString { get; }

    /// <summary>The TCP port.</summary>
    public int Port => (int)new MySqlConnectionStringBuilder(ConnectionString).Port;

    /// <summary>The server's process; only for one of the test's own.</summary>
    public int ProcessId => int.Parse(File.ReadAllText(Path.Combine(_environment["GRANARY_MARIADB_DIR"], "pid")).Trim(), CultureInfo.InvariantCulture);

    /// <summary>Starts a server that belongs to the caller.</summary>
    public static MariaDbServer StartOwn() => new();

    /// <summary>Makes an empty database with a name of its own.</summary>
    /// <returns>A connection string for it.</returns>
    public string CreateDatabase()
    {
        var name = $"granary_{Environment.ProcessId}_{Interlocked.Increment(ref s_databases)}";
        Execute($"CREATE DATABASE {name}");
        return With(name);
    }

    /// <summary>Removes a database again, so that a long run leaves little behind.</summary>
    public void DropDatabase(string connectionString) =>
        Execute($"DROP DATABASE IF EXISTS {new MySqlConnectionStringBuilder(connectionString).Database}");

    /// <summary>Runs a statement as the server's administrator.</summary>
    public void Execute(string statement)
    {
        using var connection = new MySqlConnection(ConnectionString + ";Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The test's own.
        command.CommandText = statement;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    /// <summary>Ends it with SIGKILL.</summary>
    public void Kill() => Script("kill");

    /// <summary>Ends it in order.</summary>
    public void Stop() => Script("stop");

    /// <summary>Starts it again on the same port, with the same data.</summary>
    public void Restart() => Script("start");

    /// <inheritdoc/>
    public void Dispose() => Script("wipe");

    private string With(string database) => $"{ConnectionString};Database={database}";

    private static string ScriptFile => Path.Combine(Repository.Root, "test/servers/mariadb.sh");

    private static MariaDbServer FindOrStart() =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given ? new(given) : new();

    private string Script(string action)
    {
        var (code, output) = Repository.Run("bash", [ScriptFile, action], _environment);
        return code == 0
            ? output.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault("").Trim()
            : throw new InvalidOperationException($"The MariaDB server did not {action}: {output}");
    }
}
