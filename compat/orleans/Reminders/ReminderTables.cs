using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Storage;

namespace Orleans.Runtime;

/// <summary>One reminder as stored.</summary>
internal sealed record ReminderEntry(GrainId Grain, string Name, DateTime StartAt, TimeSpan Period, string ETag);

/// <summary>What a grain holds of its reminder.</summary>
[GenerateSerializer, Immutable]
internal sealed record ReminderData([property: Id(0)] GrainId Grain, [property: Id(1)] string ReminderName, [property: Id(2)] string ETag) : IGrainReminder;

internal interface IReminderTable {
    Task StartAsync();

    Task<List<ReminderEntry>> ReadAllAsync();

    Task<List<ReminderEntry>> ReadAsync(GrainId grain);

    /// <summary>Gives the new version.</summary>
    Task<string> UpsertAsync(GrainId grain, string name, DateTime startAt, TimeSpan period);

    /// <summary>False when the stored version is another.</summary>
    Task<bool> RemoveAsync(ReminderData reminder);
}

/// <summary>Shared by the silos of a cluster.</summary>
internal sealed class MemoryReminderRows : ConcurrentDictionary<(GrainId, string), ReminderEntry>;

internal sealed class MemoryReminderTable(MemoryReminderRows rows) : IReminderTable {
    public Task StartAsync() => Task.CompletedTask;
    public Task<List<ReminderEntry>> ReadAllAsync() => Task.FromResult(rows.Values.ToList());
    public Task<List<ReminderEntry>> ReadAsync(GrainId grain) => Task.FromResult(rows.Values.Where(r => r.Grain == grain).ToList());

    public Task<string> UpsertAsync(GrainId grain, string name, DateTime startAt, TimeSpan period) => Task.FromResult(rows.AddOrUpdate(
        (grain, name),
        key => new ReminderEntry(key.Item1, key.Item2, startAt, period, "0"),
        (_, old) => old with { StartAt = startAt, Period = period, ETag = (int.Parse(old.ETag) + 1).ToString() }).ETag);

    public Task<bool> RemoveAsync(ReminderData reminder) => Task.FromResult(
        rows.TryGetValue((reminder.Grain, reminder.ReminderName), out var row) && row.ETag == reminder.ETag
        && rows.TryRemove(KeyValuePair.Create((reminder.Grain, reminder.ReminderName), row)));
}

internal sealed class AdoNetReminderTable(IOptions<AdoNetReminderTableOptions> options, IOptions<ClusterOptions> cluster) : IReminderTable {
    private readonly string _service = cluster.Value.ServiceId;
    private readonly AdoNetDatabase _database = new(
        options.Value.Invariant, options.Value.ConnectionString,
        "ReadReminderRowsKey", "ReadRangeRows1Key", "ReadRangeRows2Key", "ReadReminderRowKey", "UpsertReminderRowKey", "DeleteReminderRowKey",
        "DeleteReminderRowsKey");

    public Task StartAsync() => _database.StartAsync();

    public Task<List<ReminderEntry>> ReadAllAsync()
        => _database.RunAsync("ReadRangeRows2Key", [("ServiceId", _service), ("BeginHash", 0), ("EndHash", 0)], Entry);

    public Task<List<ReminderEntry>> ReadAsync(GrainId grain)
        => _database.RunAsync("ReadReminderRowsKey", [("ServiceId", _service), ("GrainId", grain.ToString())], Entry);

    public async Task<string> UpsertAsync(GrainId grain, string name, DateTime startAt, TimeSpan period) => (await _database.RunAsync(
        "UpsertReminderRowKey",
        [
            ("ServiceId", _service), ("GrainId", grain.ToString()), ("ReminderName", name), ("StartTime", startAt),
            ("Period", (long)period.TotalMilliseconds), ("GrainHash", (int)grain.GetUniformHashCode()),
        ],
        row => Convert.ToInt32(row["Version"]).ToString())).First();

    public async Task<bool> RemoveAsync(ReminderData reminder) => (await _database.RunAsync(
        "DeleteReminderRowKey",
        [("ServiceId", _service), ("GrainId", reminder.Grain.ToString()), ("ReminderName", reminder.ReminderName), ("Version", int.Parse(reminder.ETag))],
        row => Convert.ToBoolean(row.GetValue(0)))).First();

    private static ReminderEntry Entry(DbDataReader row) => new(
        GrainId.Parse((string)row["GrainId"]), (string)row["ReminderName"], DateTime.SpecifyKind(row.GetDateTime(row.GetOrdinal("StartTime")), DateTimeKind.Utc),
        TimeSpan.FromMilliseconds(Convert.ToInt64(row["Period"])), Convert.ToInt32(row["Version"]).ToString());
}
