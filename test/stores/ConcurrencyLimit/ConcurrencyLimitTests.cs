using Granary.TestSupport;

namespace Granary.Stores.Tests;

public sealed class ConcurrencyLimitTests : IDisposable
{
    private readonly FaultyChunkStore _faulty = new(new MemoryChunkStore());
    private readonly ChunkBuffer _chunk = ChunkBuffer.CopyOf("abc"u8);

    public void Dispose() => _chunk.Dispose();

    private LocationKey Key(int location, string tenant = "t1") => new(tenant, _chunk.Hash, location);

    [Fact]
    [Trait("Behaviour", "O7")]
    public async Task No_more_than_the_limit_run_at_a_time_and_reads_do_not_wait_for_writes()
    {
        var store = new ConcurrencyLimitChunkStore(_faulty, maxReads: 2, maxWrites: 3);
        _faulty.Stall(StoreVerbs.Put | StoreVerbs.Read | StoreVerbs.Delete);
        var operations = new List<Task>();
        for (var i = 0; i < 10; i++)
        {
            operations.Add(store.PutAsync(Key(i), _chunk, default));
            operations.Add(store.ReadAsync(Key(i), 0, [], default));
            operations.Add(store.DeleteAsync(Key(100 + i), default));
        }

        await Eventually.BecomesAsync(() => _faulty.Stalled == 5, "two reads and three writes run");
        Assert.Equal(2, _faulty.Calls(StoreVerbs.Read));
        Assert.Null(await store.StatAsync(Key(5), default));
        _faulty.Release();
        await Task.WhenAll(operations).WithinAsync("everything runs");
        Assert.Equal(10, _faulty.Calls(StoreVerbs.Read));
    }

    [Fact]
    public async Task Maintenance_has_slots_of_its_own()
    {
        await using var opened = Definitions.Factory().Compose(Definitions.Local("/unused") with { MaxConcurrentWrites = 4 }, _faulty);
        _faulty.Stall(StoreVerbs.Put);
        var clients = Enumerable.Range(0, 20).Select(i => opened.Client.PutAsync(Key(i), _chunk, default)).ToList();
        await Eventually.BecomesAsync(() => _faulty.Stalled == 4, "clients have their slots");
        var maintenance = opened.Maintenance.PutAsync(Key(100), _chunk, default);
        await Eventually.BecomesAsync(() => _faulty.Stalled == 5, "maintenance has one beside them");
        _faulty.Release();
        await Task.WhenAll([.. clients, maintenance]).WithinAsync("everything runs");
    }

    [Fact]
    public async Task Slots_come_back_after_faults_and_cancellations()
    {
        var store = new ConcurrencyLimitChunkStore(_faulty, maxReads: 1, maxWrites: 1);
        _faulty.Fail(StoreVerbs.Put, times: 5);
        for (var i = 0; i < 5; i++)
            await Assert.ThrowsAsync<ChunkStoreException>(() => store.PutAsync(Key(i), _chunk, default));
        _faulty.Stall(StoreVerbs.Put);
        using var cancel = new CancellationTokenSource();
        var first = store.PutAsync(Key(1), _chunk, cancel.Token);
        var second = store.PutAsync(Key(2), _chunk, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        _faulty.Release();
        await store.PutAsync(Key(3), _chunk, default).WithinAsync("the slot is free again");
    }

    [Fact]
    public async Task Tenants_take_turns_at_the_slots()
    {
        var slots = new FairSlots(1);
        await slots.EnterAsync("x", default);
        var order = new List<string>();
        var waiting = new List<Task>();
        foreach (var (tenant, count) in new[] { ("big", 6), ("small", 2) })
        {
            for (var i = 0; i < count; i++)
                waiting.Add(EnterAsync($"{tenant}{i}", tenant));
        }

        Assert.Equal(8, slots.Waiting);
        slots.Leave();
        await Task.WhenAll(waiting).WithinAsync("everybody had a turn");
        Assert.Equal(["big0", "small0", "big1", "small1", "big2", "big3", "big4", "big5"], order);

        async Task EnterAsync(string name, string tenant)
        {
            await slots.EnterAsync(tenant, default);
            order.Add(name);
            slots.Leave();
        }
    }

    [Fact]
    public async Task A_slot_goes_to_the_most_urgent_work_that_waits_whatever_came_first()
    {
        await using var opened = Definitions.Factory().Compose(Definitions.Local("/unused") with { MaxConcurrentWrites = 4 }, _faulty);
        _faulty.Stall(StoreVerbs.Put);
        var begun = new System.Collections.Concurrent.ConcurrentQueue<LocationKey>();
        _faulty.Putting = begun.Enqueue;
        var running = opened.Maintenance.PutAsync(Key(1), _chunk, default);
        await Eventually.BecomesAsync(() => _faulty.Stalled == 1, "the only slot of maintenance is taken");
        var scrub = opened.MaintenanceOf(WorkUrgency.Idle).PutAsync(Key(2), _chunk, default);
        var drain = opened.MaintenanceOf(WorkUrgency.Routine).PutAsync(Key(3), _chunk, default);
        var limit = opened.MaintenanceOf(WorkUrgency.Urgent).PutAsync(Key(4), _chunk, default);
        _faulty.Release();
        await Task.WhenAll(running, scrub, drain, limit).WithinAsync("everything runs");
        Assert.Equal([Key(1), Key(4), Key(3), Key(2)], begun);
    }
}
