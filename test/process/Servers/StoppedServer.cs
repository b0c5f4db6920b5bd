using Granary.Catalog;
using Granary.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace Granary.Process.Tests.Servers;

/// <summary>Looks into the files that a server left behind; also beside one that runs, to see what is due.</summary>
internal static class StoppedServer
{
    private static readonly Sql SelectLocations = new("SELECT tenant, chunk, id, state, length FROM location");

    private static readonly Sql SelectSpace = new("SELECT SUM(charged), SUM(stored_bytes) FROM store_space");

    private static readonly Sql SelectOpenUploads = new("SELECT COUNT(*) FROM upload WHERE state <> 1");

    /// <summary>Waits until the rows say that no background work is due.</summary>
    public static async Task WaitForQuietAsync(string data, TimeSpan limit)
    {
        await using var database = await OpenAsync(data);
        var reclaim = new ReclaimCatalog(database, new TopologyCache(database));
        using var patience = new CancellationTokenSource(limit);
        while (await reclaim.WorkPendingAsync(patience.Token) is { } pending && pending.Tenants.Length + pending.Stores.Length > 0)
        {
            await Task.Delay(50, patience.Token);
        }
    }

    /// <summary>
    /// Asserts that the rows agree with each other and with the disk: every copy that is counted lies in the store with its
    /// length, and nothing else does.
    /// </summary>
    /// <returns>Bytes that are charged to stores.</returns>
    public static async Task<long> AssertConsistentAsync(string data)
    {
        await using var database = await OpenAsync(data);
        Assert.Empty(await CatalogInvariants.CheckAsync(database, default));
        var (counted, charged, stored, open) = await database.ReadAsync(Read, default);
        var folder = Path.Combine(data, "stores", "local");
        var found = Directory.EnumerateFiles(Path.Combine(folder, "chunks"), "*", SearchOption.AllDirectories)
            .ToDictionary(file => Path.GetRelativePath(folder, file), file => new FileInfo(file).Length);
        Assert.Empty(found.Keys.Except(counted.Keys));
        Assert.Empty(counted.Keys.Except(found.Keys));
        Assert.All(counted, pair => Assert.Equal(pair.Value, found[pair.Key]));
        Assert.Equal(charged, stored);
        Assert.Equal(charged, found.Values.Sum());
        Assert.Equal(0, open);
        return charged;
    }

    private static Task<CatalogDatabase> OpenAsync(string data) => CatalogDatabase.OpenAsync(
        new CatalogOptions { DataSource = Path.Combine(data, "catalog.db"), Readers = 1 }, TimeProvider.System, NullLoggerFactory.Instance, default);

    private static (Dictionary<string, long> Counted, long Charged, long Stored, long Open) Read(CatalogSession session)
    {
        var counted = new Dictionary<string, long>();
        using (var rows = session.Query(SelectLocations))
        {
            while (rows.Read())
            {
                Assert.Equal((long)LocationState.Stored, rows.Long(3));
                counted.Add(new LocationKey(rows.Long(0).ToString(), rows.Hash(1), rows.Long(2)).ToString(), rows.Long(4));
            }
        }

        using (var rows = session.Query(SelectSpace))
        {
            rows.Read();
            return (counted, rows.Long(0), rows.Long(1), session.Scalar(SelectOpenUploads) ?? -1);
        }
    }
}
