namespace Granary.Catalog;

/// <summary>The one row of maintenance_settings.</summary>
internal static class MaintenanceSettingsTable
{
    private static readonly Sql Select = new("""
        SELECT version, daily_at, parallel, bytes_per_second, rest, scrub_days, scrub_bytes_per_second, grace, sweep, change_days, next_daily, next_scrub, sweep_trusted
        FROM maintenance_settings WHERE one = 1 /*lock*/
        """);

    private static readonly Sql UpdateAll = new("""
        UPDATE maintenance_settings
        SET version = version + 1, daily_at = ?1, parallel = ?2, bytes_per_second = ?3, rest = ?4, scrub_days = ?5, scrub_bytes_per_second = ?6,
            grace = ?7, sweep = ?8, change_days = ?9, next_daily = ?10, next_scrub = ?11, sweep_trusted = ?12
        WHERE one = 1
        """);

    private static readonly Sql UpdateNext = new("UPDATE maintenance_settings SET next_daily = ?1, next_scrub = ?2 WHERE one = 1");

    public static MaintenanceSettings Read(CatalogSession session)
    {
        using var rows = session.Query(Select);
        return rows.Read()
            ? new MaintenanceSettings
            {
                Version = rows.Long(0),
                DailyAt = rows.IntOrNull(1),
                Parallel = rows.Int(2),
                BytesPerSecond = rows.LongOrNull(3),
                Rest = rows.Int(4),
                ScrubDays = rows.IntOrNull(5),
                ScrubBytesPerSecond = rows.Long(6),
                Grace = TimeSpan.FromMilliseconds(rows.Long(7)),
                Sweep = rows.Flag(8),
                ChangeDays = rows.IntOrNull(9),
                NextDaily = rows.TimeOrNull(10),
                NextScrub = rows.TimeOrNull(11),
                SweepTrusted = rows.Time(12),
            }
            : throw new CatalogException("The settings of maintenance have no row.", isTransient: false);
    }

    public static MaintenanceSettings Update(CatalogSession session, Func<MaintenanceSettings, MaintenanceSettings> change)
    {
        var old = Read(session);
        var next = change(old);

        // Another schedule is reckoned anew.
        var daily = next.DailyAt == old.DailyAt ? next.NextDaily : null;
        var scrub = next.ScrubDays == old.ScrubDays ? next.NextScrub : null;
        var trusted = next.Sweep && !old.Sweep ? session.Now : next.SweepTrusted;
        session.Execute(
            UpdateAll,
            next.DailyAt,
            next.Parallel,
            next.BytesPerSecond,
            next.Rest,
            next.ScrubDays,
            next.ScrubBytesPerSecond,
            (long)next.Grace.TotalMilliseconds,
            next.Sweep,
            next.ChangeDays,
            daily,
            scrub,
            trusted);
        return Read(session);
    }

    public static void SaveNext(CatalogSession session, DateTimeOffset? daily, DateTimeOffset? scrub) => session.Execute(UpdateNext, daily, scrub);
}
