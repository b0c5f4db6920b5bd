using System.Globalization;
using System.Text;

namespace Granary.Catalog.MariaDb;

/// <summary>What became of a commit whose answer was lost.</summary>
internal enum CommitOutcome
{
    Committed,

    /// <summary>It was not, and never will be.</summary>
    NotCommitted,

    Unknown,
}

/// <summary>
/// Numbers the transactions of one connection, in a row that each of them changes as its last statement, sent together with
/// its COMMIT. When the connection is lost there, the row says whether that transaction was committed; and if not, the row is
/// changed so that it cannot be any more, should its text arrive late (design, Writing 4).
/// </summary>
internal sealed class CommitMarker
{
    /// <summary>A connection is renewed after an hour, so a row that is a week old belongs to nobody.</summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromDays(7);

    private static readonly Sql InsertMarker = new("INSERT INTO commit_marker (writer, number, opened) VALUES (?1, 0, ?2)");

    private static readonly Sql DeleteOld = new("DELETE FROM commit_marker WHERE opened < ?1");

    private static readonly Sql DeleteOwn = new("DELETE FROM commit_marker WHERE writer = ?1");

    private static readonly Sql SelectNumber = new("SELECT number FROM commit_marker WHERE writer = ?1 /*lock*/");

    // No transaction has the number -2, nor follows it.
    private static readonly Sql Fence = new("UPDATE commit_marker SET number = -2 WHERE writer = ?1");

    private readonly long _writer;
    private long _number;

    private CommitMarker(long writer) => _writer = writer;

    /// <summary>Makes the row of a new connection.</summary>
    public static CommitMarker Create(MariaDbConnection connection)
    {
        var writer = connection.NextId("writer");
        connection.Execute(DeleteOld, connection.Now - KeptFor);
        connection.Execute(InsertMarker, writer, connection.Now);
        connection.CommitUnmarked();
        return new CommitMarker(writer);
    }

    /// <summary>
    /// Appends the statement that counts this transaction. A number that is not the one before makes it NULL, which the
    /// column is not, and what follows is not done.
    /// </summary>
    public void AppendNext(StringBuilder text) => text.Append(
        CultureInfo.InvariantCulture, $"UPDATE commit_marker SET number = CASE WHEN number = {_number} THEN {_number + 1} ELSE NULL END WHERE writer = {_writer}");

    /// <summary>The transaction was committed.</summary>
    public void Committed() => _number++;

    /// <summary>
    /// Says on another connection what became of the transaction. The look waits for the lost session's locks: until the
    /// server has ended it one way or the other.
    /// </summary>
    /// <exception cref="MariaDbException">The server cannot be asked now.</exception>
    public CommitOutcome Settle(MariaDbConnection other)
    {
        var found = other.Scalar(SelectNumber, _writer);
        if (found == _number + 1)
        {
            other.RollBack();
            return CommitOutcome.Committed;
        }

        if (found is null)
        {
            other.RollBack();
            return CommitOutcome.Unknown;
        }

        other.Execute(Fence, _writer);
        other.CommitUnmarked();
        return CommitOutcome.NotCommitted;
    }

    /// <summary>Removes the row of a connection that is being closed with nothing open.</summary>
    public void Remove(MariaDbConnection own)
    {
        own.Execute(DeleteOwn, _writer);
        own.CommitUnmarked();
    }
}
