using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Inner = MySql.Data.MySqlClient;

namespace MySqlConnector;

public sealed class MySqlConnectorFactory : DbProviderFactory {
    public static readonly MySqlConnectorFactory Instance = new();
    private MySqlConnectorFactory() { }
    public override DbCommand CreateCommand() => new MySqlCommand();
    public override DbConnection CreateConnection() => new MySqlConnection();
    public override DbConnectionStringBuilder CreateConnectionStringBuilder() => new MySqlConnectionStringBuilder();
    public override DbParameter CreateParameter() => new MySqlParameter();
}

public enum MySqlSslMode { None = 0, Preferred = 1, Required = 2, VerifyCA = 3, VerifyFull = 4 }

/// <summary>Options by the package's names; every other name that it accepts for one is taken too.</summary>
public sealed class MySqlConnectionStringBuilder : DbConnectionStringBuilder {
    public MySqlConnectionStringBuilder() { }

    public MySqlConnectionStringBuilder(string connectionString) {
        var given = new DbConnectionStringBuilder { ConnectionString = connectionString };
        foreach (string name in given.Keys)
            this[Canonical(name)] = given[name];
    }

    [AllowNull] public string Server { get => Text("Server", ""); set => this["Server"] = value; }
    public uint Port { get => Number("Port", 3306); set => this["Port"] = value; }
    [AllowNull] public string UserID { get => Text("User ID", ""); set => this["User ID"] = value; }
    [AllowNull] public string Password { get => Text("Password", ""); set => this["Password"] = value; }
    [AllowNull] public string Database { get => Text("Database", ""); set => this["Database"] = value; }
    public MySqlSslMode SslMode { get => Enum.Parse<MySqlSslMode>(Text("SSL Mode", "Preferred"), ignoreCase: true); set => this["SSL Mode"] = value.ToString(); }
    public bool Pooling { get => bool.Parse(Text("Pooling", "true")); set => this["Pooling"] = value; }
    public uint MaximumPoolSize { get => Number("Maximum Pool Size", 100); set => this["Maximum Pool Size"] = value; }
    public uint ConnectionTimeout { get => Number("Connection Timeout", 15); set => this["Connection Timeout"] = value; }
    public uint DefaultCommandTimeout { get => Number("Default Command Timeout", 30); set => this["Default Command Timeout"] = value; }
    public uint Keepalive { get => Number("Keep Alive", 0); set => this["Keep Alive"] = value; }
    public bool UseAffectedRows { get => bool.Parse(Text("Use Affected Rows", "false")); set => this["Use Affected Rows"] = value; }
    [AllowNull] public string CharacterSet { get => Text("Character Set", ""); set => this["Character Set"] = value; }

    /// <summary>The same for MySql.Data.</summary>
    internal string ForInner() {
        var inner = new Inner.MySqlConnectionStringBuilder { CharacterSet = "utf8mb4", IgnorePrepare = false, SslMode = Inner.MySqlSslMode.Preferred, AllowPublicKeyRetrieval = true };
        if (Server.StartsWith('/'))
            inner["Protocol"] = "Unix"; // A path is a socket's.
        foreach (string name in Keys)
            inner[name switch { "SSL Mode" => "SslMode", "Character Set" => "CharacterSet", "Keep Alive" => "Keepalive", "Use Affected Rows" => "UseAffectedRows", _ => name }] =
                name == "SSL Mode" && SslMode == MySqlSslMode.None ? "None" : this[name];
        return inner.ConnectionString;
    }

    private static string Canonical(string name) => name.Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant() switch {
        "SERVER" or "HOST" or "DATASOURCE" or "ADDRESS" or "ADDR" or "NETWORKADDRESS" => "Server",
        "PORT" => "Port",
        "USERID" or "USERNAME" or "UID" or "USER" => "User ID",
        "PASSWORD" or "PWD" => "Password",
        "DATABASE" or "INITIALCATALOG" => "Database",
        "SSLMODE" => "SSL Mode",
        "MAXIMUMPOOLSIZE" or "MAXPOOLSIZE" => "Maximum Pool Size",
        "CONNECTIONTIMEOUT" or "CONNECTTIMEOUT" => "Connection Timeout",
        "DEFAULTCOMMANDTIMEOUT" or "COMMANDTIMEOUT" => "Default Command Timeout",
        "KEEPALIVE" => "Keep Alive",
        "USEAFFECTEDROWS" => "Use Affected Rows",
        "CHARACTERSET" or "CHARSET" => "Character Set",
        _ => name,
    };

    private string Text(string name, string fallback) => TryGetValue(name, out var value) ? value.ToString() ?? fallback : fallback;

    private uint Number(string name, uint fallback) => TryGetValue(name, out var value) ? Convert.ToUInt32(value, null) : fallback;
}

public sealed class MySqlConnection(string? connectionString) : DbConnection {
    private readonly Inner.MySqlConnection _inner = new();
    private string _connectionString = connectionString ?? "";

    public MySqlConnection() : this(null) { }

    [AllowNull] public override string ConnectionString { get => _connectionString; set => _connectionString = value ?? ""; }
    public override string Database => _inner.Database;
    public override string DataSource => _inner.DataSource;
    public override string ServerVersion => _inner.ServerVersion;
    public override ConnectionState State => _inner.State;
    public override int ConnectionTimeout => _inner.ConnectionTimeout;
    public int ServerThread => _inner.ServerThread;
    internal MySql.Data.MySqlClient.MySqlConnection Wrapped => _inner;

    public override void Open() => MySqlException.Guard(() => {
        _inner.ConnectionString = new MySqlConnectionStringBuilder(_connectionString).ForInner();
        _inner.Open();
        // It asks for every result in its column's own character set, and does not know all of MariaDB's.
        using var names = new global::MySql.Data.MySqlClient.MySqlCommand("SET NAMES utf8mb4", _inner);
        names.ExecuteNonQuery();
        return true;
    });

    public override void Close() => MySqlException.Guard(() => {
        _inner.Close();
        return true;
    });

    public override void ChangeDatabase(string databaseName) => MySqlException.Guard(() => {
        _inner.ChangeDatabase(databaseName);
        return true;
    });

    public new MySqlCommand CreateCommand() => new() { Connection = this };
    protected override DbCommand CreateDbCommand() => CreateCommand();
    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) => throw new NotSupportedException("Say BEGIN and COMMIT in statements.");

    protected override void Dispose(bool disposing) {
        if (disposing) {
            try {
                _inner.Dispose();
            } catch (Exception failure) when (failure is MySql.Data.MySqlClient.MySqlException or IOException or ObjectDisposedException or NullReferenceException) {
                // It was broken before.
            }
        }
        base.Dispose(disposing);
    }
}
