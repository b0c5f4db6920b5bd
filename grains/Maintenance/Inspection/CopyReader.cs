using Granary.Catalog;
using Granary.Stores;

namespace Granary.Grains.Maintenance;

/// <summary>Reads copies whole and hashes them, within the memory that maintenance may use.</summary>
internal sealed class CopyReader(ChunkBufferPool buffers)
{
    // Its own turn among the tenants that wait for memory: maintenance takes nobody's.
    private const string BufferTenant = "-maintenance";

    private static readonly TimeSpan OneRead = TimeSpan.FromMinutes(1);

    /// <summary>Looks at one copy.</summary>
    /// <exception cref="ChunkStoreException">The store could not be read; that says nothing about the copy.</exception>
    public async Task<CopyCondition> ReadAsync(IChunkStore store, InspectedCopy copy, CancellationToken cancellationToken)
    {
        var key = new LocationKey(copy.Tenant.ToString(), copy.Hash, copy.Location.Value);
        using var account = buffers.Open(BufferTenant, BufferUse.Internal);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(OneRead);
        try
        {
            using var chunk = await store.ReadVerifiedAsync(key, (int)copy.Length, account, limit.Token);
            return chunk is null ? CopyCondition.Missing : CopyCondition.Good;
        }
        catch (ChunkCorruptException)
        {
            return CopyCondition.Damaged;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ChunkStoreException(store.Traits.Name, ChunkStoreFault.Unavailable, $"Store {store.Traits.Name}: reading {key} took longer than {OneRead}.");
        }
    }
}

/// <summary>How a copy is.</summary>
internal enum CopyCondition
{
    /// <summary>There, and what its name says.</summary>
    Good,

    /// <summary>Not there.</summary>
    Missing,

    /// <summary>There, with another length or other bytes.</summary>
    Damaged,
}
