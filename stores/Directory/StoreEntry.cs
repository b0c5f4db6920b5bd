using Granary.GrainInterfaces;

namespace Granary.Stores;

/// <summary>One store of the directory: its definition, the open store or why there is none, and its last failure.</summary>
/// <remarks>Opened and closed by the directory's one step at a time; read and reported to from anywhere.</remarks>
internal sealed class StoreEntry(StoreId id, ChunkStoreDefinition definition, TimeProvider time)
{
    /// <summary>How long a store that failed is passed over (design, Choosing where to write).</summary>
    public static readonly TimeSpan SkipAfterFailure = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private volatile OpenedChunkStore? _opened;
    private Exception? _failure;
    private DateTimeOffset _since = time.GetUtcNow();
    private long _skipUntil = long.MinValue;

    public ChunkStoreDefinition Definition { get; } = definition;

    /// <summary>The open store; null while offline.</summary>
    public OpenedChunkStore? Opened => _opened;

    public bool IsUsable => _opened is not null && !IsSkipped;

    private bool IsSkipped => time.GetTimestamp() < Volatile.Read(ref _skipUntil);

    public void SetOpened(OpenedChunkStore store)
    {
        lock (_lock)
        {
            _opened = store;
            _failure = null;
            _since = time.GetUtcNow();
            Volatile.Write(ref _skipUntil, long.MinValue);
        }
    }

    /// <summary>Notes that it is offline, and gives back what was open, to be closed.</summary>
    /// <returns>What was open, and whether the reason is news.</returns>
    public (OpenedChunkStore? Closed, bool IsNews) SetOffline(Exception reason)
    {
        lock (_lock)
        {
            var closed = _opened;
            var isNews = closed is not null || _failure?.Message != reason.Message;
            _opened = null;
            if (closed is not null)
            {
                _since = time.GetUtcNow();
            }

            _failure = reason;
            return (closed, isNews);
        }
    }

    /// <summary>Passes the store over for a while. True when it was usable until now.</summary>
    public bool Report(Exception failure)
    {
        lock (_lock)
        {
            if (_opened is null)
            {
                return false;
            }

            var isNews = !IsSkipped;
            if (isNews)
            {
                _since = time.GetUtcNow();
            }

            _failure = failure;
            Volatile.Write(ref _skipUntil, time.GetTimestamp() + (long)(SkipAfterFailure.TotalSeconds * time.TimestampFrequency));
            return isNews;
        }
    }

    public StoreStatus Status()
    {
        lock (_lock)
        {
            var health = _opened is null ? StoreHealth.Offline : IsSkipped ? StoreHealth.Failing : StoreHealth.Online;
            var failure = health == StoreHealth.Online ? null : _failure;
            return new StoreStatus(id, Definition.Name, health, CodeOf(failure), failure?.Message ?? (health == StoreHealth.Offline ? "It is being opened." : null), _since);
        }
    }

    private static string? CodeOf(Exception? failure) => failure switch
    {
        null => null,
        ChunkStoreException fault => fault.CodeText,
        OperationCanceledException or TimeoutException => "timeout",
        _ => "unavailable",
    };
}
