using Granary.Catalog;
using Granary.Grains.Maintenance;

namespace Granary.Grains.Tests.Maintenance;

/// <summary>The pure parts: when timed work is due, how fast tasks go, how a store is walked.</summary>
public sealed class PlanTests
{
    private static readonly DateTimeOffset Noon = new(2030, 5, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_first_daily_run_is_at_two_and_a_missed_one_is_made_up_for_once()
    {
        var first = MaintenanceSchedule.Due(new MaintenanceSettings(), Noon);
        Assert.Equal((false, false, new DateTimeOffset(2030, 5, 2, 2, 0, 0, TimeSpan.Zero), Noon.AddDays(30)), (first.Daily, first.Scrub, first.NextDaily, first.NextScrub));
        var planned = new MaintenanceSettings { NextDaily = first.NextDaily, NextScrub = first.NextScrub };
        Assert.False(MaintenanceSchedule.Due(planned, first.NextDaily!.Value.AddTicks(-1)).Daily);
        var late = MaintenanceSchedule.Due(planned, Noon.AddDays(5));
        Assert.Equal((true, new DateTimeOffset(2030, 5, 7, 2, 0, 0, TimeSpan.Zero)), (late.Daily, late.NextDaily));
        Assert.True(MaintenanceSchedule.Due(planned, Noon.AddDays(30)).Scrub);
    }

    [Fact]
    public void What_is_switched_off_is_never_due()
    {
        var off = MaintenanceSchedule.Due(new MaintenanceSettings { DailyAt = null, ScrubDays = null, NextDaily = Noon, NextScrub = Noon }, Noon.AddDays(1));
        Assert.Equal(new DueWork(false, false, null, null), off);
    }

    [Fact]
    public void A_rate_in_bytes_is_kept_by_resting_and_urgent_work_does_not_rest_for_others()
    {
        var settings = new MaintenanceSettings { Rest = 50 };
        var second = TimeSpan.FromSeconds(1);
        Assert.Equal(second / 2, TaskPacing.RestAfter(Task(GrainInterfaces.RunTrigger.Schedule), settings, 1000, second));
        Assert.Equal(TimeSpan.Zero, TaskPacing.RestAfter(Task(GrainInterfaces.RunTrigger.Limit), settings, 1000, second));
        Assert.Equal(TaskPacing.LongestRest, TaskPacing.RestAfter(Task(GrainInterfaces.RunTrigger.Schedule), settings, 1000, second * 60));
        var slow = settings with { BytesPerSecond = 100 };
        Assert.Equal(second * 9, TaskPacing.RestAfter(Task(GrainInterfaces.RunTrigger.Limit), slow, 1000, second));
    }

    [Fact]
    public void Every_shard_follows_its_predecessor_and_covers_its_names()
    {
        var whole = ShardPosition.Of(7);
        Assert.Equal(("chunks/7/", new string('0', 64), new string('f', 64)), (whole.Prefix, Convert.ToHexStringLower(whole.First), Convert.ToHexStringLower(whole.Last)));
        Assert.Null(whole.Next());
        var part = whole.Descend();
        Assert.Equal("chunks/7/00/", part.Prefix);
        Assert.Equal("chunks/7/00/00/", part.Descend().Prefix);
        Assert.False(part.Descend().CanDescend);
        Assert.Equal("01", new ShardPosition(7, "00ff", 9).Next()!.Value.Digits);
        Assert.Equal("a3b0", new ShardPosition(7, "a3af", 9).Next()!.Value.Digits);
        Assert.Null(new ShardPosition(7, "ffff", 0).Next());
        Assert.Equal("a3" + new string('f', 62), Convert.ToHexStringLower(new ShardPosition(7, "a3", 0).Last));
        var cursor = new ShardPosition(7, "a3", 41);
        Assert.Equal(cursor, ShardPosition.Parse(cursor.ToString()));
    }

    [Fact]
    public async Task A_walk_visits_every_part_of_a_large_shard_and_every_tenant_once()
    {
        long[] tenants = [2, 5];
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            cursor = await ShardWalk.RunAsync(
                cursor,
                after => tenants.Cast<long?>().FirstOrDefault(tenant => tenant > after),
                shard =>
                {
                    var large = shard is { Tenant: 5, Digits.Length: 0 } or { Tenant: 5, Digits: "10" };
                    if (!large)
                    {
                        seen.Add($"{shard.Tenant}:{shard.Digits}");
                    }

                    return System.Threading.Tasks.Task.FromResult(large ? ShardVisit.TooLarge : ShardVisit.Done);
                },
                TimeProvider.System);
        }
        while (cursor is not null);

        var parts = Enumerable.Range(0, 256).Select(static i => $"{i:x2}").ToArray();
        string[] expected = ["2:", .. parts.SelectMany(part => part == "10" ? parts.Select(deeper => $"5:10{deeper}") : [$"5:{part}"])];
        Assert.Equal(expected, seen);
    }

    private static MaintenanceTaskRow Task(GrainInterfaces.RunTrigger trigger) =>
        new() { Run = 1, Task = 0, Kind = GrainInterfaces.MaintenanceTaskKind.Drain, Trigger = trigger };
}
