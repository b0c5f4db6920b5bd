using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// How much uploads bring into stores: a sum that only grows, counted with every copy, and what it was at the beginning of
/// the last days.
/// </summary>
internal static class StoreIntake
{
    private const int Days = 7;

    private static readonly Sql SelectSums = new("SELECT store, uploaded FROM store_space");

    private static readonly Sql SelectSum = new("SELECT uploaded FROM store_space WHERE store = ?1");

    private static readonly Sql SelectBefore = new("SELECT uploaded, day FROM store_intake WHERE store = ?1 AND day <= ?2 ORDER BY day DESC LIMIT 1");

    private static readonly Sql InsertDay = new("INSERT OR IGNORE INTO store_intake (store, day, uploaded) VALUES (?1, ?2, ?3)");

    private static readonly Sql DeleteBefore = new("DELETE FROM store_intake WHERE store = ?1 AND day < ?2");

    /// <summary>Days since 1970.</summary>
    public static long DayOf(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / (long)TimeSpan.FromDays(1).TotalMilliseconds;

    /// <summary>Notes the sums of all stores, once a day, and forgets what is older than is asked for.</summary>
    public static int Note(CatalogSession session)
    {
        var today = DayOf(session.Now);
        var sums = new List<(long Store, long Sum)>();
        using (var rows = session.Query(SelectSums))
        {
            while (rows.Read())
            {
                sums.Add((rows.Long(0), rows.Long(1)));
            }
        }

        foreach (var (store, sum) in sums)
        {
            session.Execute(InsertDay, store, today, sum);
            if (Before(session, new StoreId(store), today) is { } oldest)
            {
                session.Execute(DeleteBefore, store, oldest.Day);
            }
        }

        return sums.Count;
    }

    /// <summary>Bytes that uploads brought in today and on the seven days before; of a younger store all.</summary>
    public static long LastWeek(CatalogSession session, StoreId store) =>
        (session.Scalar(SelectSum, store) ?? 0) - (Before(session, store, DayOf(session.Now))?.Sum ?? 0);

    private static (long Sum, long Day)? Before(CatalogSession session, StoreId store, long today)
    {
        using var rows = session.Query(SelectBefore, store, today - Days);
        return rows.Read() ? (rows.Long(0), rows.Long(1)) : null;
    }
}
