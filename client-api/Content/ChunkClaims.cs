using Granary.Catalog;
using Granary.GrainInterfaces;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace Granary.ClientApi.Content;

/// <summary>
/// Single flight for writes of the same large chunk: while somebody writes it, others wait, and then find it stored. An
/// optimisation: whatever goes wrong here, the chunk is written and the rows decide.
/// </summary>
internal sealed partial class ChunkClaims(
    NamespaceCatalog names, IGrainFactory grains, IOptions<ClientApiOptions> options, ILogger<ChunkClaims> logger)
{
    private readonly int _from = options.Value.SingleFlightBytes;

    /// <summary>Claims the chunk when it is large and no copy of it can be read.</summary>
    /// <returns>True when the caller writes it and must release the claim.</returns>
    public async ValueTask<bool> TryClaimAsync(UploadTarget target, ChunkHash hash, int size)
    {
        if (size < _from)
            return false;
        var copies = await names.GetCopiesAsync(target.Tenant, hash, CancellationToken.None);
        if (target.Stores.CanRead(copies))
            return false;
        try
        {
            return await Grain(target, hash).ClaimWriteAsync(target.Upload, CancellationToken.None) == WriteClaim.Writer;
        }
        catch (Exception error) when (error is TimeoutException or OrleansException)
        {
            LogClaimFailed(error);
            return false;
        }
    }

    /// <summary>Lets those who wait go on.</summary>
    public async Task ReleaseAsync(UploadTarget target, ChunkHash hash)
    {
        try
        {
            await Grain(target, hash).ReleaseWriteAsync(target.Upload, CancellationToken.None);
        }
        catch (Exception error) when (error is TimeoutException or OrleansException)
        {
            LogClaimFailed(error);
        }
    }

    private IChunkGrain Grain(UploadTarget target, ChunkHash hash) => grains.GetGrain<IChunkGrain>(GrainKeys.Chunk(target.Tenant, hash));

    [LoggerMessage(5010, LogLevel.Debug, "A claim on a chunk could not be made or released; the chunk is written anyway")]
    private partial void LogClaimFailed(Exception error);
}
