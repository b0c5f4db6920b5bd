using SQLitePCL;

namespace Granary.Catalog.Sqlite;

/// <summary>One prepared statement of one connection, which is its own reader of rows.</summary>
internal sealed class SqliteStatement(sqlite3 db, sqlite3_stmt statement, Sql sql) : SqlRows
{
    private bool _active;
    private int _stepped = -1;

    public int Execute(ReadOnlySpan<SqlValue> values)
    {
        Start(values);
        try
        {
            var code = raw.sqlite3_step(statement);
            return code == raw.SQLITE_DONE || code == raw.SQLITE_ROW
                ? raw.sqlite3_changes(db)
                : throw SqliteFault.From(db, code, $"running '{sql}'");
        }
        finally
        {
            Dispose();
        }
    }

    public SqlRows Query(ReadOnlySpan<SqlValue> values)
    {
        Start(values);

        // The first step happens here, so that its failure is that of the query and not of the reading.
        _stepped = Step();
        return this;
    }

    public override int Columns => raw.sqlite3_column_count(statement);

    public override bool Read()
    {
        var code = _stepped >= 0 ? _stepped : Step();
        _stepped = code == raw.SQLITE_DONE ? code : -1;
        return code == raw.SQLITE_ROW;
    }

    public override bool IsNull(int column) => raw.sqlite3_column_type(statement, column) == raw.SQLITE_NULL;

    public override long Long(int column) => raw.sqlite3_column_int64(statement, column);

    public override ReadOnlySpan<byte> Span(int column) => raw.sqlite3_column_blob(statement, column);

    public override string? TextOrNull(int column) =>
        IsNull(column) ? null : raw.sqlite3_column_text(statement, column).utf8_to_string();

    public override void Dispose()
    {
        if (_active)
        {
            _active = false;
            raw.sqlite3_reset(statement);
        }
    }

    public void Close() => statement.Dispose();

    private void Start(ReadOnlySpan<SqlValue> values)
    {
        if (_active)
        {
            throw new InvalidOperationException($"The statement is still being read: '{sql}'.");
        }

        for (var i = 0; i < values.Length; i++)
        {
            var code = Bind(i + 1, values[i]);
            if (code != raw.SQLITE_OK)
            {
                throw SqliteFault.From(db, code, $"binding parameter {i + 1} of '{sql}'");
            }
        }

        _active = true;
        _stepped = -1;
    }

    private int Step()
    {
        var code = raw.sqlite3_step(statement);
        if (code is raw.SQLITE_ROW or raw.SQLITE_DONE)
        {
            return code;
        }

        var fault = SqliteFault.From(db, code, $"running '{sql}'");
        Dispose();
        throw fault;
    }

    private int Bind(int index, SqlValue value) => value.Kind switch
    {
        SqlValueKind.Integer => raw.sqlite3_bind_int64(statement, index, value.Number),
        SqlValueKind.Text => raw.sqlite3_bind_text(statement, index, (string)value.Reference!),
        SqlValueKind.Bytes when ((byte[])value.Reference!).Length == 0 => raw.sqlite3_bind_zeroblob(statement, index, 0),
        SqlValueKind.Bytes => raw.sqlite3_bind_blob(statement, index, (byte[])value.Reference!),
        _ => raw.sqlite3_bind_null(statement, index),
    };
}
