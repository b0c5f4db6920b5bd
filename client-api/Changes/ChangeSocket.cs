using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using Granary.Catalog;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.Http;
using Granary.GrainInterfaces;

namespace Granary.ClientApi.Changes;

/// <summary>Who follows: what was recognised when the socket opened, and what is needed to look at it again.</summary>
/// <param name="KeyHash">SHA-256 of the credential; the credential itself is not kept.</param>
/// <param name="Tenant">The tenant it acts in.</param>
/// <param name="Expires">When it ends to be valid; null: never.</param>
internal sealed record SocketCredential(byte[] KeyHash, TenantId Tenant, DateTimeOffset? Expires);

/// <summary>
/// One WebSocket. One reader: the request's own loop. One writer: a pump that runs only while there is something to send, so
/// that a socket at rest has no task, no buffer and no timer of its own. What is to be sent is no queue but each
/// subscription's place in its log; only the few frames that are for this socket alone wait in <see cref="_own"/>.
/// </summary>
internal sealed class ChangeSocket : IThreadPoolWorkItem
{
    private const int WriteBuffer = 2 * ServerFrame.MaxBytes;
    private const int ReplayPage = 256;

    /// <summary>Frames of its own that may wait; a client that asks for more and reads nothing is closed.</summary>
    private const int MaxOwn = 256;

    private const int Idle = 0;
    private const int Running = 1;
    private const int RunningAgain = 2;

    private readonly WebSocket _web;
    private readonly FrameStream _stream;
    private readonly MessageAllowance _allowance;
    private readonly ChangeHub _hub;
    private readonly Lock _gate = new();
    private readonly Queue<byte[]> _own = new();
    private readonly List<ChangeSubscription> _subscriptions = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;
    private int _closing;
    private long _writeBegan;

    public ChangeSocket(WebSocket web, FrameStream stream, ChangeHub hub, SocketCredential credential, bool single)
    {
        (_web, _stream, _hub, Credential, Single) = (web, stream, hub, credential, single);
        _allowance = new(hub.Time);
    }

    /// <summary>Who follows.</summary>
    public SocketCredential Credential { get; }

    /// <summary>Does it follow the one scope of its address?</summary>
    public bool Single { get; }

    /// <summary>Its place on the wheel of pings.</summary>
    public long Slot { get; init; }

    /// <summary>What it follows now.</summary>
    public ChangeSubscription[] Subscriptions
    {
        get
        {
            lock (_gate)
                return [.. _subscriptions];
        }
    }

    /// <summary>Reads until the other side or this one ends the conversation.</summary>
    public async Task RunAsync()
    {
        try
        {
            await ReadAsync();
        }
        catch (Exception error) when (error is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection broke, or was broken off because the other side did not answer.
        }
        finally
        {
            Interlocked.Exchange(ref _closing, 1);
            foreach (var subscription in Subscriptions)
                End(subscription);
            _ended.TrySetResult();
            if (Volatile.Read(ref _writeBegan) != 0)
                _stream.Break(); // The other side takes nothing more; the end of the request would wait for it.
            _web.Dispose();
            _stream.EndRequest();
        }
    }

    /// <summary>Adds a subscription whose first frame is sent before any change; false when its follower was just retired.</summary>
    public bool TryFollow(ChangeSubscription subscription, byte[] first, long head)
    {
        if (!subscription.Follower.TryAdd(this, subscription, head))
            return false;
        lock (_gate)
        {
            _own.Enqueue(first);
            _subscriptions.Add(subscription);
            if (_ended.Task.IsCompleted)
                subscription.Ended = true;
        }

        if (subscription.Ended)
            End(subscription);
        Signal();
        return true;
    }

    /// <summary>Ends a subscription.</summary>
    public void End(ChangeSubscription subscription)
    {
        lock (_gate)
        {
            subscription.Ended = true;
            _subscriptions.Remove(subscription);
        }

        subscription.Follower.Remove(subscription);
    }

    /// <summary>A scope cannot be followed any more: the end of a socket that follows nothing else, an error on one that does.</summary>
    public void Refuse(ChangeSubscription subscription, Problem problem)
    {
        End(subscription);
        if (Single)
            BeginClose(CloseCode.For(problem.Kind) ?? WebSocketCloseStatus.InternalServerError, CloseCode.Reason(problem));
        else
            Send(ServerFrame.Error(subscription.Follower.Name, problem));
    }

    /// <summary>Sends a frame that is for this socket alone.</summary>
    public void Send(byte[] frame)
    {
        bool full;
        lock (_gate)
        {
            full = _own.Count >= MaxOwn;
            if (!full)
                _own.Enqueue(frame);
        }

        if (full)
            BeginClose(CloseCode.TooSlow, "Too slow: what was asked for is not read.");
        else
            Signal();
    }

    /// <summary>A sign of life, with the cursors to resume from. Left out while the socket is busy anyway.</summary>
    public void Ping()
    {
        if (Volatile.Read(ref _state) != Idle || Volatile.Read(ref _closing) != 0)
            return;
        Send(ServerFrame.Ping([.. Subscriptions.Select(static s => (s.Follower.Name, s.Cursor))], Single));
    }

    /// <summary>Closes a socket whose other side does not take what it is sent.</summary>
    public void CheckPace(long now, TimeSpan limit)
    {
        var ticks = Seconds(limit.TotalSeconds);
        var began = Volatile.Read(ref _writeBegan);
        if ((began != 0 && now - began > ticks) || Array.Exists(Subscriptions, s => s.IsBehind(now, ticks)))
            BeginClose(CloseCode.TooSlow, "Too slow: connect again with since.");
    }

    /// <summary>There is something to send.</summary>
    public void Signal()
    {
        if (Interlocked.Exchange(ref _state, RunningAgain) == Idle)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute() => _ = PumpAsync();

    /// <summary>Closes without waiting for it.</summary>
    public void BeginClose(WebSocketCloseStatus code, string reason) => _ = CloseAsync(code, reason);

    /// <summary>Says why, waits a little for the other side, then breaks the connection.</summary>
    public async Task CloseAsync(WebSocketCloseStatus code, string reason)
    {
        if (Interlocked.Exchange(ref _closing, 1) != 0)
        {
            await _ended.Task;
            return;
        }

        _hub.Metrics.Closed((int)code);
        using var grace = new CancellationTokenSource(_hub.Options.CloseGrace, _hub.Time);
        try
        {
            await _web.CloseOutputAsync(code, reason, grace.Token);
            await _ended.Task.WaitAsync(grace.Token);
        }
        catch (Exception error) when (error is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            _web.Abort();
            _stream.Break();
        }
    }

    private long Seconds(double seconds) => (long)(seconds * _hub.Time.TimestampFrequency);

    private async Task ReadAsync()
    {
        var reader = new MessageReader(_web);
        while (true)
        {
            var message = await reader.ReadAsync(CancellationToken.None);
            if (message.IsClose)
            {
                await AnswerCloseAsync();
                return;
            }

            if (Volatile.Read(ref _closing) != 0)
                continue; // Whatever still comes before the other side's close.
            if (message.Refused is { } code)
                BeginClose(code, message.Reason);
            else
                await TakeAsync(message.Text);
        }
    }

    private async Task AnswerCloseAsync()
    {
        if (Interlocked.Exchange(ref _closing, 1) != 0)
            return;
        using var grace = new CancellationTokenSource(_hub.Options.CloseGrace, _hub.Time);
        await _web.CloseOutputAsync(_web.CloseStatus ?? WebSocketCloseStatus.NormalClosure, null, grace.Token);
    }

    private async Task TakeAsync(ReadOnlyMemory<byte> message)
    {
        if (!_allowance.TrySpend())
        {
            BeginClose(CloseCode.TooManyFrames, "Too many messages.");
            return;
        }

        if (Single)
            return; // It follows its one scope whatever the client says.
        try
        {
            var (frame, problem) = ClientFrame.Read(message);
            if (problem is not null)
                Send(ServerFrame.Error(null, problem));
            else if (frame is not null)
                await _hub.ObeyAsync(this, frame);
        }
        catch (JsonException)
        {
            BeginClose(WebSocketCloseStatus.InvalidPayloadData, "A message is a JSON object.");
        }
    }

    private async Task PumpAsync()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(WriteBuffer);
        try
        {
            do
            {
                Volatile.Write(ref _state, Running);
                if (Volatile.Read(ref _closing) == 0)
                    await WriteAllAsync(buffer);
            }
            while (Interlocked.CompareExchange(ref _state, Idle, Running) != Running);
        }
        catch (Exception error) when (error is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            _web.Abort();
            _stream.Break(); // The pump stays "running": nothing is written to a broken connection.
        }
        catch (CatalogException)
        {
            // Nothing was skipped: the client connects again, here or elsewhere, and resumes.
            BeginClose(WebSocketCloseStatus.InternalServerError, "The catalog cannot be used now: connect again with since.");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task WriteAllAsync(byte[] buffer)
    {
        bool more;
        do
        {
            var filled = TakeOwn(buffer);
            more = false;
            foreach (var subscription in Subscriptions)
            {
                var result = subscription.Follower.Copy(subscription, buffer.AsSpan(filled), out var copied);
                filled += copied;
                more |= result != CopyResult.CaughtUp;
                if (result == CopyResult.CaughtUp)
                {
                    subscription.Live = true;
                }
                else if (result == CopyResult.Full)
                {
                    break;
                }
                else
                {
                    await WriteAsync(buffer.AsMemory(0, filled));
                    filled = 0;
                    await ReplayAsync(subscription, buffer);
                }
            }

            more |= filled > 0; // There may be more by the time it is written.
            await WriteAsync(buffer.AsMemory(0, filled));
        }
        while (more && Volatile.Read(ref _closing) == 0);
    }

    private int TakeOwn(Span<byte> buffer)
    {
        var filled = 0;
        lock (_gate)
        {
            while (_own.TryPeek(out var frame) && frame.Length <= buffer.Length - filled)
            {
                frame.CopyTo(buffer[filled..]);
                filled += frame.Length;
                _own.Dequeue();
            }
        }

        return filled;
    }

    // Reads one page of the log for this socket alone, and writes it.
    private async Task ReplayAsync(ChangeSubscription subscription, byte[] buffer)
    {
        var follower = subscription.Follower;
        var page = await _hub.Log.ReadAsync(follower.Tenant, follower.Scope, subscription.Cursor, ReplayPage, CancellationToken.None);
        if (page.State != CursorState.Valid)
        {
            Refuse(subscription, ChangeProblems.Expired(page));
            return;
        }

        var filled = 0;
        foreach (var change in page.Items)
        {
            if (subscription.Wants(change))
            {
                var frame = ServerFrame.Change(follower.Name, change);
                if (frame.Length > buffer.Length - filled)
                {
                    await WriteAsync(buffer.AsMemory(0, filled));
                    filled = 0;
                }

                frame.CopyTo(buffer, filled);
                filled += frame.Length;
            }

            if (subscription.Ended || Volatile.Read(ref _closing) != 0)
                return;
            subscription.Cursor = change.Sequence;
        }

        await WriteAsync(buffer.AsMemory(0, filled));
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> frames)
    {
        if (frames.IsEmpty)
            return;
        Volatile.Write(ref _writeBegan, _hub.Time.GetTimestamp());
        await _stream.WriteAsync(frames, CancellationToken.None);
        Volatile.Write(ref _writeBegan, 0);
        _hub.Metrics.Sent(frames.Length);
    }
}
