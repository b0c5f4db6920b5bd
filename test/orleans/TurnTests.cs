using Orleans;

namespace Granary.OrleansTests;

public sealed class TurnTests(OneSilo silo) : IClassFixture<OneSilo>
{
    private readonly string _key = Probe.NewKey();

    private Probe Gate => Probe.For(_key);

    private ITurnGrain Grain => silo.Client.GetGrain<ITurnGrain>(_key);

    /// <summary>The same grain, called from its own silo.</summary>
    private ITurnGrain Neighbour
        => ((IGrainFactory)silo.Cluster.Silos[0].ServiceProvider.GetService(typeof(IGrainFactory))!).GetGrain<ITurnGrain>(_key);

    private IReentrantTurnGrain Reentrant => silo.Client.GetGrain<IReentrantTurnGrain>(_key);

    [Fact]
    public async Task Calls_of_a_grain_never_overlap()
    {
        var calls = Enumerable.Range(0, 20).Select(_ => Grain.Hold()).ToArray();
        await Entered();
        Gate.Release.SetResult();
        await Task.WhenAll(calls);
        Assert.Equal(1, Gate.MostAtOnce);
    }

    [Fact]
    public async Task A_call_that_always_interleaves_runs_beside_a_running_one()
    {
        var held = Grain.Hold();
        await Entered();
        Assert.Equal(1, await Grain.PeekBeside());
        Gate.Release.SetResult();
        await held;
    }

    [Fact]
    public async Task An_ordinary_call_runs_beside_one_that_always_interleaves()
    {
        var held = Grain.HoldBeside();
        await Entered();
        Assert.Equal(1, await Grain.Peek());
        Gate.Release.SetResult();
        await held;
    }

    [Fact]
    public async Task Read_only_calls_overlap_each_other_while_others_wait()
    {
        var readers = Enumerable.Range(0, 3).Select(_ => Grain.HoldReading()).ToArray();
        await Clusters.Until(() => Gate.Inside == 3, "three readers were inside");
        var writer = Grain.Peek();
        await Task.Delay(200);
        Assert.False(writer.IsCompleted);
        Gate.Release.SetResult();
        await Task.WhenAll([.. readers, writer]);
    }

    [Fact]
    public async Task Calls_of_a_reentrant_grain_overlap()
    {
        var held = Reentrant.Hold();
        await Entered();
        Assert.Equal(1, await Reentrant.Peek());
        Gate.Release.SetResult();
        await held;
    }

    [Fact]
    public async Task A_cycle_of_calls_times_out_without_reentrancy()
        => await Assert.ThrowsAsync<TimeoutException>(() => Grain.CallBackThrough(Probe.NewKey()));

    [Fact]
    public async Task A_cycle_of_calls_succeeds_with_reentrancy() => await Reentrant.CallBackThrough(Probe.NewKey());

    [Fact]
    public async Task A_call_that_timed_out_still_takes_effect()
    {
        await Assert.ThrowsAsync<TimeoutException>(() => Grain.HoldImpatiently());
        Gate.Release.SetResult();
        await Clusters.Until(async () => await Grain.Count() == 1, "the call took effect");
    }

    [Fact]
    public async Task A_call_that_timed_out_before_it_started_never_starts()
    {
        var held = Grain.Hold();
        await Entered();
        await Assert.ThrowsAsync<TimeoutException>(() => Grain.CountImpatiently());
        Gate.Release.SetResult();
        await held;
        Assert.Equal(0, await Grain.Count());
    }

    [Fact]
    public async Task Every_caller_hears_of_its_timeout_whether_the_call_started_or_not()
    {
        var held = Grain.Hold();
        await Entered();
        var calls = new List<Task>();
        for (var i = 0; i < 30; i++)
        {
            calls.Add(Neighbour.CountImpatiently());
            await Task.Delay(50);
        }

        Gate.Release.SetResult();
        await held;
        var settled = Task.WhenAll(calls.Select(c => c.ContinueWith(t => t.Exception?.InnerException, TaskScheduler.Default)));
        Assert.All(await settled.WaitAsync(Clusters.Patience), error => Assert.True(error is null or TimeoutException));
    }

    [Fact]
    public async Task A_one_way_call_is_not_waited_for()
    {
        await Grain.HoldUnseen().WaitAsync(Clusters.Patience);
        await Entered();
        Gate.Release.SetResult();
    }

    [Fact]
    public async Task Cancelling_reaches_the_grain_and_frees_the_caller()
    {
        using var source = new CancellationTokenSource();
        var call = Grain.WaitForCancellation(source.Token);
        await Entered();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await Clusters.Until(() => !Gate.Events.IsEmpty, "the grain saw the cancellation");
    }

    [Fact]
    public async Task A_call_with_a_cancelled_token_is_not_made()
        => await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Grain.WaitForCancellation(new CancellationToken(canceled: true)));

    [Fact]
    public async Task The_callers_ambient_values_do_not_reach_the_grain()
    {
        TurnGrain.SetAmbient("caller");
        Assert.Equal("none", await Grain.Ambient());
        Assert.Equal("none", await Neighbour.Ambient());
    }

    [Fact]
    public async Task A_grain_stays_on_its_own_scheduler_over_awaits() => Assert.True(await Grain.StaysOnScheduler());

    private Task Entered() => Gate.Entered.Task.WaitAsync(Clusters.Patience);
}
