using Granary.Catalog;
using Granary.Stores;

namespace Granary.ClientApi.Health;

/// <summary>
/// Writes and reads back through the catalog and every store of this silo. A store gets an object without bytes, so that its
/// limit is not passed by a check, under a tenant that no tenant's id can be; what a crash leaves of it holds no space.
/// </summary>
internal sealed class FullHealthCheck(CatalogDatabase catalog, IStoreDirectory directory, TimeProvider time)
{
    private const string ProbeTenant = "0";

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
        using var content = ChunkBuffer.CopyOf([]);
        var key = new LocationKey(ProbeTenant, content.Hash, time.GetUtcNow().Ticks);
        await store.PutAsync(key, content, cancellationToken);
        try
        {
            if (await store.StatAsync(key, cancellationToken) is not { Length: 0 })
            {
                throw new InvalidDataException("The store does not read back what was written.");
            }
        }
        finally
        {
            await store.DeleteAsync(key, cancellationToken);
        }
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
