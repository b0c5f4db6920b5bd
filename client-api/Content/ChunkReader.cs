using Granary.Catalog;
using Granary.ClientApi.Metrics;
using Granary.ClientApi.Stores;
using Granary.GrainInterfaces;
using Granary.Stores;
using Microsoft.Extensions.Logging;

namespace Granary.ClientApi.Content;

/// <summary>On whose behalf chunks are read.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="TenantText">The tenant as it appears in keys.</param>
/// <param name="Stores">The stores of the scope.</param>
internal sealed record ReadSource(TenantId Tenant, string TenantText, ScopeStores Stores);

/// <summary>
/// Reads one chunk whole and checks its hash. Copies are tried in order; one that fails or is wrong is reported, and the next
/// is read (D13). When none is left the copies are looked up again, once: maintenance may have moved them meanwhile.
/// </summary>
internal sealed partial class ChunkReader(
    NamespaceCatalog names, IStoreDirectory directory, AccessCatalog access, CorruptCopies corrupt, HotContent hot, ApiMetrics metrics, ILogger<ChunkReader> logger)
{
    private static readonly Tier[] s_tiers = [Tier.Good, Tier.Suspect];

    /// <summary>Reads a chunk into memory of an account.</summary>
    /// <returns>The sealed chunk, for the caller to dispose; null when no copy can be read.</returns>
    public async Task<ChunkBuffer?> ReadAsync(ReadSource source, ChunkWithCopies chunk, BufferAccount account, CancellationToken cancellationToken)
    {
        var tried = new HashSet<LocationId>();
        var found = await ReadFromAsync(source, chunk, chunk.Copies, tried, account, cancellationToken);
        if (found is not null)
            return found;
        var again = await names.GetCopiesAsync(source.Tenant, chunk.Hash, cancellationToken);
        return await ReadFromAsync(source, chunk, again, tried, account, cancellationToken);
    }

    private async Task<ChunkBuffer?> ReadFromAsync(
        ReadSource source, ChunkWithCopies chunk, IReadOnlyList<ChunkCopy> copies, HashSet<LocationId> tried, BufferAccount account, CancellationToken cancellationToken)
    {
        var order = source.Stores.ReadOrder(copies);
        foreach (var tier in s_tiers)
        {
            // Stores that failed a moment ago and copies known to be bad are read last, not never: they may be all there is.
            for (var i = 0; i < order.Count; i++)
            {
                if (TierOf(order[i]) == tier && tried.Add(order[i].Location)
                    && await TryReadAsync(source, chunk, order[i], account, cancellationToken) is { } read)
                    return read;
            }
        }

        return null;
    }

    private async Task<ChunkBuffer?> TryReadAsync(
        ReadSource source, ChunkWithCopies chunk, ChunkCopy copy, BufferAccount account, CancellationToken cancellationToken)
    {
        if (!directory.TryGet(copy.Store, out var store))
            return null;
        var buffer = account.Begin(chunk.Size);
        try
        {
            var key = new LocationKey(source.TenantText, chunk.Hash, copy.Location.Value);
            var room = await buffer.ReserveAsync(chunk.Size, cancellationToken);
            if (await store.ReadAsync(key, 0, room, cancellationToken) is not { } count)
            {
                LogAbsent(store.Traits.Name, key);
            }
            else
            {
                Check(store, key, chunk, buffer, count);
                access.Touch(copy.Store, source.Tenant, chunk.Hash);
                if (!store.Traits.IsLocal)
                    hot.Note(source, chunk.Hash, copy.Store);
                return buffer;
            }
        }
        catch (ChunkCorruptException error)
        {
            corrupt.Report(source.Tenant, copy.Store, copy.Location, error);
        }
        catch (Exception error) when (error is ChunkStoreException or ObjectDisposedException)
        {
            metrics.ReadFailed(source.Stores.NameOf(copy.Store));
            LogReadFailed(source.Stores.NameOf(copy.Store), copy.Location, error);
            directory.ReportFailure(copy.Store, error);
        }
        catch
        {
            buffer.Dispose();
            throw;
        }

        buffer.Dispose();
        return null;
    }

    private static void Check(IChunkStore store, LocationKey key, ChunkWithCopies chunk, ChunkBuffer buffer, int count)
    {
        if (count != chunk.Size)
            throw new ChunkCorruptException(store.Traits.Name, key, default, chunk.Size, count);
        buffer.Advance(count);
        var hash = buffer.Seal();
        if (hash != chunk.Hash)
            throw new ChunkCorruptException(store.Traits.Name, key, hash, chunk.Size, count);
    }

    private Tier TierOf(ChunkCopy copy) => directory.IsUsable(copy.Store) && !corrupt.Contains(copy.Location) ? Tier.Good : Tier.Suspect;

    [LoggerMessage(5021, LogLevel.Warning, "Store {Store} could not read location {Location}")]
    private partial void LogReadFailed(string store, LocationId location, Exception error);

    [LoggerMessage(5022, LogLevel.Information, "Store {Store} does not have {Key} any more")]
    private partial void LogAbsent(string store, LocationKey key);

    private enum Tier
    {
        Good,
        Suspect,
    }
}
