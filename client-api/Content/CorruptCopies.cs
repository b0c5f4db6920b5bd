using System.Collections.Concurrent;
using Granary.ClientApi.Metrics;
using Granary.GrainInterfaces;
using Granary.Stores;
using Microsoft.Extensions.Logging;

namespace Granary.ClientApi.Content;

/// <summary>
/// Copies that were read and were not what their name says. They are logged and counted, are read last from then on, and
/// wait here for repair; a restart forgets them, and the next reader finds them again.
/// </summary>
public sealed partial class CorruptCopies(ApiMetrics metrics, ILogger<CorruptCopies> logger)
{
    /// <summary>Most copies that are remembered; more than that is a dead disk, which its store reports by itself.</summary>
    private const int Max = 10_000;

    private readonly ConcurrentDictionary<LocationId, CorruptCopy> _copies = new();

    /// <summary>All that are remembered, for repair.</summary>
    public ICollection<CorruptCopy> All => _copies.Values;

    /// <summary>Is the copy known to be bad?</summary>
    public bool Contains(LocationId location) => !_copies.IsEmpty && _copies.ContainsKey(location);

    /// <summary>Forgets a copy: it was repaired or removed.</summary>
    public void Forget(LocationId location) => _copies.TryRemove(location, out _);

    internal void Report(TenantId tenant, StoreId store, LocationId location, ChunkCorruptException error)
    {
        metrics.Corrupt(error.Store);
        if (_copies.Count < Max && _copies.TryAdd(location, new CorruptCopy(tenant, store, location, error.Expected)))
            LogCorrupt(error.Store, error.Key, error);
    }

    [LoggerMessage(5020, LogLevel.Error, "Store {Store} holds a corrupt copy: {Key}")]
    private partial void LogCorrupt(string store, LocationKey key, Exception error);
}

/// <summary>One copy that is not what its name says.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Store">Where it is.</param>
/// <param name="Location">Which copy.</param>
/// <param name="Chunk">What it should be.</param>
public sealed record CorruptCopy(TenantId Tenant, StoreId Store, LocationId Location, ChunkHash Chunk);
