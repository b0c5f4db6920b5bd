using System.Net;
using System.Net.Sockets;

namespace Granary.TestSupport;

/// <summary>What a relay does with bytes that it was given.</summary>
public enum RelayVerdict
{
    /// <summary>Passes them on.</summary>
    Pass,

    /// <summary>Drops them and closes both sides with a reset.</summary>
    CutBefore,

    /// <summary>Passes them on, then closes both sides at once: what the other side answers is lost.</summary>
    CutAfter,

    /// <summary>Drops them and keeps both sides open: nobody ever hears more.</summary>
    Swallow,

    /// <summary>Closes the sender's side at once, and delivers them later, as a network may that was cut and still holds them.</summary>
    DeliverLate,
}

/// <summary>
/// A relay before a real TCP server that knows nothing of what passes: for faults of connections, and to offer a server of
/// this machine on another address.
/// </summary>
public sealed class TcpRelay : IAsyncDisposable
{
    private readonly EndPoint _upstream;
    private readonly ConnectionLoop _loop;
    private int _accepted;

    /// <summary>Begins to listen.</summary>
    /// <param name="upstream">The real server.</param>
    /// <param name="address">Where to listen; loopback unless said otherwise.</param>
    public TcpRelay(IPEndPoint upstream, IPAddress? address = null)
    {
        _upstream = upstream;
        _loop = new(address ?? IPAddress.Loopback, ServeAsync);
    }

    /// <summary>The relay's own port.</summary>
    public int Port => _loop.Port;

    /// <summary>Decides on bytes from clients to the server, as they arrive, by the number of the connection. Null: all pass.</summary>
    public Func<int, ReadOnlyMemory<byte>, RelayVerdict>? ToServer { get; set; }

    /// <summary>Decides on the answers of the server. Null: all pass.</summary>
    public Func<int, ReadOnlyMemory<byte>, RelayVerdict>? ToClient { get; set; }

    /// <summary>Puts other bytes in the place of those that pass to the server; null as its result: the same.</summary>
    public Func<int, ReadOnlyMemory<byte>, byte[]?>? Rewrite { get; set; }

    /// <summary>What late bytes wait for; then they are delivered.</summary>
    public Func<CancellationToken, Task>? Late { get; set; }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task ServeAsync(Socket client, CancellationToken closing)
    {
        var number = Interlocked.Increment(ref _accepted);
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        using (client)
        {
            try
            {
                await server.ConnectAsync(_upstream, closing);
                using var end = CancellationTokenSource.CreateLinkedTokenSource(closing);
                var both = new[]
                {
                    CopyAsync(client, server, bytes => ToServer?.Invoke(number, bytes), bytes => Rewrite?.Invoke(number, bytes), end.Token),
                    CopyAsync(server, client, bytes => ToClient?.Invoke(number, bytes), static _ => null, end.Token),
                };
                await Task.WhenAny(both);
                await end.CancelAsync();
                await Task.WhenAll(both);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
            }
        }
    }

    /// <summary>Copies until one side ends, or the verdict is to end it.</summary>
    private async Task CopyAsync(
        Socket from, Socket to, Func<ReadOnlyMemory<byte>, RelayVerdict?> rule, Func<ReadOnlyMemory<byte>, byte[]?> rewrite, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 << 10];
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer, SocketFlags.None, cancellationToken)) > 0)
            {
                var verdict = rule(buffer.AsMemory(0, read)) ?? RelayVerdict.Pass;
                if (verdict == RelayVerdict.Swallow)
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                if (verdict == RelayVerdict.DeliverLate)
                {
                    Reset(from);
                    await (Late?.Invoke(cancellationToken) ?? Task.CompletedTask);
                }

                if (verdict is RelayVerdict.Pass or RelayVerdict.CutAfter or RelayVerdict.DeliverLate)
                {
                    for (var left = rewrite(buffer.AsMemory(0, read)) ?? buffer.AsMemory(0, read); !left.IsEmpty;)
                        left = left[await to.SendAsync(left, SocketFlags.None, cancellationToken)..];
                }

                if (verdict is RelayVerdict.CutBefore or RelayVerdict.CutAfter)
                {
                    Reset(from);
                    return;
                }

                // The other direction ends both when the server answers, for nobody is there to hear it.
                if (verdict == RelayVerdict.DeliverLate)
                    await Task.Delay(Timeout.Infinite, cancellationToken);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
        }
    }

    private static void Reset(Socket socket)
    {
        socket.LingerState = new(true, 0);
        socket.Close();
    }
}
