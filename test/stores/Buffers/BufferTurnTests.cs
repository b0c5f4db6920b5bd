using Granary.TestSupport;

namespace Granary.Stores.Tests;

/// <summary>Who is next when memory is short.</summary>
public sealed class BufferTurnTests : BufferPoolCase
{
    [Fact]
    public async Task Tenants_take_turns_however_many_requests_one_of_them_has()
    {
        var pool = Pool(16); // 14 common, 2 for newcomers
        using var holder = pool.Open("holder", BufferUse.Internal);
        var held = Enumerable.Range(0, 14).Select(_ => Own(holder.Begin(Piece))).ToList();
        foreach (var chunk in held)
            await AddAsync(chunk);

        var order = new List<string>();
        var waiting = new List<Task>();
        foreach (var (tenant, count) in new[] { ("big", 12), ("small", 3) })
        {
            var account = Own(pool.Open(tenant, BufferUse.Internal));
            for (var i = 0; i < count; i++)
            {
                // Too big for the lane of newcomers.
                var chunk = Own(account.Begin(3 * Piece));
                var name = $"{tenant}{i}";
                waiting.Add(chunk.GetMemoryAsync(default).AsTask().ContinueWith(_ =>
                {
                    lock (order)
                        order.Add(name);
                    chunk.Dispose();
                }, TaskScheduler.Default));
            }
        }

        Assert.Equal(15, pool.Waiters);
        held[0].Dispose();
        held[1].Dispose();
        held[2].Dispose();
        await Task.WhenAll(waiting).WithinAsync("everybody gets a turn");
        Assert.Equal(["big0", "small0", "big1", "small1", "big2", "small2", "big3"], order.Take(7));
        Assert.Equal(Enumerable.Range(0, 12).Select(i => $"big{i}"), order.Where(o => o[0] == 'b'));
    }

    [Fact]
    public async Task A_tenant_that_fills_the_budget_delays_no_newcomer()
    {
        var pool = Pool(64); // 56 common, 8 for newcomers
        var greedy = Own(pool.Open("greedy", BufferUse.Internal));
        var pending = new List<Task>();
        for (var i = 0; i < 100; i++)
            pending.Add(Own(greedy.Begin(8 * Piece)).GetMemoryAsync(default).AsTask());
        foreach (var tenant in new[] { "x", "y" })
        {
            using var account = pool.Open(tenant, BufferUse.Receiving);
            for (var i = 0; i < 5; i++)
            {
                using var chunk = account.Begin(4 * Piece);
                await AddAsync(chunk, 4).WithinAsync($"chunk {i} of tenant {tenant}, while another one waits for everything");
            }
        }

        Assert.Contains(pending, p => !p.IsCompleted);
    }

    [Fact]
    public async Task A_large_chunk_is_not_overtaken_by_small_ones_for_ever()
    {
        var pool = Pool(64); // 56 common
        var large = Own(Own(pool.Open("large", BufferUse.Receiving)).Begin(50 * Piece));
        using var stream = pool.Open("small", BufferUse.Receiving);

        // A conveyor of small chunks that always holds 20 pieces.
        var conveyor = new Queue<ChunkBuffer>();
        for (var i = 0; i < 20; i++)
            conveyor.Enqueue(await StartAsync(stream));
        var start = large.GetMemoryAsync(default).AsTask();
        Assert.False(start.IsCompleted);
        var overtaking = 0;
        for (; overtaking < 500 && !start.IsCompleted; overtaking++)
        {
            conveyor.Dequeue().Dispose();
            var next = Own(stream.Begin(Piece));
            var started = next.GetMemoryAsync(default).AsTask();
            if (!started.IsCompleted)
                break;
            conveyor.Enqueue(next);
        }

        Assert.InRange(overtaking, 40, 70);
        while (conveyor.TryDequeue(out var chunk))
            chunk.Dispose();
        await start.WithinAsync("the large chunk starts");
    }

    private async Task<ChunkBuffer> StartAsync(BufferAccount account)
    {
        var chunk = Own(account.Begin(Piece));
        await AddAsync(chunk);
        return chunk;
    }
}
