using Granary.Grains.Maintenance;

namespace Granary.Grains.Tests.Maintenance;

public sealed class WorkPaceTests
{
    [Fact]
    public void Idle_work_is_not_repeated_by_itself() => Assert.Null(WorkPace.Next(WorkOutcome.Idle, TimeSpan.FromSeconds(1), 0, 0.5));

    [Fact]
    public void Busy_work_rests_as_long_as_it_worked_up_to_a_bound()
    {
        Assert.Equal(TimeSpan.FromMilliseconds(30), WorkPace.Next(WorkOutcome.Busy, TimeSpan.FromMilliseconds(30), 0, 0.5));
        Assert.Equal(WorkPace.LongestRest, WorkPace.Next(WorkOutcome.Busy, TimeSpan.FromMinutes(1), 0, 0.5));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(5, 16)]
    [InlineData(8, 120)]
    [InlineData(1000, 120)]
    public void Failures_wait_twice_as_long_each_time_up_to_two_minutes(int failures, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), WorkPace.Next(WorkOutcome.Failed, TimeSpan.Zero, failures, 0.5));

    [Fact]
    public void Jitter_spreads_a_wait_over_half_of_it()
    {
        Assert.Equal(TimeSpan.FromSeconds(0.75), WorkPace.Next(WorkOutcome.Failed, TimeSpan.Zero, 1, 0));
        Assert.Equal(TimeSpan.FromSeconds(1.25), WorkPace.Next(WorkOutcome.Failed, TimeSpan.Zero, 1, 1));
    }
}
