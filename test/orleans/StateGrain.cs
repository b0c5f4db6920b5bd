using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Granary.OrleansTests;

public sealed class Ledger
{
    public int Balance { get; set; }

    public List<string> Entries { get; set; } = [];
}

public interface IStateGrain : IGrainWithStringKey
{
    Task<int> Add(int amount);

    Task<int> Balance();

    Task<bool> Exists();

    Task Forget();

    Task<Guid> Identity();

    /// <summary>Writes with another version than the stored one, as if somebody else had written in between.</summary>
    Task WriteStale();

    Task<bool> WriteStaleAndCatch();

    Task<bool> ReadOffScheduler();

    Task End();
}

public abstract class StateGrainBase(IPersistentState<Ledger> ledger, IGrainStorage store, string name) : Grain
{
    private readonly Guid _identity = Guid.NewGuid();

    public async Task<int> Add(int amount)
    {
        ledger.State.Balance += amount;
        ledger.State.Entries.Add($"+{amount}");
        await ledger.WriteStateAsync();
        return ledger.State.Balance;
    }

    public Task<int> Balance() => Task.FromResult(ledger.State.Balance);

    public Task<bool> Exists() => Task.FromResult(ledger.RecordExists);

    public Task Forget() => ledger.ClearStateAsync();

    public Task<Guid> Identity() => Task.FromResult(_identity);

    public async Task WriteStale()
    {
        var other = new GrainState<Ledger>();
        await store.ReadStateAsync(name, this.GetGrainId(), other);
        other.State!.Balance = 1000;
        await store.WriteStateAsync(name, this.GetGrainId(), other);
        ledger.State.Balance = -1;
        await ledger.WriteStateAsync();
    }

    public async Task<bool> WriteStaleAndCatch()
    {
        try
        {
            await WriteStale();
            return false;
        }
        catch (InconsistentStateException)
        {
            return true;
        }
    }

    public Task<bool> ReadOffScheduler() => Task.Run(() =>
    {
        try
        {
            return ledger.State.Balance == int.MinValue;
        }
        catch (InvalidOperationException)
        {
            return true;
        }
    });

    public Task End()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}

public interface IMemoryStateGrain : IStateGrain;

public interface ISqliteStateGrain : IStateGrain, IRemindable
{
    Task Remind(string name, TimeSpan due, TimeSpan period);

    Task<bool> HasReminder(string name);

    Task<int> CountReminders();

    Task ForgetReminder(string name);
}

public sealed class MemoryStateGrain(
    [PersistentState("ledger")] IPersistentState<Ledger> ledger, [FromKeyedServices("Default")] IGrainStorage store)
    : StateGrainBase(ledger, store, "ledger"), IMemoryStateGrain;

public sealed class SqliteStateGrain(
    [PersistentState("ledger", "sqlite")] IPersistentState<Ledger> ledger, [FromKeyedServices("sqlite")] IGrainStorage store)
    : StateGrainBase(ledger, store, "ledger"), ISqliteStateGrain
{
    public Task Remind(string name, TimeSpan due, TimeSpan period) => this.RegisterOrUpdateReminder(name, due, period);

    public async Task<bool> HasReminder(string name) => await this.GetReminder(name) is { } reminder && reminder.ReminderName == name;

    public async Task<int> CountReminders() => (await this.GetReminders()).Count;

    public async Task ForgetReminder(string name) => await this.UnregisterReminder((await this.GetReminder(name))!);

    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        Probe.For(this.GetPrimaryKeyString()).Events.Enqueue($"{reminderName} {status.Period.TotalSeconds} {status.CurrentTickTime >= status.FirstTickTime}");
        return Task.CompletedTask;
    }
}
