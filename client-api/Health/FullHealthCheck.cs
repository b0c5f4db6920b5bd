using System.Security.Cryptography;
using System.Text;
using Granary.Catalog;
using Granary.Stores;

namespace Granary.ClientApi.Health;

/// <summary>
/// Writes and reads back through the catalog and every store of this silo. A store gets 512 bytes that were never written
/// before, so that no cache can answer for it, and must give the same ones back.
/// </summary>
/// <remarks>
/// The key is a chunk's, under tenant 0. Ids of tenants begin at 1, so no row ever names such a key: collection, verification
/// and quotas do not see it, and a sweep that finds what a crash left of it removes it as it removes any bytes that no row
/// knows. It is outside the store's limit, like the identity object: it exists for milliseconds and has the size of a block.
/// </remarks>
internal sealed class FullHealthCheck(CatalogDatabase catalog, IStoreDirectory directory, ISiloContext silo, TimeProvider time)
{
    private const string ProbeTenant = "0";

    private const int ProbeBytes = 512;

    private long _checks;

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    /// <summary>What failed, by dependency: <c>catalog</c>, <c>store/{name}</c>.</summary>
    public async Task<IReadOnlyDictionary<string, string>> FindFailuresAsync(CancellationToken cancellationToken)
    {
        var checks = directory.Stores
            .Select(s => CheckAsync($"store/{s.Name}", t => TryStoreAsync(s, t), cancellationToken))
            .Append(CheckAsync("catalog", TryCatalogAsync, cancellationToken));
        var failures = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, failure) in await Task.WhenAll(checks))
        {
            if (failure is not null)
            {
                failures[name] = failure;
            }
        }

        return failures;
    }

    private async Task TryCatalogAsync(CancellationToken cancellationToken)
    {
        var written = await catalog.WriteAsync(CatalogProbe.Touch, cancellationToken);
        var read = await catalog.ReadAsync(CatalogProbe.Look, cancellationToken);
        if (read < written)
        {
            throw new InvalidDataException("The catalog does not read back what was written.");
        }
    }

    private async Task TryStoreAsync(StoreStatus status, CancellationToken cancellationToken)
    {
        if (!directory.TryGet(status.Store, out var store))
        {
            throw new InvalidDataException(status.Reason ?? "The store is not open.");
        }

        await store.CheckAsync(cancellationToken);
        var number = Interlocked.Increment(ref _checks);
        using var content = ChunkBuffer.CopyOf(ProbeContent(number));
        var key = new LocationKey(ProbeTenant, content.Hash, number);
        await store.PutAsync(key, content, cancellationToken);
        try
        {
            var back = new byte[ProbeBytes + 1];
            if (await store.ReadAsync(key, 0, [back], cancellationToken) != ProbeBytes || !SHA256.HashData(back.AsSpan(0, ProbeBytes)).AsSpan().SequenceEqual(content.Hash.ToByteArray()))
            {
                throw new InvalidDataException("The store does not read back what was written.");
            }
        }
        finally
        {
            await store.DeleteAsync(key, cancellationToken);
        }
    }

    /// <summary>Differs between checks, silos and their lives.</summary>
    private byte[] ProbeContent(long number)
    {
        var seed = SHA256.HashData(Encoding.UTF8.GetBytes($"{silo.InstallationId}/{silo.SiloName}/{silo.Epoch}/{number}/{time.GetUtcNow():O}"));
        var content = new byte[ProbeBytes];
        for (var at = 0; at < ProbeBytes; at += seed.Length)
        {
            seed = SHA256.HashData(seed);
            seed.CopyTo(content, at);
        }

        return content;
    }

    private async Task<(string Name, string? Failure)> CheckAsync(string name, Func<CancellationToken, Task> check, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Bound);
        try
        {
            await check(limit.Token).WaitAsync(Bound, time, cancellationToken);
            return (name, null);
        }
        catch (Exception error) when (error is ChunkStoreException or CatalogException or InvalidDataException)
        {
            return (name, error.Message);
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return (name, $"No answer within {Bound.TotalSeconds:0} s.");
        }
    }
}
