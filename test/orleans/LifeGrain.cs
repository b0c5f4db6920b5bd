using Orleans;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;

namespace Granary.OrleansTests;

public interface ILifeGrain : IGrainWithStringKey
{
    Task<Guid> Identity();

    Task End();

    Task EndWhileHolding();

    Task StayAwake();

    Task StartTimer(TimeSpan period, bool interleave, bool keepAlive);

    Task StartGatedTimer(bool interleave);

    Task StartTimerWithCaller();

    Task StopTimer();

    Task ChangeTimer(TimeSpan due);

    [AlwaysInterleave]
    Task<int> Ticks();

    Task HoldTurn();

    Task<SiloAddress> Where();
}

/// <summary>Keys that begin with "fails" do not activate the first time.</summary>
public sealed class LifeGrain(ILocalSiloDetails silo) : Grain, ILifeGrain
{
    private readonly Guid _identity = Guid.NewGuid();
    private IGrainTimer? _timer;
    private int _ticks;

    private Probe Probe => Probe.For(this.GetPrimaryKeyString());

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Probe.Events.Enqueue("activate");
        return this.GetPrimaryKeyString().StartsWith("fails", StringComparison.Ordinal) && Probe.Events.Count == 1
            ? throw new InvalidOperationException("not today")
            : Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await Task.Delay(10, cancellationToken);
        Probe.Events.Enqueue("deactivate " + reason.ReasonCode);
    }

    public Task<Guid> Identity() => Task.FromResult(_identity);

    public Task End()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public async Task EndWhileHolding()
    {
        DeactivateOnIdle();
        await Probe.PassGate();
    }

    public Task StayAwake()
    {
        DelayDeactivation(TimeSpan.FromMinutes(5));
        return Task.CompletedTask;
    }

    public Task StartTimer(TimeSpan period, bool interleave, bool keepAlive)
    {
        _timer = this.RegisterGrainTimer(
            static (grain, _) => grain.Tick(), this, new GrainTimerCreationOptions { DueTime = period, Period = period, Interleave = interleave, KeepAlive = keepAlive });
        return Task.CompletedTask;
    }

    public Task StartGatedTimer(bool interleave)
    {
        _timer = this.RegisterGrainTimer(
            async token =>
            {
                await Tick();
                await Probe.PassGate();
            },
            new GrainTimerCreationOptions { DueTime = TimeSpan.FromMilliseconds(10), Period = Timeout.InfiniteTimeSpan, Interleave = interleave });
        return Task.CompletedTask;
    }

    public Task StartTimerWithCaller()
    {
        _timer = this.RegisterGrainTimer(
            token =>
            {
                token.Register(() => Probe.Events.Enqueue("timer stopped"));
                return Tick();
            },
            new GrainTimerCreationOptions(TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(10)));
        return Task.CompletedTask;
    }

    public Task StopTimer()
    {
        _timer!.Dispose();
        return Task.CompletedTask;
    }

    public Task ChangeTimer(TimeSpan due)
    {
        _timer!.Change(due, Timeout.InfiniteTimeSpan);
        return Task.CompletedTask;
    }

    public Task<int> Ticks() => Task.FromResult(_ticks);

    public Task HoldTurn() => Probe.PassGate();

    public Task<SiloAddress> Where() => Task.FromResult(silo.SiloAddress);

    private Task Tick()
    {
        _ticks++;
        return Task.CompletedTask;
    }
}

public interface IBrieflyIdleGrain : IGrainWithStringKey
{
    Task<Guid> Identity();

    Task StayAwake();

    Task StartTimer(bool keepAlive);
}

public sealed class BrieflyIdleGrain : Grain, IBrieflyIdleGrain
{
    private readonly Guid _identity = Guid.NewGuid();

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Probe.For(this.GetPrimaryKeyString()).Events.Enqueue(reason.ReasonCode.ToString());
        return Task.CompletedTask;
    }

    public Task<Guid> Identity() => Task.FromResult(_identity);

    public Task StayAwake()
    {
        DelayDeactivation(TimeSpan.FromMinutes(5));
        return Task.CompletedTask;
    }

    public Task StartTimer(bool keepAlive)
    {
        this.RegisterGrainTimer(
            static _ => Task.CompletedTask,
            new GrainTimerCreationOptions { DueTime = TimeSpan.FromMilliseconds(50), Period = TimeSpan.FromMilliseconds(50), KeepAlive = keepAlive });
        return Task.CompletedTask;
    }
}

public interface ILocalGrain : IGrainWithStringKey
{
    Task<SiloAddress> Where();
}

[PreferLocalPlacement]
public sealed class LocalGrain(ILocalSiloDetails silo) : Grain, ILocalGrain
{
    public Task<SiloAddress> Where() => Task.FromResult(silo.SiloAddress);
}
