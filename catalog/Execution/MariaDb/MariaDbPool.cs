using Microsoft.Extensions.Logging;

namespace Granary.Catalog.MariaDb;

/// <summary>
/// Opens connections for the catalog's threads. While the server is not reached, one thread tries now and then and all others
/// are told at once, so that an outage answers quickly and its end is found within half a second.
/// </summary>
internal sealed partial class MariaDbPool(string connectionString, TimeProvider time, ILogger<MariaDbPool> logger) : IDisposable
{
    private static readonly TimeSpan RestAfterFailure = TimeSpan.FromMilliseconds(500);

    private readonly ManualResetEventSlim _stop = new();
    private readonly Lock _gate = new();
    private long? _failedAt;
    private string _failure = "";

    public TimeProvider Time => time;

    public MariaDbConnection Open(MariaDbRole role)
    {
        lock (_gate)
        {
            if (_failedAt is { } at)
            {
                if (time.GetElapsedTime(at) < RestAfterFailure)
                {
                    throw new CatalogUnavailableException(_failure);
                }

                // This thread tries; the others go on being told.
                _failedAt = time.GetTimestamp();
            }
        }

        try
        {
            var connection = MariaDbConnection.Open(connectionString, time, role);
            Reached();
            return connection;
        }
        catch (MariaDbException failure) when (failure.Kind is MariaDbFaultKind.Lost or MariaDbFaultKind.Unavailable)
        {
            NotReached(failure);
            throw failure.ToPublic();
        }
    }

    /// <summary>Waits between attempts, unless the catalog is being closed.</summary>
    public void Rest(TimeSpan wait) => _stop.Wait(wait);

    /// <summary>The catalog is being closed: nothing waits any more.</summary>
    public bool IsStopping => _stop.IsSet;

    public void Stop() => _stop.Set();

    public void Dispose() => _stop.Dispose();

    private void Reached()
    {
        lock (_gate)
        {
            if (_failedAt is not null)
            {
                _failedAt = null;
                LogReached();
            }
        }
    }

    private void NotReached(MariaDbException failure)
    {
        lock (_gate)
        {
            if (_failedAt is null)
            {
                LogNotReached(failure);
            }

            _failedAt = time.GetTimestamp();
            _failure = failure.Message;
        }
    }

    [LoggerMessage(3030, LogLevel.Error, "The catalog's database is not reached")]
    private partial void LogNotReached(Exception failure);

    [LoggerMessage(3031, LogLevel.Information, "The catalog's database is reached again")]
    private partial void LogReached();
}
