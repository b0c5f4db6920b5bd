using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;

namespace Granary.OrleansTests;

public sealed class LifeTests(OneSilo silo) : IClassFixture<OneSilo>
{
    private readonly string _key = Probe.NewKey();

    private Probe Seen => Probe.For(_key);

    private ILifeGrain Grain => silo.Client.GetGrain<ILifeGrain>(_key);

    [Fact]
    public async Task Deactivating_runs_the_grains_code_once_and_the_next_call_finds_a_fresh_one()
    {
        var first = await Grain.Identity();
        Assert.Equal(first, await Grain.Identity());
        await Grain.End();
        await Clusters.Until(() => Seen.Events.Count >= 2, "the grain was deactivated");
        Assert.NotEqual(first, await Grain.Identity());
        Assert.Equal(["activate", "deactivate ApplicationRequested", "activate"], Seen.Events);
    }

    [Fact]
    public async Task Calls_that_wait_for_an_ending_activation_are_served_by_the_next_one()
    {
        var first = await Grain.Identity();
        var held = Grain.EndWhileHolding();
        await Seen.Entered.Task.WaitAsync(Clusters.Patience);
        var waiting = Grain.Identity();
        Seen.Release.SetResult();
        await held;
        Assert.NotEqual(first, await waiting);
    }

    [Fact]
    public async Task A_grain_that_fails_to_activate_fails_its_callers_and_gets_another_chance()
    {
        var key = "fails" + _key;
        var grain = silo.Client.GetGrain<ILifeGrain>(key);
        Assert.Equal("not today", (await Assert.ThrowsAsync<InvalidOperationException>(() => grain.Identity())).Message);
        await grain.Identity();
        Assert.Equal(["activate", "activate"], Probe.For(key).Events);
    }

    [Fact]
    public async Task A_timer_ticks_until_it_is_stopped_and_its_token_says_so()
    {
        await Grain.StartTimerWithCaller();
        await Clusters.Until(async () => await Grain.Ticks() >= 2, "the timer ticked twice");
        await Grain.StopTimer();
        Assert.Contains("timer stopped", Seen.Events);
        var ticks = await Grain.Ticks();
        await Task.Delay(200);
        Assert.Equal(ticks, await Grain.Ticks());
    }

    [Fact]
    public async Task A_timer_waits_for_the_turn_that_is_running()
    {
        await Grain.StartTimer(TimeSpan.FromMilliseconds(50), interleave: false, keepAlive: false);
        var held = Grain.HoldTurn();
        await Seen.Entered.Task.WaitAsync(Clusters.Patience);
        var ticks = await Grain.Ticks();
        await Task.Delay(300);
        Assert.Equal(ticks, await Grain.Ticks());
        Seen.Release.SetResult();
        await held;
    }

    [Fact]
    public async Task A_timer_that_interleaves_ticks_beside_the_turn_that_is_running()
    {
        await Grain.StartTimer(TimeSpan.FromMilliseconds(50), interleave: true, keepAlive: false);
        var held = Grain.HoldTurn();
        await Seen.Entered.Task.WaitAsync(Clusters.Patience);
        var ticks = await Grain.Ticks();
        await Clusters.Until(async () => await Grain.Ticks() > ticks + 1, "the timer ticked");
        Seen.Release.SetResult();
        await held;
    }

    [Fact]
    public async Task A_tick_holds_calls_off_like_a_turn()
    {
        await Grain.StartGatedTimer(interleave: false);
        await Seen.Entered.Task.WaitAsync(Clusters.Patience);
        var call = Grain.Identity();
        await Task.Delay(200);
        Assert.False(call.IsCompleted);
        Seen.Release.SetResult();
        await call;
    }

    [Fact]
    public async Task A_timer_that_was_changed_keeps_to_its_new_times()
    {
        await Grain.StartTimer(TimeSpan.FromMinutes(10), interleave: false, keepAlive: false);
        await Grain.ChangeTimer(TimeSpan.FromMilliseconds(10));
        await Clusters.Until(async () => await Grain.Ticks() == 1, "the timer ticked");
    }

    [Fact]
    public async Task Timers_stop_with_the_activation()
    {
        await Grain.StartTimer(TimeSpan.FromMilliseconds(20), interleave: false, keepAlive: false);
        await Clusters.Until(async () => await Grain.Ticks() >= 1, "the timer ticked");
        await Grain.End();
        await Clusters.Until(() => Seen.Events.Count >= 2, "the grain was deactivated");
        await Task.Delay(100);
        Assert.Equal(0, await Grain.Ticks());
    }
}

/// <summary>Grains that are collected after three idle seconds, looked for every second.</summary>
public sealed class IdleTests : IAsyncLifetime
{
    private readonly global::Orleans.TestingHost.InProcessTestCluster _cluster = Clusters.New(1)
        .ConfigureSilo((_, silo) => silo.Configure<GrainCollectionOptions>(options =>
        {
            options.CollectionQuantum = TimeSpan.FromSeconds(1);
            options.ClassSpecificCollectionAge[typeof(BrieflyIdleGrain).FullName!] = TimeSpan.FromSeconds(3);
        }))
        .Build();

    public Task InitializeAsync() => _cluster.DeployAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task An_idle_grain_is_collected_unless_it_delays_that_or_a_timer_keeps_it_alive()
    {
        string idle = Probe.NewKey(), delayed = Probe.NewKey(), timed = Probe.NewKey(), kept = Probe.NewKey();
        await _cluster.Client.GetGrain<IBrieflyIdleGrain>(idle).Identity();
        await _cluster.Client.GetGrain<IBrieflyIdleGrain>(delayed).StayAwake();
        await _cluster.Client.GetGrain<IBrieflyIdleGrain>(timed).StartTimer(keepAlive: false);
        await _cluster.Client.GetGrain<IBrieflyIdleGrain>(kept).StartTimer(keepAlive: true);
        await Clusters.Until(() => !Probe.For(idle).Events.IsEmpty, "the idle grain was collected");
        await Clusters.Until(() => !Probe.For(timed).Events.IsEmpty, "the grain with an ordinary timer was collected");
        Assert.Equal(["ActivationIdle"], Probe.For(idle).Events);
        Assert.Empty(Probe.For(delayed).Events);
        Assert.Empty(Probe.For(kept).Events);
    }
}
