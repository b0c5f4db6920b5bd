using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Storage;

namespace Orleans.Runtime;

/// <summary>One reminder as stored, and what a grain holds of it.</summary>
[GenerateSerializer, Immutable]
internal sealed record ReminderEntry(GrainId Grain, string ReminderName, DateTime StartAt, TimeSpan Period, string ETag) : IGrainReminder {
    public (GrainId, string) Key => (Grain, ReminderName);
}

internal interface IReminderTable {
    Task StartAsync();
    Task<List<ReminderEntry>> ReadAsync(GrainId? grain); // without one: all
    Task<ReminderEntry> UpsertAsync(ReminderEntry entry); // gives it with its new version
    Task<bool> RemoveAsync(ReminderEntry entry); // false when the stored version is another
}

/// <summary>Shared by the silos of a cluster.</summary>
internal sealed class MemoryReminderRows : ConcurrentDictionary<(GrainId, string), ReminderEntry>;

internal sealed class MemoryReminderTable(MemoryReminderRows rows) : IReminderTable {
    public Task StartAsync() => Task.CompletedTask;
    public Task<List<ReminderEntry>> ReadAsync(GrainId? grain) => Task.FromResult(rows.Values.Where(r => grain is null || r.Grain == grain).ToList());

    public Task<ReminderEntry> UpsertAsync(ReminderEntry entry) => Task.FromResult(rows.AddOrUpdate(
        entry.Key, entry with { ETag = "0" }, (_, old) => entry with { ETag = (int.Parse(old.ETag) + 1).ToString() }));

    public Task<bool> RemoveAsync(ReminderEntry entry) => Task.FromResult(
        rows.TryGetValue(entry.Key, out var row) && row.ETag == entry.ETag && rows.TryRemove(KeyValuePair.Create(entry.Key, row)));
}

internal sealed class AdoNetReminderTable(IOptions<AdoNetReminderTableOptions> options, IOptions<ClusterOptions> cluster) : IReminderTable {
    private readonly string _service = cluster.Value.ServiceId;
    private readonly AdoNetDatabase _database = new(
        options.Value.Invariant, options.Value.ConnectionString,
        "ReadReminderRowsKey", "ReadRangeRows1Key", "ReadRangeRows2Key", "ReadReminderRowKey", "UpsertReminderRowKey", "DeleteReminderRowKey",
        "DeleteReminderRowsKey");

    public Task StartAsync() => _database.StartAsync();

    public Task<List<ReminderEntry>> ReadAsync(GrainId? grain) => _database.RunAsync(
        grain is null ? "ReadRangeRows2Key" : "ReadReminderRowsKey",
        grain is null ? [("ServiceId", _service), ("BeginHash", 0), ("EndHash", 0)] : [("ServiceId", _service), ("GrainId", grain.ToString())],
        row => new ReminderEntry(
            GrainId.Parse((string)row["GrainId"]), (string)row["ReminderName"], DateTime.SpecifyKind(row.GetDateTime(row.GetOrdinal("StartTime")), DateTimeKind.Utc),
            TimeSpan.FromMilliseconds(Convert.ToInt64(row["Period"])), Convert.ToInt32(row["Version"]).ToString()));

    public async Task<ReminderEntry> UpsertAsync(ReminderEntry entry) => (await _database.RunAsync(
        "UpsertReminderRowKey",
        [.. Key(entry), ("StartTime", entry.StartAt), ("Period", (long)entry.Period.TotalMilliseconds), ("GrainHash", (int)entry.Grain.GetUniformHashCode())],
        row => entry with { ETag = Convert.ToInt32(row["Version"]).ToString() })).First();

    public async Task<bool> RemoveAsync(ReminderEntry entry) => (await _database.RunAsync(
        "DeleteReminderRowKey", [.. Key(entry), ("Version", int.Parse(entry.ETag))], row => Convert.ToBoolean(row.GetValue(0)))).First();

    private (string, object?)[] Key(ReminderEntry entry)
        => [("ServiceId", _service), ("GrainId", entry.Grain.ToString()), ("ReminderName", entry.ReminderName)];
}
