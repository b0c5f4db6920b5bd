using System.Text;
using MySqlConnector;

namespace Granary.Catalog.MariaDb;

/// <summary>What a connection is for.</summary>
internal enum MariaDbRole
{
    /// <summary>Transactions that change rows: READ COMMITTED, locks, short time-outs.</summary>
    Writer,

    /// <summary>Snapshots: REPEATABLE READ, no locks.</summary>
    Reader,

    /// <summary>Migrations: long statements, each a transaction of its own.</summary>
    Migrator,
}

/// <summary>
/// One connection, used by one thread at a time. Statements whose outcome decides nothing are kept back and sent with the
/// next one that does, so that a transaction costs few round trips.
/// </summary>
internal sealed class MariaDbConnection : CatalogSession, IDisposable
{
    // An error in the middle of a text ends the rest of it, so nothing that follows a failed statement is done.
    private const int LargestText = 512 << 10;

    private const string Mode =
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,PIPES_AS_CONCAT', time_zone = '+00:00'";

    private const string SelectWarnings = "SHOW WARNINGS";

    private readonly MySqlConnection _connection;
    private readonly MySqlCommand _command;
    private readonly StringBuilder _text = new(4_096);
    private readonly PostedStatements _posted = new();
    private readonly ExpectedRows _expected = new();
    private readonly bool _locks;
    private CommitMarker? _marker;
    private bool _changed;

    private MariaDbConnection(MySqlConnection connection, TimeProvider time, MariaDbRole role)
        : base(time)
    {
        _connection = connection;
        _locks = role == MariaDbRole.Writer;
        _command = connection.CreateCommand();
        _command.CommandTimeout = role switch { MariaDbRole.Writer => 15, MariaDbRole.Reader => 60, _ => 3_600 };
        Opened = time.GetTimestamp();
    }

    /// <summary>When it was opened.</summary>
    public long Opened { get; }

    /// <summary>The transaction that is being committed; tells what became of it when the connection is lost.</summary>
    public CommitMarker Marker => _marker ?? throw new InvalidOperationException("Only writers mark their commits.");

    /// <summary>True from the moment at which the commit may have reached the server.</summary>
    public bool Committing { get; private set; }

    /// <summary>Connects, and sets the session up for a role.</summary>
    /// <exception cref="MariaDbException">The server is not reached or refuses.</exception>
    public static MariaDbConnection Open(string connectionString, TimeProvider time, MariaDbRole role)
    {
        var connection = new MySqlConnection(ForCatalog(connectionString));
        MariaDbConnection? opened = null;
        try
        {
            connection.Open();
            opened = new MariaDbConnection(connection, time, role);
            opened.SetUp(role);
            return opened;
        }
        catch (MySqlException failure)
        {
            throw MariaDbException.From(failure, $"connecting to {NameOf(connectionString)}");
        }
        finally
        {
            if (opened is null)
            {
                connection.Dispose();
            }
        }
    }

    /// <summary>Server and database of a connection string, for messages.</summary>
    public static string NameOf(string connectionString)
    {
        var given = new MySqlConnectionStringBuilder(connectionString);
        return $"database '{given.Database}' on {given.Server}{(given.Server.StartsWith('/') ? "" : $":{given.Port}")}";
    }

    /// <summary>The database of a connection string.</summary>
    public static string DatabaseOf(string connectionString) => new MySqlConnectionStringBuilder(connectionString).Database;

    public override int Execute(Sql sql, params ReadOnlySpan<SqlValue> values)
    {
        Flush();
        var text = MariaDbText.Of(sql, _locks);
        text.AppendTo(_text, values);
        _changed = true;
        var count = Send(sql, static command => command.ExecuteNonQuery());
        if (text.IgnoresDuplicates)
        {
            RefuseOtherWarnings(sql);
        }

        return text.IsUpsert ? Math.Min(count, 1) : count;
    }

    public override void Post(Sql sql, params ReadOnlySpan<SqlValue> values)
    {
        var text = MariaDbText.Of(sql, _locks);
        if (text.IgnoresDuplicates)
        {
            Execute(sql, values);
            return;
        }

        if (_posted.Length > LargestText)
        {
            Flush();
        }

        _posted.Add(sql, values);
        _changed = true;
    }

    public override SqlRows Query(Sql sql, params ReadOnlySpan<SqlValue> values) => Query(sql, Render(sql, values), keep: false);

    internal override SqlRows QueryOnce(Sql sql, params ReadOnlySpan<SqlValue> values) => Query(sql, Render(sql, values), keep: true);

    internal override bool ReadsAhead => true;

    internal override void Expect(Sql sql, params ReadOnlySpan<SqlValue> values) => _expected.Add(sql.Many is { } many
        ? new Expected(Render(sql, values), Render(many.Sql, values), MariaDbText.Literal(values[many.Parameter - 1]))
        : new Expected(Render(sql, values), null, null));

    internal override void BeginItem()
    {
        base.BeginItem();
        _expected.Clear();
    }

    /// <summary>Runs one statement as it is written, such as a migration's.</summary>
    public int Run(string statement)
    {
        _posted.MoveTo(_text);
        _text.Append(statement);
        return Send(statement, static command => command.ExecuteNonQuery());
    }

    /// <summary>Commits. When this fails with the connection lost, <see cref="Committing"/> is true and the marker tells.</summary>
    public void Commit()
    {
        if (!_changed)
        {
            Run("COMMIT");
            return;
        }

        // The answer of the last statement is the proof that all of them were done.
        _posted.MoveTo(_text);
        Marker.AppendNext(_text);
        _text.Append(";\nCOMMIT;\nSELECT 1");
        Committing = true;
        var done = Send("COMMIT", ReadOne);
        if (!done.Read() || done.Long(0) != 1)
        {
            throw new InvalidOperationException("The server did not confirm a commit.");
        }

        Committing = false;
        Marker.Committed();
        _changed = false;
        KeepIds();
    }

    /// <summary>Ends a snapshot.</summary>
    public void EndRead()
    {
        _text.Clear();
        _expected.Clear();
        Run("COMMIT");
    }

    /// <summary>Undoes the open transaction.</summary>
    public void RollBack()
    {
        _text.Clear();
        _posted.Clear();
        _expected.Clear();
        Committing = false;
        _changed = false;
        ForgetUncommittedIds();
        Run("ROLLBACK");
    }

    /// <summary>Commits what an opening needs, without a marker.</summary>
    internal void CommitUnmarked()
    {
        Flush();
        Run("COMMIT");
        _changed = false;
        KeepIds();
    }

    public void Dispose()
    {
        _command.Dispose();
        _connection.Dispose();
    }

    private static string ForCatalog(string connectionString)
    {
        var given = new MySqlConnectionStringBuilder(connectionString)
        {
            // The catalog's threads keep their connections; rows found, not rows changed, are what an update answers.
            Pooling = false,
            UseAffectedRows = false,
        };
        if (!given.ContainsKey("Connection Timeout"))
        {
            given.ConnectionTimeout = 5;
        }

        return given.ConnectionString;
    }

    private void SetUp(MariaDbRole role)
    {
        Run(Mode);
        switch (role)
        {
            case MariaDbRole.Writer:
                // A silo that stops in the middle of a transaction holds its locks for three seconds and no longer.
                Run("SET SESSION autocommit = 0, innodb_lock_wait_timeout = 5, idle_transaction_timeout = 3, max_statement_time = 12");
                Run("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
                _marker = CommitMarker.Create(this);
                break;
            case MariaDbRole.Reader:
                Run("SET SESSION autocommit = 0, innodb_lock_wait_timeout = 5, idle_transaction_timeout = 30, max_statement_time = 55");
                Run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
                break;
            default:
                Run("SET SESSION autocommit = 1, innodb_lock_wait_timeout = 50, lock_wait_timeout = 300, max_statement_time = 0");
                break;
        }
    }

    private void Flush()
    {
        if (_posted.Length > 0)
        {
            _posted.MoveTo(_text);
            Send("the statements before it", static command => command.ExecuteNonQuery());
        }
    }

    private string Render(Sql sql, ReadOnlySpan<SqlValue> values)
    {
        var text = new StringBuilder(256);
        MariaDbText.Of(sql, _locks).AppendTo(text, values);
        return text.ToString();
    }

    /// <summary>Rows that are here, or those of one round trip: what was posted, what is expected, the query.</summary>
    private MariaDbRows Query(Sql sql, string query, bool keep)
    {
        if (_expected.Take(query, keep) is { } known)
        {
            return known;
        }

        _expected.Add(new Expected(query, null, null));
        _posted.MoveTo(_text);
        var statements = _expected.MoveTo(_text);
        var results = Send(sql, command => ReadAll(command, statements.Count));
        for (var i = 0; i < results.Count; i++)
        {
            _expected.Put(statements[i], results[i]);
        }

        return _expected.Take(query, keep)!;
    }

    private T Send<T>(object what, Func<MySqlCommand, T> run)
    {
#pragma warning disable CA2100 // Constants of the catalog, with values in digits (MariaDbText).
        _command.CommandText = _text.ToString();
#pragma warning restore CA2100
        _text.Clear();
        try
        {
            return run(_command);
        }
        catch (MySqlException failure)
        {
            throw MariaDbException.From(failure, $"running '{what}'");
        }
        catch (InvalidOperationException failure) when (_connection.State != System.Data.ConnectionState.Open)
        {
            throw new MariaDbException($"The connection is closed: {failure.Message}", MariaDbFaultKind.Lost, 2006, failure);
        }
    }

    private static MariaDbRows ReadOne(MySqlCommand command) => ReadAll(command, 1)[0].Read();

    private static List<QueryResult> ReadAll(MySqlCommand command, int results)
    {
        using var reader = command.ExecuteReader();
        var all = new List<QueryResult>(results) { ReadResult(reader) };
        while (all.Count < results)
        {
            if (!reader.NextResult())
            {
                throw new InvalidOperationException("The server gave fewer results than it was asked for.");
            }

            all.Add(ReadResult(reader));
        }

        return all;
    }

    private static QueryResult ReadResult(MySqlDataReader reader)
    {
        var columns = reader.FieldCount;
        var rows = new List<object?[]>();
        while (reader.Read())
        {
            var row = new object?[columns];
            reader.GetValues(row!);
            for (var i = 0; i < columns; i++)
            {
                row[i] = row[i] is DBNull ? null : row[i];
            }

            rows.Add(row);
        }

        return new QueryResult(rows, columns);
    }

    /// <summary>IGNORE turns every error into a warning, a value that is too long for example: only duplicates may be passed over.</summary>
    private void RefuseOtherWarnings(Sql sql)
    {
        _text.Append(SelectWarnings);
        using var warnings = Send(SelectWarnings, ReadOne);
        while (warnings.Read())
        {
            if (warnings.Long(1) != MariaDbException.Duplicate)
            {
                throw new CatalogException($"MariaDB changed a value of '{sql}': {warnings.TextOrNull(2)}.", isTransient: false);
            }
        }
    }
}
