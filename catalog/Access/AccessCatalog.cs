using System.Collections.Concurrent;
using Granary.GrainInterfaces;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Granary.Catalog;

/// <summary>
/// Last reads of chunks, at most a minute behind (G4). Touching costs a look at memory; the table is written in small
/// batches, at most once per chunk and minute, only forward, and never in the way of commits. When the buffer is full the
/// freshest are dropped and counted: what they say will be said again soon.
/// </summary>
public sealed partial class AccessCatalog(CatalogDatabase database, ILogger<AccessCatalog> logger) : BackgroundService
{
    // About 100 bytes each.
    private const int MostBuffered = 65_536;
    private const int BatchSize = 256;

    private static readonly TimeSpan FlushPeriod = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan BatchPause = TimeSpan.FromMilliseconds(50);

    private static readonly Sql PutAccess = new("""
        INSERT INTO access (store, tenant, chunk, at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (store, tenant, chunk) DO UPDATE SET at = excluded.at WHERE at < excluded.at
        """);

    private static readonly Sql SelectAccess = new("SELECT at FROM access WHERE store = ?1 AND tenant = ?2 AND chunk = ?3");

    // What was read since the last flush, and what was written in this minute and need not be written again.
    private readonly ConcurrentDictionary<Key, long> _touched = new();
    private ConcurrentDictionary<Key, long> _written = new();
    private int _buffered;
    private long _dropped;
    private long _minute;

    /// <summary>Reads that were not noted because the buffer was full.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Notes that a copy was read now. Never waits and never fails.</summary>
    public void Touch(StoreId store, TenantId tenant, ChunkHash chunk)
    {
        var key = new Key(store, tenant, chunk);
        var minute = Minute(database.Time.GetUtcNow());
        if (_written.TryGetValue(key, out var last) && last >= minute)
        {
            return;
        }

        if (_touched.ContainsKey(key))
        {
            _touched[key] = minute;
        }
        else if (Volatile.Read(ref _buffered) >= MostBuffered)
        {
            Interlocked.Increment(ref _dropped);
        }
        else if (_touched.TryAdd(key, minute))
        {
            Interlocked.Increment(ref _buffered);
        }
    }

    /// <summary>When a chunk was last read from a store, to the minute; null when that is not known.</summary>
    public Task<DateTimeOffset?> FindAsync(StoreId store, TenantId tenant, ChunkHash chunk, CancellationToken cancellationToken) =>
        database.ReadAsync<DateTimeOffset?>(
            session => session.Scalar(SelectAccess, store, tenant, chunk) is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null,
            cancellationToken);

    /// <summary>Writes what is buffered, in batches with pauses between them.</summary>
    /// <returns>Rows written.</returns>
    public async Task<int> FlushAsync(CancellationToken cancellationToken)
    {
        Forget();
        var written = 0;
        foreach (var batch in _touched.ToArray().Chunk(BatchSize))
        {
            await database.WriteAsync(session => Write(session, batch), cancellationToken);
            foreach (var (key, minute) in batch)
            {
                _written[key] = minute;
                if (_touched.TryRemove(key, out _))
                {
                    Interlocked.Decrement(ref _buffered);
                }
            }

            written += batch.Length;
            await Task.Delay(BatchPause, database.Time, cancellationToken);
        }

        return written;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(FlushPeriod, database.Time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await FlushAsync(stoppingToken);
            }
            catch (CatalogException failure)
            {
                LogFlushFailed(failure);
            }
        }
    }

    private static int Write(CatalogSession session, KeyValuePair<Key, long>[] batch)
    {
        foreach (var (key, minute) in batch)
        {
            session.Post(PutAccess, key.Store, key.Tenant, key.Chunk, minute);
        }

        return batch.Length;
    }

    private static long Minute(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 60_000 * 60_000;

    /// <summary>In a new minute everything may be written again.</summary>
    private void Forget()
    {
        var minute = Minute(database.Time.GetUtcNow());
        if (minute != _minute)
        {
            _minute = minute;
            _written = new ConcurrentDictionary<Key, long>();
        }
    }

    [LoggerMessage(3200, LogLevel.Warning, "Last accesses could not be written; they stay buffered")]
    private partial void LogFlushFailed(Exception failure);

    private readonly record struct Key(StoreId Store, TenantId Tenant, ChunkHash Chunk);
}
