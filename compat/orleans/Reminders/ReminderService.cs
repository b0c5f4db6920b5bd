using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;

namespace Orleans.Runtime;

/// <summary>
/// Wakes grains. Each silo serves the reminders of the grains that rendezvous hashing gives it, keeps a timer for each, and reads the table
/// again when the silos change and every refresh period.
/// </summary>
internal sealed partial class ReminderService(Silo silo, IReminderTable table, IOptions<ReminderOptions> options, ILogger<ReminderService> logger)
    : ISiloPart, IDisposable {
    private readonly Dictionary<(GrainId, string), (ReminderEntry Entry, ITimer Timer)> _mine = [];
    private readonly SemaphoreSlim _reading = new(1, 1);
    private ITimer? _refresh;
    private volatile bool _stopped;

    public async Task StartAsync(CancellationToken token) {
        await table.StartAsync();
        await ReadTableAsync();
        silo.Cluster.Changed += ReadAgain;
        var period = options.Value.RefreshReminderListPeriod;
        _refresh = silo.Time.CreateTimer(_ => ReadAgain(silo.Cluster.View), null, period, period);
    }

    public Task StopAsync() {
        _stopped = true;
        silo.Cluster.Changed -= ReadAgain;
        _refresh?.Dispose();
        DropAllBut([]);
        return Task.CompletedTask;
    }

    public async Task<IGrainReminder> RegisterAsync(GrainId grain, string name, TimeSpan dueTime, TimeSpan period) {
        ArgumentOutOfRangeException.ThrowIfNegative(dueTime.Ticks, nameof(dueTime));
        var minimum = options.Value.MinimumReminderPeriod;
        if (period < minimum)
            throw new ArgumentException($"Cannot register reminder {name} as requested period ({period}) is less than minimum allowed reminder period ({minimum})");
        var entry = await table.UpsertAsync(new ReminderEntry(grain, name, silo.Time.GetUtcNow().UtcDateTime + dueTime, period, ""));
        ServiceOf(grain)?.Schedule(entry);
        return entry;
    }

    public async Task UnregisterAsync(ReminderEntry reminder) {
        if (!await table.RemoveAsync(reminder))
            throw new ReminderException($"Could not unregister reminder {reminder.ReminderName} of {reminder.Grain}: it was changed or removed by somebody else.");
        ServiceOf(reminder.Grain)?.Drop(reminder.Key);
    }

    public Task<List<ReminderEntry>> GetAsync(GrainId grain) => table.ReadAsync(grain);
    public void Dispose() => _reading.Dispose();
    private ReminderService? ServiceOf(GrainId grain) => silo.Cluster.Local(Rendezvous.Owner(grain, silo.Cluster.View.Active))?.Services.GetService<ReminderService>();

    private void ReadAgain(ClusterView view) => _ = Task.Run(async () => {
        try {
            await ReadTableAsync();
        } catch (Exception error) {
            LogReadFailed(logger, error); // The next refresh tries again.
        }
    });

    private async Task ReadTableAsync() {
        await _reading.WaitAsync();
        try {
            var rows = await table.ReadAsync(null);
            var active = silo.Cluster.View.Active;
            var mine = rows.Where(r => active.Contains(silo.Address) && Rendezvous.Owner(r.Grain, active).Equals(silo.Address)).ToDictionary(r => r.Key);
            DropAllBut([.. mine.Keys]);
            foreach (var row in mine.Values)
                Schedule(row);
        } finally {
            _reading.Release();
        }
    }

    private void Schedule(ReminderEntry entry) {
        lock (_mine) {
            if (_stopped || (_mine.TryGetValue(entry.Key, out var known) && known.Entry == entry))
                return;
            Drop(entry.Key);
            _mine[entry.Key] = (entry, silo.Time.CreateTimer(_ => _ = TickAsync(entry), null, UntilNext(entry), Timeout.InfiniteTimeSpan));
        }
    }

    private void Drop((GrainId, string) key) {
        lock (_mine) {
            if (_mine.Remove(key, out var known))
                known.Timer.Dispose();
        }
    }

    private void DropAllBut(HashSet<(GrainId, string)> kept) {
        lock (_mine)
            _mine.Keys.Where(key => !kept.Contains(key)).ToList().ForEach(Drop);
    }

    /// <summary>Ticks keep to the grid of start and period; those missed while nobody served them are not made up for.</summary>
    private TimeSpan UntilNext(ReminderEntry entry) {
        var since = silo.Time.GetUtcNow().UtcDateTime - entry.StartAt;
        var wait = since < TimeSpan.Zero || entry.Period == TimeSpan.Zero ? -since : entry.Period - TimeSpan.FromTicks(since.Ticks % entry.Period.Ticks);
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    private async Task TickAsync(ReminderEntry entry) {
        try {
            var status = new TickStatus(entry.StartAt, entry.Period, silo.Time.GetUtcNow().UtcDateTime);
            await silo.Factory.GetGrain<IRemindable>(entry.Grain).ReceiveReminder(entry.ReminderName, status);
        } catch (Exception error) {
            LogTickFailed(logger, entry.ReminderName, entry.Grain, error);
        }
        lock (_mine) {
            if (_mine.TryGetValue(entry.Key, out var known) && ReferenceEquals(known.Entry, entry))
                known.Timer.Change(UntilNext(entry), Timeout.InfiniteTimeSpan);
        }
    }

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning, Message = "The reminder table could not be read")]
    private static partial void LogReadFailed(ILogger logger, Exception error);

    [LoggerMessage(EventId = 5, Level = LogLevel.Warning, Message = "Reminder {Name} of {Grain} failed; the next tick comes")]
    private static partial void LogTickFailed(ILogger logger, string name, GrainId grain, Exception error);
}
