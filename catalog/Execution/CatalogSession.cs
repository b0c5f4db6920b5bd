namespace Granary.Catalog;

/// <summary>
/// One transaction (or read snapshot) as the work inside it sees it. Not thread-safe, valid only while the work runs.
/// Work given to a session may run a second time when its group had to be rolled back: it must have no effect but SQL.
/// </summary>
public abstract class CatalogSession
{
    private readonly Dictionary<string, IdRange> _ids = [];

    private protected CatalogSession(TimeProvider time) => Time = time;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>Changes of rows that all transactions share, kept back to the end of the work.</summary>
    internal SharedCounts Shared { get; } = new();

    /// <summary>Now, cut to the milliseconds that the database keeps.</summary>
    public DateTimeOffset Now => DateTimeOffset.FromUnixTimeMilliseconds(Time.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>Runs a statement that returns no rows.</summary>
    /// <returns>Rows that were inserted, changed or deleted.</returns>
    public abstract int Execute(Sql sql, params ReadOnlySpan<SqlValue> values);

    /// <summary>
    /// Runs a statement whose outcome decides nothing: an insert of what was found missing, an update of a row that is
    /// locked. It may be sent together with what follows; its failure is that of the whole transaction.
    /// </summary>
    public virtual void Post(Sql sql, params ReadOnlySpan<SqlValue> values) => Execute(sql, values);

    /// <summary>Runs a query. Dispose the rows before the same statement is run again.</summary>
    public abstract SqlRows Query(Sql sql, params ReadOnlySpan<SqlValue> values);

    /// <summary>Whether <see cref="Expect"/> does anything; else nothing need be prepared for it.</summary>
    internal virtual bool ReadsAhead => false;

    /// <summary>
    /// Says that a query will be run, so that it may be sent together with others: its rows may be those of any moment from now
    /// on. Between, the work must not change a row that it reads.
    /// </summary>
    internal virtual void Expect(Sql sql, params ReadOnlySpan<SqlValue> values)
    {
    }

    /// <summary>
    /// Runs a query once in a piece of work, however often it is asked for: of rows that the work locks by it, or whose change
    /// it would notice when it writes, and that it does not change itself.
    /// </summary>
    internal virtual SqlRows QueryOnce(Sql sql, params ReadOnlySpan<SqlValue> values) => Query(sql, values);

    /// <summary>The first column of the first row as an integer; null when there is no row or it is NULL.</summary>
    public long? Scalar(Sql sql, params ReadOnlySpan<SqlValue> values)
    {
        using var rows = Query(sql, values);
        return rows.Read() ? rows.LongOrNull(0) : null;
    }

    /// <summary>True when the query has a row.</summary>
    public bool Exists(Sql sql, params ReadOnlySpan<SqlValue> values)
    {
        using var rows = Query(sql, values);
        return rows.Read();
    }

    /// <summary>
    /// The next id of a kind. Ids come from the table <c>id</c> in ranges, kept by the connection: never used twice, but
    /// numbers may be left out.
    /// </summary>
    /// <param name="kind">The kind.</param>
    /// <param name="rangeSize">Ids that are taken from the table at one time.</param>
    /// <param name="note">Run with the first id of a new range and the time.</param>
    internal long NextId(string kind, int rangeSize = 1, Sql? note = null)
    {
        if (!_ids.TryGetValue(kind, out var range))
        {
            _ids[kind] = range = new IdRange();
        }

        if (range.Next == range.End)
        {
            var first = Scalar(SelectId, kind) ?? throw new CatalogException($"The id table has no row '{kind}'.", isTransient: false);
            Execute(UpdateId, kind, first + rangeSize);
            if (note is not null)
            {
                Execute(note, first, Now);
            }

            range.Next = first;
            range.End = first + rangeSize;
            range.Durable = false;
        }

        return range.Next++;
    }

    /// <summary>Work begins.</summary>
    internal virtual void BeginItem() => Shared.Clear();

    /// <summary>Work has ended well: what it kept back is written.</summary>
    internal void EndItem() => Shared.Write(this);

    /// <summary>The transaction, or a part of it, is undone: ranges that it reserved are not ours.</summary>
    internal void ForgetUncommittedIds()
    {
        foreach (var range in _ids.Values)
        {
            if (!range.Durable)
            {
                range.Next = range.End = 0;
            }
        }
    }

    /// <summary>The transaction is committed: ranges that it reserved are ours.</summary>
    internal void KeepIds()
    {
        foreach (var range in _ids.Values)
        {
            range.Durable = true;
        }
    }

    private static readonly Sql SelectId = new("SELECT next FROM id WHERE kind = ?1 /*lock*/");

    private static readonly Sql UpdateId = new("UPDATE id SET next = ?2 WHERE kind = ?1");

    private sealed class IdRange
    {
        public long Next;
        public long End;
        public bool Durable = true;
    }
}
