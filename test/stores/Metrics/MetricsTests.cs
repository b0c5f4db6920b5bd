using System.Diagnostics.Metrics;
using Granary.TestSupport;

namespace Granary.Stores.Tests;

public sealed class MetricsTests
{
    [Fact]
    public async Task Operations_are_measured_by_store_operation_and_outcome_with_their_bytes()
    {
        var name = $"m-{Guid.NewGuid():n}";
        var seen = new List<string>();
        var bytes = new Dictionary<string, long>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Name == StoreMetrics.MeterName)
                    l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) =>
        {
            if (Tag(tags, "store") == name)
                seen.Add($"{Tag(tags, "operation")} {Tag(tags, "outcome")}");
            Assert.True(value >= 0);
        });
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            if (instrument.Name == "granary.store.bytes" && Tag(tags, "store") == name)
                bytes[Tag(tags, "operation")!] = value;
        });
        listener.Start();

        var faulty = new FaultyChunkStore(new MemoryChunkStore(name));
        var store = new MeteredChunkStore(faulty);
        using var chunk = ChunkBuffer.CopyOf(new byte[123]);
        var key = new LocationKey("t1", chunk.Hash, 1);
        Assert.Null(await store.StatAsync(key, default));
        await store.PutAsync(key, chunk, default);
        await store.ReadAsync(key, 100, [new byte[100]], default);
        await foreach (var entry in store.ListAsync("", default))
            Assert.Equal(key, entry.Key);
        await store.DeleteAsync(key, default);
        faulty.Fail(StoreVerbs.Put, ChunkStoreFault.Full);
        await Assert.ThrowsAsync<ChunkStoreException>(() => store.PutAsync(key, chunk, default));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.StatAsync(key, new(canceled: true)));

        await foreach (var entry in store.ListAsync("", default))
            break;

        Assert.Equal(["stat absent", "put ok", "read ok", "list ok", "delete ok", "put full", "stat cancelled", "list ok"], seen);
        Assert.Equal((123, 23), (bytes["put"], bytes["read"]));
    }

    private static string? Tag(ReadOnlySpan<KeyValuePair<string, object?>> tags, string name)
    {
        foreach (var tag in tags)
        {
            if (tag.Key == name)
                return tag.Value?.ToString();
        }

        return null;
    }
}
