using System.Collections.Concurrent;
using System.Net;
using System.Text;
using MySqlConnector;

namespace Granary.TestSupport;

/// <summary>What a COMMIT meets between a client and MariaDB.</summary>
public enum CommitFault
{
    /// <summary>It never reaches the server, and the connection breaks.</summary>
    RequestLost,

    /// <summary>It reaches the server, and the connection breaks at that moment: committed or not.</summary>
    ConnectionLost,

    /// <summary>The server commits, and its answer never arrives.</summary>
    AnswerLost,

    /// <summary>The server rolls back at COMMIT and says that there was a deadlock, as Galera does.</summary>
    Deadlock,

    /// <summary>The connection breaks, and the server hears of it later, on a connection that is still open for it.</summary>
    RequestLate,
}

/// <summary>
/// A relay before a real MariaDB server that lets a COMMIT of a catalog's writer fail now and then. It knows that text by its
/// last words, and finds no more of the protocol than it must.
/// </summary>
public sealed class CommitFaults : IAsyncDisposable
{
    private static readonly byte[] s_commit = Encoding.ASCII.GetBytes("COMMIT;\nSELECT 1");
    private static readonly byte[] s_deadlock = Encoding.ASCII.GetBytes("ROLLBACK;\nSIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'Deadlock at COMMIT'");

    private readonly TcpRelay _relay;
    private readonly ConcurrentDictionary<int, bool> _loseAnswer = [];
    private readonly ConcurrentDictionary<int, bool> _deadlocks = [];
    private int _met;

    /// <summary>Begins to listen before a server.</summary>
    /// <param name="connectionString">The server, with or without a database.</param>
    public CommitFaults(string connectionString)
    {
        var given = new MySqlConnectionStringBuilder(connectionString);
        _relay = new TcpRelay(new IPEndPoint(IPAddress.Loopback, (int)given.Port)) { ToServer = ToServer, ToClient = ToClient, Rewrite = Rewrite };
        given.Port = (uint)_relay.Port;
        ConnectionString = given.ConnectionString;
    }

    /// <summary>The way through the relay.</summary>
    public string ConnectionString { get; }

    /// <summary>What the next COMMIT meets; null: nothing. Asked once for each, from several threads.</summary>
    public Func<CommitFault?>? Next { get; set; }

    /// <summary>Called when the server's answer to a COMMIT was lost, before the client can learn of it.</summary>
    public Action? AnswerLost { get; set; }

    /// <summary>What a late COMMIT waits for.</summary>
    public Func<CancellationToken, Task>? Late
    {
        get => _relay.Late;
        set => _relay.Late = value;
    }

    /// <summary>How many COMMITs met a fault.</summary>
    public int Met => Volatile.Read(ref _met);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    private RelayVerdict ToServer(int connection, ReadOnlyMemory<byte> bytes)
    {
        if (!IsWholeCommit(bytes.Span) || Next?.Invoke() is not { } fault)
            return RelayVerdict.Pass;
        Interlocked.Increment(ref _met);
        switch (fault)
        {
            case CommitFault.RequestLost:
                return RelayVerdict.CutBefore;
            case CommitFault.ConnectionLost:
                return RelayVerdict.CutAfter;
            case CommitFault.AnswerLost:
                _loseAnswer[connection] = true;
                return RelayVerdict.Pass;
            case CommitFault.RequestLate:
                return RelayVerdict.DeliverLate;
            default:
                _deadlocks[connection] = true;
                return RelayVerdict.Pass;
        }
    }

    private RelayVerdict ToClient(int connection, ReadOnlyMemory<byte> bytes)
    {
        if (!_loseAnswer.TryRemove(connection, out _))
            return RelayVerdict.Pass;
        AnswerLost?.Invoke();
        return RelayVerdict.CutBefore;
    }

    // One command in one packet: three bytes of length, a sequence number, then the command.
    private static bool IsWholeCommit(ReadOnlySpan<byte> bytes) =>
        bytes.EndsWith(s_commit) && (bytes[0] | (bytes[1] << 8) | (bytes[2] << 16)) == bytes.Length - 4;

    private byte[]? Rewrite(int connection, ReadOnlyMemory<byte> bytes)
    {
        if (!_deadlocks.TryRemove(connection, out _))
            return null;
        byte[] text = [.. bytes.Span[..^s_commit.Length], .. s_deadlock];
        var length = text.Length - 4;
        (text[0], text[1], text[2]) = ((byte)length, (byte)(length >> 8), (byte)(length >> 16));
        return text;
    }
}
