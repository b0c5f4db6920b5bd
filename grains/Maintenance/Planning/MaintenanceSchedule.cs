using Granary.Catalog;

namespace Granary.Grains.Maintenance;

/// <summary>When timed work is due. Pure.</summary>
internal static class MaintenanceSchedule
{
    /// <summary>What is due now, and when what comes next is due.</summary>
    /// <param name="settings">Settings of maintenance, with the times that are planned.</param>
    /// <param name="now">Now.</param>
    public static DueWork Due(MaintenanceSettings settings, DateTimeOffset now)
    {
        var daily = settings is { DailyAt: not null, NextDaily: { } nextDaily } && nextDaily <= now;
        var scrub = settings is { ScrubDays: not null, NextScrub: { } nextScrub } && nextScrub <= now;
        return new DueWork(
            daily,
            scrub,
            settings.DailyAt is { } minutes ? (daily || settings.NextDaily is null ? NextDaily(minutes, now) : settings.NextDaily) : null,
            settings.ScrubDays is { } days ? (scrub || settings.NextScrub is null ? now.AddDays(days) : settings.NextScrub) : null);
    }

    private static DateTimeOffset NextDaily(int minutes, DateTimeOffset now)
    {
        var today = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero).AddMinutes(minutes);
        return today > now ? today : today.AddDays(1);
    }
}

/// <summary>Timed work that is due.</summary>
/// <param name="Daily">The daily run is.</param>
/// <param name="Scrub">A scrub of all stores is.</param>
/// <param name="NextDaily">When the next daily run is due; null for never.</param>
/// <param name="NextScrub">When the next scrub is due; null for never.</param>
internal sealed record DueWork(bool Daily, bool Scrub, DateTimeOffset? NextDaily, DateTimeOffset? NextScrub);
