using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Stores.Tests;

/// <summary>Senders and readers that stand still while others wait for their memory.</summary>
public sealed class IdleSenderTests(ITestOutputHelper output) : BufferPoolCase
{
    [Fact]
    public async Task Idle_senders_give_back_only_while_somebody_waits_and_only_after_the_idle_time()
    {
        var pool = Pool(64);
        var idle = Own(pool.Open("a", BufferUse.Receiving));
        var chunk = Own(idle.Begin(50 * Piece));
        await AddAsync(chunk, 20);
        Time.Advance(TimeSpan.FromMinutes(10));
        Assert.False(idle.Reclaimed.IsCancellationRequested);

        await AddAsync(chunk);
        using var other = pool.Open("a", BufferUse.Receiving);
        var waiting = Own(other.Begin(40 * Piece)).GetMemoryAsync(default).AsTask();
        Time.Advance(TimeSpan.FromSeconds(4.7));
        Assert.False(idle.Reclaimed.IsCancellationRequested);
        Time.Advance(TimeSpan.FromSeconds(0.6));
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
            Time.Advance(TimeSpan.FromSeconds(3));
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
        Time.Advance(TimeSpan.FromSeconds(6));
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
            Time.Advance(TimeSpan.FromMilliseconds(10));
        }

        var waiting = Own(Own(pool.Open("a", BufferUse.Receiving)).Begin(8 * Piece)).GetMemoryAsync(default).AsTask();
        Time.Advance(TimeSpan.FromSeconds(8));
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
                Time.Advance(TimeSpan.FromMilliseconds(100));
        }

        await sending.WithinAsync("the fast sender is through");
        output.WriteLine($"through after about {waited / 10.0} s of the clock");
        Assert.InRange(waited, 0, seconds * 10);
        for (; flood.Exists(f => !f.IsCompleted) && waited < 1000; waited++)
        {
            Time.Advance(TimeSpan.FromSeconds(5));
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
