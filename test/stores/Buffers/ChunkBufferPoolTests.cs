using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Stores.Tests;

/// <summary>The budget of chunk buffers: what it grants, what it takes back, and that whoever began can complete.</summary>
public sealed class ChunkBufferPoolTests(ITestOutputHelper output) : BufferPoolCase
{
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
        Assert.Throws<ArgumentException>(() => new ChunkBufferPool(new() { BudgetBytes = 1 }, Time));
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
}
