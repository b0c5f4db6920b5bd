using Granary.GrainInterfaces;

namespace Granary.Catalog;

public sealed partial class StoreCatalog
{
    private long _notedDay = -1;

    /// <summary>How the store's space is used; null when there is no such store.</summary>
    public Task<StoreSpace?> GetSpaceAsync(StoreId store, CancellationToken cancellationToken) =>
        database.ReadAsync(session => SpaceLedger.Find(session, store), cancellationToken);

    /// <summary>Bytes that uploads brought into a store in the last week.</summary>
    public Task<long> GetWeekAsync(StoreId store, CancellationToken cancellationToken) =>
        database.ReadAsync(session => StoreIntake.LastWeek(session, store), cancellationToken);

    /// <summary>Notes, for the first time of a day, how much uploads have brought into each store by then.</summary>
    public async Task NoteIntakeAsync(CancellationToken cancellationToken)
    {
        var today = StoreIntake.DayOf(database.Time.GetUtcNow());
        if (Interlocked.Read(ref _notedDay) != today)
        {
            await database.WriteAsync(StoreIntake.Note, cancellationToken);
            Interlocked.Exchange(ref _notedDay, today);
        }
    }

    /// <summary>
    /// Answers requests for space in one transaction, in their order. The charge never passes maxSize; what has room is not
    /// refused: unused bytes of other silos are taken back first.
    /// </summary>
    public Task<BlockGrant[]> GrantAsync(StoreId store, IReadOnlyList<BlockRequest> requests, CancellationToken cancellationToken) =>
        database.WriteAsync(
            session =>
            {
                var grants = new BlockGrant[requests.Count];
                var promised = new Dictionary<SiloEpoch, long>();
                for (var i = 0; i < grants.Length; i++)
                {
                    var request = requests[i];
                    var before = promised.GetValueOrDefault(request.Epoch);
                    grants[i] = SpaceLedger.Grant(session, store, request, before);
                    promised[request.Epoch] = before + (grants[i].Refused ? 0 : request.Needed);
                }

                return grants;
            },
            cancellationToken);
}
