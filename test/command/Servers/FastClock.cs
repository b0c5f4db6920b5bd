namespace Granary.Command.Tests.Servers;

/// <summary>A clock on which every second of the machine is several, so that what takes half a minute is seen in a few seconds.</summary>
/// <param name="factor">How many.</param>
internal sealed class FastClock(int factor) : TimeProvider
{
    private readonly DateTimeOffset epoch = System.GetUtcNow();
    private readonly long origin = System.GetTimestamp();

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>What has passed on this clock since it was made.</summary>
    public TimeSpan Passed => System.GetElapsedTime(origin) * factor;

    public override long GetTimestamp() => Passed.Ticks;

    public override DateTimeOffset GetUtcNow() => epoch + Passed;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new FastTimer(System.CreateTimer(callback, state, Shorter(dueTime), Shorter(period)), this);

    private TimeSpan Shorter(TimeSpan time) => time == Timeout.InfiniteTimeSpan ? time : time / factor;

    private sealed class FastTimer(ITimer inner, FastClock clock) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(clock.Shorter(dueTime), clock.Shorter(period));

        public void Dispose() => inner.Dispose();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
