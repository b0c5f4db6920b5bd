using Orleans;
using Orleans.Concurrency;

namespace Granary.OrleansTests;

public interface ITurnGrain : IGrainWithStringKey
{
    Task Hold();

    Task HoldFor(string probe);

    [AlwaysInterleave]
    Task HoldBeside();

    [AlwaysInterleave]
    Task<int> PeekBeside();

    [ReadOnly]
    Task HoldReading();

    Task<int> Peek();

    [ResponseTimeout("00:00:01")]
    Task CallBackThrough(string other);

    Task CallBack(string first);

    [ResponseTimeout("00:00:01")]
    Task HoldImpatiently();

    [ResponseTimeout("00:00:01")]
    Task CountImpatiently();

    Task<int> Count();

    [OneWay]
    Task HoldUnseen();

    Task WaitForCancellation(CancellationToken token);

    Task<string> Ambient();

    Task<bool> StaysOnScheduler();
}

public interface IReentrantTurnGrain : IGrainWithStringKey
{
    Task Hold();

    Task<int> Peek();

    [ResponseTimeout("00:00:05")]
    Task CallBackThrough(string other);

    Task CallBack(string first);
}

public sealed class TurnGrain : Grain, ITurnGrain
{
    private static readonly AsyncLocal<string?> Leak = new();
    private int _count;

    public static void SetAmbient(string value) => Leak.Value = value;

    private Probe Probe => Probe.For(this.GetPrimaryKeyString());

    public Task Hold() => Probe.PassGate();

    public Task HoldFor(string probe) => Probe.For(probe).PassGate();

    public Task HoldBeside() => Probe.PassGate();

    public Task<int> PeekBeside() => Task.FromResult(Probe.Inside);

    public Task HoldReading() => Probe.PassGate();

    public Task<int> Peek() => Task.FromResult(Probe.Inside);

    public Task CallBackThrough(string other) => GrainFactory.GetGrain<ITurnGrain>(other).CallBack(this.GetPrimaryKeyString());

    public Task CallBack(string first) => GrainFactory.GetGrain<ITurnGrain>(first).Peek();

    public async Task HoldImpatiently()
    {
        await Probe.PassGate();
        _count++;
    }

    public Task CountImpatiently()
    {
        _count++;
        return Task.CompletedTask;
    }

    public Task<int> Count() => Task.FromResult(_count);

    public Task HoldUnseen() => Probe.PassGate();

    public async Task WaitForCancellation(CancellationToken token)
    {
        Probe.Entered.TrySetResult();
        try
        {
            await Task.Delay(Timeout.Infinite, token);
        }
        finally
        {
            Probe.Events.Enqueue("cancelled");
        }
    }

    public Task<string> Ambient() => Task.FromResult(Leak.Value ?? "none");

    public async Task<bool> StaysOnScheduler()
    {
        var before = TaskScheduler.Current;
        await Task.Yield();
        await Task.Delay(1);
        var inside = await Task.Run(() => TaskScheduler.Current);
        return before == TaskScheduler.Current && before != TaskScheduler.Default && inside != before;
    }
}

[Reentrant]
public sealed class ReentrantTurnGrain : Grain, IReentrantTurnGrain
{
    private Probe Probe => Probe.For(this.GetPrimaryKeyString());

    public Task Hold() => Probe.PassGate();

    public Task<int> Peek() => Task.FromResult(Probe.Inside);

    public Task CallBackThrough(string other) => GrainFactory.GetGrain<IReentrantTurnGrain>(other).CallBack(this.GetPrimaryKeyString());

    public Task CallBack(string first) => GrainFactory.GetGrain<IReentrantTurnGrain>(first).Peek();
}
