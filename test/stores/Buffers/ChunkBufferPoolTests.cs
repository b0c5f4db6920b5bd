using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Stores.Tests;

public sealed class ChunkBufferPoolTests(ITestOutputHelper output) : IDisposable
{
    private const int Piece = 4096;

    private readonly ManualTimeProvider _time = new();
    private readonly List<IDisposable> _open = [];

    public void Dispose() => _open.ForEach(d => d.Dispose());

    /// <summary>A pool of so many pieces; an eighth of them are for newcomers.</summary>
    private ChunkBufferPool Pool(int pieces) => Own(new ChunkBufferPool(new() { BudgetBytes = (long)pieces * Piece, PieceBytes = Piece }, _time));

    private T Own<T>(T thing)
        where T : IDisposable
    {
        _open.Insert(0, thing);
        return thing;
    }

    /// <summary>Fills the next piece of a chunk.</summary>
    private static async Task AddAsync(ChunkBuffer chunk, int pieces = 1)
    {
        for (var i = 0; i < pieces; i++)
            chunk.Advance((await chunk.GetMemoryAsync(default)).Length);
    }

    [Fact]
    public async Task Memory_is_taken_as_bytes_arrive_and_comes_back_when_chunks_end()
    {
        var pool = Pool(64);
        using var account = pool.Open("a", BufferUse.Receiving);
        var chunk = account.Begin(40 * Piece);
        Assert.Equal(0, pool.InUseBytes);
        await AddAsync(chunk, 3);
        Assert.Equal(3 * Piece, pool.InUseBytes);
        chunk.Dispose();
        chunk.Dispose();
        Assert.Equal(0, pool.InUseBytes);
    }

    [Fact]
    public void A_chunk_that_could_never_fit_is_refused_at_once()
    {
        var pool = Pool(64);
        using var account = pool.Open("a", BufferUse.Receiving);
        Assert.Throws<ArgumentOutOfRangeException>(() => account.Begin((57 * Piece) + 1));
        account.Begin(pool.MaxChunkBytes).Dispose();
    }

    [Fact]
    public void Settings_out_of_range_are_refused_with_their_value()
    {
        Assert.Contains("PieceBytes is 5000", string.Join(' ', new ChunkBufferPoolOptions { PieceBytes = 5000 }.Validate()), StringComparison.Ordinal);
        Assert.Contains("BudgetBytes is 1;", string.Join(' ', new ChunkBufferPoolOptions { BudgetBytes = 1 }.Validate()), StringComparison.Ordinal);
        Assert.NotEmpty(new ChunkBufferPoolOptions { IdleAfter = TimeSpan.Zero }.Validate());
        Assert.Empty(new ChunkBufferPoolOptions().Validate());
        Assert.Throws<ArgumentException>(() => new ChunkBufferPool(new() { BudgetBytes = 1 }, _time));
    }

    [Fact]
    public async Task A_chunk_gets_no_piece_that_would_leave_nobody_able_to_complete()
    {
        var pool = Pool(64); // 56 common
        using var account = pool.Open("a", BufferUse.Receiving);
        var chunks = Enumerable.Range(0, 5).Select(_ => Own(account.Begin(20 * Piece))).ToList();
        foreach (var chunk in chunks.Take(4))
            await AddAsync(chunk, 10);
        Assert.Equal(40 * Piece, pool.InUseBytes);

        // 16 are free: each of the four needs 10 more and could complete; a fifth of 20 could not.
        var fifth = chunks[4].GetMemoryAsync(default).AsTask();
        Assert.False(fifth.IsCompleted);
        await AddAsync(chunks[0], 10);
        Assert.False(chunks[1].GetMemoryAsync(default).AsTask().IsCompleted);
        chunks[0].Dispose();
        await fifth.WithinAsync("the fifth chunk starts when the first one is done");
    }

    [Fact]
    public async Task Sealing_short_frees_the_claim_on_the_rest()
    {
        var pool = Pool(64);
        using var account = pool.Open("a", BufferUse.Internal);
        using var first = account.Begin(50 * Piece);
        await AddAsync(first, 30);
        first.Seal();
        using var second = account.Begin(26 * Piece);
        await AddAsync(second, 26);
    }

    [Fact]
    public async Task Whoever_fills_and_stores_at_any_speed_always_completes()
    {
        var random = Seeds.Create(output);
        for (var round = 0; round < Seeds.Times(6, 200); round++)
        {
            var pool = Pool(random.Next(16, 80));
            var most = pool.MaxChunkBytes;
            var seeds = Enumerable.Range(0, 40).Select(i => random.Next()).ToList();
            var transfers = seeds.Select((seed, i) => Task.Run(async () =>
            {
                var own = Seeds.Create(seed % 100_000);
                using var account = pool.Open($"t{i % 3}", BufferUse.Receiving);
                for (var n = 0; n < 8; n++)
                {
                    // All claim the most; some turn out shorter; some end in the middle.
                    using var chunk = account.Begin(own.Next(2) == 0 ? most : own.Next(1, most + 1));
                    var length = own.Next(1, chunk.MaxLength + 1);
                    while (chunk.Length < length)
                    {
                        var room = await chunk.GetMemoryAsync(default);
                        chunk.Advance(Math.Min(room.Length, length - chunk.Length));
                        if (own.Next(4) == 0)
                            await Task.Yield();
                        if (own.Next(200) == 0)
                            break;
                    }

                    if (own.Next(2) == 0)
                        chunk.Seal();
                    await Task.Yield();
                }
            }));
            await Task.WhenAll(transfers).WithinAsync($"40 transfers of round {round} complete", TimeSpan.FromSeconds(30));
            Assert.Equal((0, 0), (pool.InUseBytes, pool.Waiters));
        }
    }

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

    [Fact]
    public async Task Waiting_ends_with_the_token_and_others_move_up()
    {
        var pool = Pool(16);
        using var account = pool.Open("a", BufferUse.Receiving);
        var all = Own(account.Begin(14 * Piece));
        await AddAsync(all, 14);
        using var guard = account.Begin(Piece);
        await AddAsync(guard);
        using var cancel = new CancellationTokenSource();
        var first = Own(account.Begin(10 * Piece)).GetMemoryAsync(cancel.Token).AsTask();
        var second = Own(account.Begin(2 * Piece)).GetMemoryAsync(default).AsTask();
        Assert.Equal(2, pool.Waiters);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal(1, pool.Waiters);
        all.Dispose();
        await second.WithinAsync("the second waiter starts");
        Assert.Equal(0, pool.Waiters);
    }

    [Fact]
    public async Task Idle_senders_give_back_only_while_somebody_waits_and_only_after_the_idle_time()
    {
        var pool = Pool(64);
        var idle = Own(pool.Open("a", BufferUse.Receiving));
        var chunk = Own(idle.Begin(50 * Piece));
        await AddAsync(chunk, 20);
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.False(idle.Reclaimed.IsCancellationRequested);

        await AddAsync(chunk);
        using var other = pool.Open("a", BufferUse.Receiving);
        var waiting = Own(other.Begin(40 * Piece)).GetMemoryAsync(default).AsTask();
        _time.Advance(TimeSpan.FromSeconds(4.7));
        Assert.False(idle.Reclaimed.IsCancellationRequested);
        _time.Advance(TimeSpan.FromSeconds(0.6));
        Assert.True(idle.Reclaimed.IsCancellationRequested);
        Assert.False(waiting.IsCompleted);
        await Assert.ThrowsAsync<ChunkBufferReclaimedException>(async () => await AddAsync(chunk));
        chunk.Dispose();
        await waiting.WithinAsync("the waiter gets what the idle sender gave back");
    }

    [Fact]
    public async Task Senders_that_move_that_wait_or_that_are_being_stored_are_not_idle()
    {
        var pool = Pool(64);
        var moving = Own(pool.Open("a", BufferUse.Receiving));
        var stored = Own(pool.Open("a", BufferUse.Receiving));
        var copying = Own(pool.Open("a", BufferUse.Internal));
        var ended = Own(pool.Open("a", BufferUse.Receiving));
        var full = Own(pool.Open("a", BufferUse.Receiving));
        var reading = Own(pool.Open("a", BufferUse.Sending));
        var chunks = new[] { moving, stored, copying, ended, full, reading }.Select(a => Own(a.Begin((a == full ? 8 : 14) * Piece))).ToList();
        foreach (var chunk in chunks)
            await AddAsync(chunk, 8);
        chunks[1].Seal();
        chunks[3].EndFilling();
        var waiter = Own(pool.Open("a", BufferUse.Receiving));
        var waiting = Own(waiter.Begin(30 * Piece)).GetMemoryAsync(default).AsTask();
        for (var i = 0; i < 20; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(3));
            moving.Progress();
        }

        Assert.False(waiting.IsCompleted);
        Assert.DoesNotContain(new[] { moving, stored, copying, ended, full, reading, waiter }, a => a.Reclaimed.IsCancellationRequested);
    }

    [Fact]
    public async Task Slow_readers_of_downloads_give_back_too_even_while_they_wait_for_more()
    {
        var pool = Pool(64);
        var reader = Own(pool.Open("a", BufferUse.Sending));
        var chunk = Own(reader.Begin(40 * Piece));
        await AddAsync(chunk, 40);
        chunk.Seal();
        var next = Own(reader.Begin(40 * Piece)).GetMemoryAsync(default).AsTask();
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.True(reader.Reclaimed.IsCancellationRequested);
        await Assert.ThrowsAsync<ChunkBufferReclaimedException>(() => next);
    }

    [Fact]
    public async Task Only_as_many_idle_senders_give_back_as_the_waiting_need()
    {
        var pool = Pool(64);
        var idle = new List<BufferAccount>();
        for (var i = 0; i < 14; i++)
        {
            // The last one finds no room in the common lane, and takes the tenant's place among the newcomers.
            var account = Own(pool.Open("a", BufferUse.Receiving));
            await AddAsync(Own(account.Begin(8 * Piece)), 4);
            idle.Add(account);
            _time.Advance(TimeSpan.FromMilliseconds(10));
        }

        var waiting = Own(Own(pool.Open("a", BufferUse.Receiving)).Begin(8 * Piece)).GetMemoryAsync(default).AsTask();
        _time.Advance(TimeSpan.FromSeconds(8));
        Assert.Equal([true, false, false, false], idle.Take(4).Select(a => a.Reclaimed.IsCancellationRequested));
        Assert.False(waiting.IsCompleted);
    }

    /// <summary>The flood of the issue: 500 senders that send half a chunk and stand still, and one that is fast.</summary>
    [Theory]
    [InlineData("other tenant", 1)]
    [InlineData("flood", 6)]
    public async Task A_fast_sender_gets_through_500_idle_ones_in_about_the_idle_time(string tenant, int seconds)
    {
        // Budget 256 MiB, chunks of 4 MiB, in a scale of 1 to 32: 2048 pieces, chunks of 32.
        const int Chunk = 32;
        var pool = Pool(2048);
        var accounts = Enumerable.Range(0, 500).Select(_ => pool.Open("flood", BufferUse.Receiving)).ToList();
        var flood = accounts.Select(a => FloodAsync(a, Chunk)).ToList();
        Assert.InRange(pool.InUseBytes, 1750 * Piece, 2048 * Piece);

        using var fast = pool.Open(tenant, BufferUse.Receiving);
        var fastProgress = 0;
        var sending = Task.Run(async () =>
        {
            for (var i = 0; i < 20; i++)
            {
                using var chunk = fast.Begin(Chunk * Piece);
                while (chunk.Length < chunk.MaxLength)
                {
                    chunk.Advance((await chunk.GetMemoryAsync(default)).Length);
                    fastProgress++;
                }

                chunk.Seal();
            }
        });
        var waited = 0;
        for (; waited < 200 && !sending.IsCompleted; waited++)
        {
            // The clock moves when everybody did what they can: who was granted memory has filled it, who was told to end has ended.
            await SettleAsync(() => (pool.InUseBytes, pool.Waiters, accounts.Count(a => a.Reclaimed.IsCancellationRequested), flood.Count(f => f.IsCompleted), fastProgress));
            Assert.InRange(pool.InUseBytes, 0, 2048 * Piece);
            if (!sending.IsCompleted)
                _time.Advance(TimeSpan.FromMilliseconds(100));
        }

        await sending.WithinAsync("the fast sender is through");
        output.WriteLine($"through after about {waited / 10.0} s of the clock");
        Assert.InRange(waited, 0, seconds * 10);
        for (; flood.Exists(f => !f.IsCompleted) && waited < 1000; waited++)
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            if (pool.Waiters == 0)
                break;
            await Task.Delay(5);
        }

        Assert.Equal(0, pool.Waiters);
    }

    private static async Task SettleAsync<T>(Func<T> state)
    {
        var (last, same) = (state(), 0);
        while (same < 5)
        {
            await Task.Delay(2);
            var now = state();
            same = Equals(now, last) ? same + 1 : 0;
            last = now;
        }
    }

    private static async Task FloodAsync(BufferAccount account, int pieces)
    {
        using var chunk = account.Begin(pieces * Piece);
        try
        {
            await AddAsync(chunk, pieces / 2);
            await Task.Delay(Timeout.Infinite, account.Reclaimed);
        }
        catch (Exception e) when (e is OperationCanceledException or ChunkBufferReclaimedException)
        {
            // 503 busy.
        }
        finally
        {
            chunk.Dispose();
            account.Dispose();
        }
    }
}
