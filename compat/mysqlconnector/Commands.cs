using System.Collections;
using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Inner = MySql.Data.MySqlClient;

namespace MySqlConnector;

public sealed class MySqlParameter : DbParameter {
    private object? _value;
    internal Inner.MySqlParameter Inner { get; } = new();

    [AllowNull] public override string ParameterName { get => Inner.ParameterName; set => Inner.ParameterName = value ?? ""; }
    public override object? Value { get => _value; set => Inner.Value = _value = value; }
    public override DbType DbType { get => Inner.DbType; set => Inner.DbType = value; }
    public override ParameterDirection Direction { get; set; } = ParameterDirection.Input;
    public override bool IsNullable { get; set; }
    public override int Size { get => Inner.Size; set => Inner.Size = value; }
    [AllowNull] public override string SourceColumn { get; set; } = "";
    public override bool SourceColumnNullMapping { get; set; }
    public override void ResetDbType() => Inner.ResetDbType();
}

public sealed class MySqlParameterCollection : DbParameterCollection {
    private readonly List<MySqlParameter> _items = [];
    private readonly Inner.MySqlParameterCollection _inner;
    internal MySqlParameterCollection(Inner.MySqlParameterCollection inner) => _inner = inner;

    public override int Count => _items.Count;
    public override object SyncRoot => _items;
    public new MySqlParameter this[int index] => _items[index];
    public MySqlParameter Add(MySqlParameter parameter) {
        _items.Add(parameter);
        _inner.Add(parameter.Inner);
        return parameter;
    }

    public MySqlParameter AddWithValue(string parameterName, object? value) => Add(new MySqlParameter { ParameterName = parameterName, Value = value });

    public override int Add(object value) {
        Add((MySqlParameter)value);
        return Count - 1;
    }

    public override void AddRange(Array values) {
        foreach (var value in values)
            Add((MySqlParameter)value);
    }

    public override void Clear() {
        _items.Clear();
        _inner.Clear();
    }

    public override bool Contains(object value) => _items.Contains((MySqlParameter)value);
    public override bool Contains(string value) => IndexOf(value) >= 0;
    public override void CopyTo(Array array, int index) => ((ICollection)_items).CopyTo(array, index);
    public override IEnumerator GetEnumerator() => _items.GetEnumerator();
    public override int IndexOf(object value) => _items.IndexOf((MySqlParameter)value);
    public override int IndexOf(string parameterName) => _items.FindIndex(item => item.ParameterName == parameterName);
    public override void Insert(int index, object value) => throw new NotSupportedException();
    public override void Remove(object value) => RemoveAt(IndexOf(value));
    public override void RemoveAt(string parameterName) => RemoveAt(IndexOf(parameterName));
    protected override DbParameter GetParameter(int index) => _items[index];
    protected override DbParameter GetParameter(string parameterName) => _items[IndexOf(parameterName)];
    protected override void SetParameter(int index, DbParameter value) => throw new NotSupportedException();
    protected override void SetParameter(string parameterName, DbParameter value) => throw new NotSupportedException();

    public override void RemoveAt(int index) {
        _items.RemoveAt(index);
        _inner.RemoveAt(index);
    }
}

public sealed class MySqlCommand : DbCommand {
    private readonly Inner.MySqlCommand _inner = new();
    private MySqlConnection? _connection;

    public MySqlCommand() => Parameters = new MySqlParameterCollection(_inner.Parameters);

    public MySqlCommand(string? commandText, MySqlConnection? connection) : this() => (CommandText, Connection) = (commandText, connection);

    public new MySqlParameterCollection Parameters { get; }
#pragma warning disable CA2100 // The caller's text.
    [AllowNull] public override string CommandText { get => _inner.CommandText; set => _inner.CommandText = value ?? ""; }
#pragma warning restore CA2100
    public override int CommandTimeout { get => _inner.CommandTimeout; set => _inner.CommandTimeout = value; }
    public override CommandType CommandType { get => _inner.CommandType; set => _inner.CommandType = value; }
    public override bool DesignTimeVisible { get; set; }
    public override UpdateRowSource UpdatedRowSource { get; set; }
    public new MySqlConnection? Connection { get => _connection; set => _inner.Connection = (_connection = value)?.Wrapped; }
    protected override DbConnection? DbConnection { get => Connection; set => Connection = (MySqlConnection?)value; }
    protected override DbParameterCollection DbParameterCollection => Parameters;
    protected override DbTransaction? DbTransaction { get; set; }
    protected override DbParameter CreateDbParameter() => new MySqlParameter();
    public override void Cancel() => MySqlException.Guard(() => {
        _inner.Cancel();
        return true;
    });

    public override int ExecuteNonQuery() => MySqlException.Guard(_inner.ExecuteNonQuery);
    public override object? ExecuteScalar() => MySqlException.Guard(_inner.ExecuteScalar);
    public override void Prepare() => MySqlException.Guard(() => {
        _inner.Prepare();
        return true;
    });

    public new MySqlDataReader ExecuteReader() => ExecuteReader(CommandBehavior.Default);
    public new MySqlDataReader ExecuteReader(CommandBehavior behavior) => MySqlException.Guard(() => new MySqlDataReader(_inner.ExecuteReader(behavior)));
    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => ExecuteReader(behavior);

    protected override void Dispose(bool disposing) {
        if (disposing)
            _inner.Dispose();
        base.Dispose(disposing);
    }
}

public sealed class MySqlDataReader : DbDataReader {
    private readonly Inner.MySqlDataReader _inner;
    private readonly Func<bool> _read;
    private readonly Func<bool> _nextResult;
    internal MySqlDataReader(Inner.MySqlDataReader inner) => (_inner, _read, _nextResult) = (inner, Ending(inner.Read), Ending(inner.NextResult));

    public override int Depth => 0;
    public override int FieldCount => _inner.FieldCount;
    public override bool HasRows => _inner.HasRows;
    public override bool IsClosed => _inner.IsClosed;
    public override int RecordsAffected => _inner.RecordsAffected;
    public override object this[int ordinal] => _inner[ordinal];
    public override object this[string name] => _inner[name];
    public override bool Read() => MySqlException.Guard(_read);
    public override bool NextResult() => MySqlException.Guard(_nextResult);
    public override void Close() => MySqlException.Guard(() => {
        _inner.Close();
        return true;
    });

    // An error ends everything that was asked for together. MySql.Data, when it meets one among rows, waits at its closing for the
    // rest of them and for further results, until the command's time is over.
    private Func<bool> Ending(Func<bool> step) => () => {
        try {
            return step();
        } catch (Inner.MySqlException failure) when (MySqlException.NumberOf(failure) is > 0 and < 2000) {
            if (_inner.Hidden("ResultSet") is { } rows)
                rows.Hide("_readDone", true);
            if (_inner.Hidden("driver")?.Hidden("handler") is { } handler)
                handler.Hide("serverStatus", Enum.ToObject(handler.Hidden("serverStatus")!.GetType(), 0));
            throw;
        }
    };

    public override bool IsDBNull(int ordinal) => _inner.IsDBNull(ordinal);
    public override object GetValue(int ordinal) => _inner.GetValue(ordinal);
    public override int GetValues(object[] values) => _inner.GetValues(values);
    public override bool GetBoolean(int ordinal) => _inner.GetBoolean(ordinal);
    public override byte GetByte(int ordinal) => _inner.GetByte(ordinal);
    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length) => _inner.GetBytes(ordinal, dataOffset, buffer, bufferOffset, length);
    public override char GetChar(int ordinal) => _inner.GetChar(ordinal);
    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length) => _inner.GetChars(ordinal, dataOffset, buffer, bufferOffset, length);
    public override string GetDataTypeName(int ordinal) => _inner.GetDataTypeName(ordinal);
    public override DateTime GetDateTime(int ordinal) => _inner.GetDateTime(ordinal);
    public override decimal GetDecimal(int ordinal) => _inner.GetDecimal(ordinal);
    public override double GetDouble(int ordinal) => _inner.GetDouble(ordinal);
    public override IEnumerator GetEnumerator() => new DbEnumerator(this, closeReader: false);
    [return: DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.PublicProperties)]
    public override Type GetFieldType(int ordinal) => _inner.GetFieldType(ordinal);
    public override float GetFloat(int ordinal) => _inner.GetFloat(ordinal);
    public override Guid GetGuid(int ordinal) => _inner.GetGuid(ordinal);
    public override short GetInt16(int ordinal) => _inner.GetInt16(ordinal);
    public override int GetInt32(int ordinal) => _inner.GetInt32(ordinal);
    public override long GetInt64(int ordinal) => _inner.GetInt64(ordinal);
    public override string GetName(int ordinal) => _inner.GetName(ordinal);
    public override int GetOrdinal(string name) => _inner.GetOrdinal(name);
    public override string GetString(int ordinal) => _inner.GetString(ordinal);

    protected override void Dispose(bool disposing) {
        if (disposing)
            MySqlException.Guard(() => {
                _inner.Dispose();
                return true;
            });
        base.Dispose(disposing);
    }
}
