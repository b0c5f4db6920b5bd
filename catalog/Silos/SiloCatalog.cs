using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Lives of silo processes. Blocks of space, unfinished writes and direct uploads belong to a life and die with it, in the
/// rows: a process that was thought dead and comes back finds its life ended in every transaction it tries.
/// </summary>
public sealed class SiloCatalog(CatalogDatabase database)
{
    private static readonly Sql EndByName = new("UPDATE silo_epoch SET ended = ?2 WHERE silo = ?1 AND ended IS NULL");

    private static readonly Sql InsertEpoch = new("INSERT INTO silo_epoch (id, silo, started) VALUES (?1, ?2, ?3)");

    private static readonly Sql SelectAlive = new("SELECT 1 FROM silo_epoch WHERE id = ?1 AND ended IS NULL /*share*/");

    private static readonly Sql EndById = new("UPDATE silo_epoch SET ended = ?2 WHERE id = ?1 AND ended IS NULL");

    private static readonly Sql SelectBlocks = new("SELECT store, available FROM block WHERE epoch = ?1 ORDER BY store /*lock*/");

    private static readonly Sql DeleteBlocks = new("DELETE FROM block WHERE epoch = ?1");

    // Asked before every write of one silo to a store of another.
    private readonly GatheredWork<SiloEpoch, bool> _questions = new(
        epochs => database.ReadAsync<bool[]>(session => [.. epochs.Select(epoch => IsAlive(session, epoch))], CancellationToken.None),
        static _ => null);

    /// <summary>Begins a life. Earlier lives of the same name are over from now on.</summary>
    public Task<SiloEpoch> RegisterAsync(string siloName, CancellationToken cancellationToken) =>
        database.WriteAsync(
            session =>
            {
                // The id first: its row is locked, so that two starts with one name come one after the other.
                var epoch = new SiloEpoch(session.NextId("epoch"));
                session.Execute(EndByName, siloName, session.Now);
                session.Execute(InsertEpoch, epoch, siloName, session.Now);
                return epoch;
            },
            cancellationToken);

    /// <summary>Ends a life on a clean stop: its unused space is given back at once.</summary>
    /// <returns>False when it had ended before.</returns>
    public Task<bool> EndAsync(SiloEpoch epoch, CancellationToken cancellationToken) =>
        database.WriteAsync(
            session =>
            {
                if (session.Execute(EndById, epoch, session.Now) == 0)
                {
                    return false;
                }

                ReleaseBlocks(session, epoch);
                return true;
            },
            cancellationToken);

    /// <summary>Whether a life is not over.</summary>
    public Task<bool> IsAliveAsync(SiloEpoch epoch, CancellationToken cancellationToken) =>
        _questions.RunAsync(epoch, cancellationToken);

    internal static bool IsAlive(CatalogSession session, SiloEpoch epoch)
    {
        using var rows = session.QueryOnce(SelectAlive, epoch);
        return rows.Read();
    }

    /// <summary><see cref="IsAlive"/> is going to be asked.</summary>
    internal static void ExpectAlive(CatalogSession session, SiloEpoch epoch) => session.Expect(SelectAlive, epoch);

    /// <summary>Gives the unused space of a life back, in all stores.</summary>
    internal static long ReleaseBlocks(CatalogSession session, SiloEpoch epoch)
    {
        var blocks = new List<(StoreId Store, long Available)>();
        using (var rows = session.Query(SelectBlocks, epoch))
        {
            while (rows.Read())
            {
                blocks.Add((new StoreId(rows.Long(0)), rows.Long(1)));
            }
        }

        foreach (var (store, available) in blocks)
        {
            LocationLedger.Discharge(session, store, available);
        }

        session.Execute(DeleteBlocks, epoch);
        return blocks.Sum(static block => block.Available);
    }
}
