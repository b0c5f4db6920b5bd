using SQLitePCL;

namespace Granary.Catalog.Sqlite;

/// <summary>
/// One connection, used by one thread at a time. It talks to the SQLite library that Microsoft.Data.Sqlite brings, beneath
/// its ADO.NET layer: that layer sleeps 150 ms when the file is busy, and its parameters cost more than the statements do.
/// </summary>
internal sealed class SqliteConnection : CatalogSession, IDisposable
{
    private static readonly Lock s_initialising = new();
    private static bool s_initialised;

    private readonly sqlite3 _db;
    private SqliteStatement?[] _statements = new SqliteStatement?[128];

    private SqliteConnection(sqlite3 db, TimeProvider time)
        : base(time) => _db = db;

    /// <summary>Opens or makes the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="time">The clock of sessions.</param>
    /// <param name="setup">Pragmas to run first.</param>
    public static SqliteConnection Open(string path, TimeProvider time, string setup)
    {
        Initialise();
        var code = raw.sqlite3_open_v2(path, out var db, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE | raw.SQLITE_OPEN_NOMUTEX, null);
        if (code != raw.SQLITE_OK)
        {
            using (db)
            {
                throw SqliteFault.From(db, code, $"opening '{path}'");
            }
        }

        var connection = new SqliteConnection(db, time);
        try
        {
            // Another process may hold the file (a migration, a backup): wait inside SQLite, bounded.
            raw.sqlite3_busy_timeout(db, 5_000);
            connection.Run(setup);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>True when no transaction is open; SQLite rolls back by itself on some errors.</summary>
    public bool IsAutoCommit => raw.sqlite3_get_autocommit(_db) != 0;

    /// <summary>Rows changed since the connection was opened.</summary>
    public long TotalChanges => raw.sqlite3_total_changes(_db);

    public override int Execute(Sql sql, params ReadOnlySpan<SqlValue> values) => Prepare(sql).Execute(values);

    public override SqlRows Query(Sql sql, params ReadOnlySpan<SqlValue> values) => Prepare(sql).Query(values);

    /// <summary>Runs a script of several statements.</summary>
    public void Run(string script)
    {
        var code = raw.sqlite3_exec(_db, script);
        if (code != raw.SQLITE_OK)
        {
            throw SqliteFault.From(_db, code, "running a script");
        }
    }

    /// <summary>Undoes the open transaction where SQLite has not done so already.</summary>
    public void RollBack()
    {
        if (!IsAutoCommit)
        {
            Run("ROLLBACK");
        }

        ForgetUncommittedIds();
    }

    /// <summary>Writes frames of the log back into the database.</summary>
    /// <param name="mode">One of SQLite's checkpoint modes.</param>
    /// <param name="busyTimeout">Milliseconds to wait for readers.</param>
    /// <returns>Frames in the log, and those of them that are in the database; -1 where it could not start.</returns>
    public (int Log, int Done) Checkpoint(int mode, int busyTimeout)
    {
        raw.sqlite3_busy_timeout(_db, busyTimeout);
        var code = raw.sqlite3_wal_checkpoint_v2(_db, "main", mode, out var log, out var done);
        raw.sqlite3_busy_timeout(_db, 5_000);
        return code is raw.SQLITE_OK or raw.SQLITE_BUSY or raw.SQLITE_LOCKED
            ? (log, done)
            : throw SqliteFault.From(_db, code, "writing back the log");
    }

    public void Dispose()
    {
        foreach (var statement in _statements)
        {
            statement?.Close();
        }

        _db.Dispose();
    }

    private SqliteStatement Prepare(Sql sql)
    {
        if (sql.Slot >= _statements.Length)
        {
            Array.Resize(ref _statements, Math.Max(_statements.Length * 2, sql.Slot + 1));
        }

        return _statements[sql.Slot] ??= Compile(sql);
    }

    private SqliteStatement Compile(Sql sql)
    {
        var code = raw.sqlite3_prepare_v2(_db, sql.Text, out var statement);
        return code == raw.SQLITE_OK
            ? new SqliteStatement(_db, statement, sql)
            : throw SqliteFault.From(_db, code, $"preparing '{sql}'");
    }

    private static void Initialise()
    {
        lock (s_initialising)
        {
            if (!s_initialised)
            {
                Batteries_V2.Init();
                s_initialised = true;
            }
        }
    }
}
