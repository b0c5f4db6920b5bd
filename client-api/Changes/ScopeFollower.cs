using System.Text;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Microsoft.Extensions.Logging;

namespace Granary.ClientApi.Changes;

/// <summary>
/// Follows one scope's log for all sockets of this silo: reads each change once, makes its frame once, keeps the newest for
/// those who are close to the end, and wakes them. It has one reader at a time; its fields are guarded by
/// <see cref="_gate"/>.
/// </summary>
internal sealed partial class ScopeFollower(
    TenantId tenant, ScopeId scope, string name, ChangeLogCatalog log, ChangeFeedOptions options, TimeProvider time, ILogger logger)
{
    private const int PageSize = 500;

    /// <summary>With many sockets, waking each for every change would cost more than the changes: they wait a little and get several.</summary>
    private const int WakesPerMillisecond = 20;

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();

    /// <summary>The changes from <see cref="_oldest"/> to <see cref="_read"/>, each at its number modulo the length.</summary>
    private readonly RecentChange?[] _recent = new RecentChange?[options.RecentChanges];
    private readonly List<(ChangeSocket Socket, ChangeSubscription Subscription)> _subscribers = [];
    private readonly ILogger _logger = logger;
    private long _known = -1;
    private long _read = -1;
    private long _oldest;
    private bool _reading;
    private bool _retired;
    private bool _listens;
    private IAsyncDisposable? _announcements;
    private long _unusedSince = time.GetTimestamp();
    private long _announcedTo;
    private long _lookedAt;
    private int _missed;

    /// <summary>The tenant.</summary>
    public TenantId Tenant => tenant;

    /// <summary>The scope.</summary>
    public ScopeId Scope => scope;

    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>The log is known to have got so far.</summary>
    public long Known => Volatile.Read(ref _known);

    /// <summary>How far the one that is farthest behind is behind.</summary>
    public long Lag
    {
        get
        {
            lock (_gate)
                return _subscribers.Count == 0 ? 0 : Known - _subscribers.Min(static s => s.Subscription.Cursor);
        }
    }

    /// <summary>
    /// Adds a subscription of a socket; <paramref name="head"/> is where the log ended when its cursor was checked. False when
    /// this follower was retired a moment ago.
    /// </summary>
    public bool TryAdd(ChangeSocket socket, ChangeSubscription subscription, long head)
    {
        lock (_gate)
        {
            if (_retired)
                return false;
            _subscribers.Add((socket, subscription));
            if (_read < 0)
            {
                _read = _known = _announcedTo = head; // What is older is replayed from the catalog.
                _oldest = head + 1;
            }
        }

        Announce(head);
        return true;
    }

    /// <summary>Removes it.</summary>
    public void Remove(ChangeSubscription subscription)
    {
        lock (_gate)
        {
            _subscribers.RemoveAll(s => ReferenceEquals(s.Subscription, subscription));
            if (_subscribers.Count == 0)
                _unusedSince = time.GetTimestamp();
        }
    }

    /// <summary>Ends when nobody has followed for so long.</summary>
    public bool TryRetire(long now, long linger)
    {
        lock (_gate)
            return _retired = _subscribers.Count == 0 && now - _unusedSince > linger;
    }

    /// <summary>Keeps what listens to the announcements; false when the follower has been retired meanwhile.</summary>
    public bool KeepAnnouncements(IAsyncDisposable? listening)
    {
        lock (_gate)
        {
            _announcements = _retired ? null : listening;
            _listens = true;
            return !_retired;
        }
    }

    /// <summary>Gives what listens to the announcements away, to be ended.</summary>
    public IAsyncDisposable? TakeAnnouncements()
    {
        lock (_gate)
        {
            var taken = _announcements;
            _announcements = null;
            _listens = false;
            return taken;
        }
    }

    /// <summary>
    /// The head of the log was looked at. True when announcements should be listened to anew: twice in a row the look found
    /// changes that were not announced although there was time for it.
    /// </summary>
    public bool LookedAt(long head)
    {
        bool missed;
        lock (_gate)
        {
            // What was committed a moment before the look is being announced now; what the last look saw should have been.
            missed = _lookedAt > _announcedTo && _lookedAt > 0;
            _missed = missed ? _missed + 1 : 0;
            _lookedAt = head;
        }

        Announce(head, looked: true);
        return missed && _listens && _missed % 2 == 0;
    }

    /// <summary>The log holds the changes up to a number: reads them, unless that is under way.</summary>
    public void Announce(long sequence) => Announce(sequence, looked: false);

    private void Announce(long sequence, bool looked)
    {
        lock (_gate)
        {
            if (!looked)
                _announcedTo = Math.Max(_announcedTo, sequence);
            if (sequence <= _known || _read < 0)
                return;
            Volatile.Write(ref _known, sequence);
            if (_reading)
                return;
            _reading = true;
        }

        _ = Task.Run(ReadAsync);
    }

    /// <summary>Reads on where an error stopped it, and forgets changes that are not recent any more.</summary>
    public void Tend(long now)
    {
        var oldest = now - (long)(options.RecentAge.TotalSeconds * time.TimestampFrequency);
        lock (_gate)
        {
            for (; _oldest <= _read && At(_oldest).At < oldest; _oldest++)
                At(_oldest) = null!;
            if (_reading || _read >= _known)
                return;
            _reading = true;
        }

        _ = Task.Run(ReadAsync);
    }

    /// <summary>Copies recent frames into a buffer and moves the cursor.</summary>
    /// <param name="subscription">Whose.</param>
    /// <param name="buffer">Where to.</param>
    /// <param name="filled">Bytes that were copied.</param>
    public CopyResult Copy(ChangeSubscription subscription, Span<byte> buffer, out int filled)
    {
        filled = 0;
        lock (_gate)
        {
            var cursor = subscription.Cursor;
            if (cursor >= _read)
                return CopyResult.CaughtUp;
            if (cursor + 1 < _oldest)
                return CopyResult.TooFarBack;
            for (var next = cursor + 1; next <= _read; next++)
            {
                var change = At(next);
                if (subscription.Wants(change.Path, change.OldPath))
                {
                    if (change.Frame.Length > buffer.Length - filled)
                        return CopyResult.Full;
                    change.Frame.CopyTo(buffer[filled..]);
                    filled += change.Frame.Length;
                }

                subscription.Cursor = next;
            }

            return CopyResult.CaughtUp;
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            while (true)
            {
                long from;
                lock (_gate)
                {
                    if (_read >= _known)
                    {
                        _reading = false;
                        return;
                    }

                    from = _read;
                }

                var page = await log.ReadAsync(tenant, scope, from, PageSize, CancellationToken.None);
                if (page.State == CursorState.Valid && page.Items.Count == 0)
                {
                    StopReading(); // Announced, but not to be seen yet: the next look at the heads reads on.
                    return;
                }

                await TakeAsync(page);
            }
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            StopReading();
            LogReadFailed(failure, name);
        }
    }

    // A log that was cut above our place leaves nothing to keep: each socket finds out by itself that it is too far back.
    private async Task TakeAsync(ChangePage page)
    {
        List<ChangeSocket> sockets;
        var now = time.GetTimestamp();
        var changes = page.Items.Select(change => new RecentChange(
            change.Sequence, ServerFrame.Change(name, change), change.Path.ToUtf8(), change.OldPath?.ToUtf8(), now)).ToList();
        lock (_gate)
        {
            foreach (var change in changes)
                At(change.Sequence) = change;
            _read = changes.Count > 0 ? changes[^1].Sequence : page.Head;
            _oldest = page.State == CursorState.Valid ? Math.Max(_oldest, _read - _recent.Length + 1) : _read + 1;
            if (_read > _known)
                Volatile.Write(ref _known, _read);
            sockets = _subscribers.ConvertAll(static s => s.Socket);
        }

        foreach (var socket in sockets)
            socket.Signal();
        if (sockets.Count > WakesPerMillisecond)
        {
            var pause = TimeSpan.FromMilliseconds(sockets.Count / WakesPerMillisecond);
            await Task.Delay(pause < LongestPause ? pause : LongestPause, time);
        }
    }

    private ref RecentChange At(long sequence) => ref _recent[sequence % _recent.Length]!;

    private void StopReading()
    {
        lock (_gate)
            _reading = false;
    }

    [LoggerMessage(5300, LogLevel.Warning, "Changes of scope {Scope} could not be read; they are read again in a moment.")]
    private partial void LogReadFailed(Exception failure, string scope);

    private sealed record RecentChange(long Sequence, byte[] Frame, byte[] Path, byte[]? OldPath, long At);
}

/// <summary>What copying recent changes came to.</summary>
internal enum CopyResult
{
    /// <summary>Nothing newer is at hand.</summary>
    CaughtUp,

    /// <summary>The buffer has no room for the next frame.</summary>
    Full,

    /// <summary>The next change is not recent: it is read from the catalog.</summary>
    TooFarBack,
}
