using System.Collections.Concurrent;
using Granary.GrainInterfaces;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Stores.Tests;

/// <summary>
/// What every store must do. An implementation inherits this class and says how a fresh, empty store is opened; there are
/// no opt-outs.
/// </summary>
public abstract class ChunkStoreConformance(ITestOutputHelper output) : IAsyncLifetime
{
    private long _locations;

    protected ITestOutputHelper Output { get; } = output;

    protected Random Random { get; } = Seeds.Create(output);

    protected IChunkStore Store { get; private set; } = null!;

    /// <summary>How many objects a listing of several pages needs.</summary>
    protected virtual int ManyObjects => 40;

    public async Task InitializeAsync() => Store = await OpenAsync();

    public async Task DisposeAsync()
    {
        await Store.DisposeAsync();
        await CloseAsync();
    }

    protected abstract Task<IChunkStore> OpenAsync();

    protected virtual Task CloseAsync() => Task.CompletedTask;

    protected LocationKey NewKey(ChunkBuffer content, string tenant = "t1") => new(tenant, content.Hash, Interlocked.Increment(ref _locations));

    protected ChunkBuffer NewChunk(int length) => ChunkBuffer.CopyOf(Random.Bytes(length));

    protected async Task<byte[]?> ReadAsync(LocationKey key, int most = 9 << 20)
    {
        var bytes = new byte[most];
        var read = await Store.ReadAsync(key, 0, [bytes], default);
        return read is { } count ? bytes[..count] : null;
    }

    protected async Task<List<ChunkListing>> ListAsync(string prefix)
    {
        var found = new List<ChunkListing>();
        await foreach (var entry in Store.ListAsync(prefix, default))
            found.Add(entry);
        return found;
    }

    [SuiteFact]
    public async Task Chunks_of_every_size_read_back_byte_for_byte()
    {
        foreach (var size in new[] { 0, 1, 511, 4095, 4096, 4097, 131_071, 131_073, 262_143, 262_144, 262_145, 1_048_576 + 123, 4 << 20, (8 << 20) + 1 })
        {
            var bytes = Random.Bytes(size);
            using var chunk = ChunkBuffer.CopyOf(bytes);
            var key = NewKey(chunk);
            await Store.PutAsync(key, chunk, default);
            Assert.Equal(bytes, await ReadAsync(key));
            Assert.Equal(size, (await Store.StatAsync(key, default))!.Value.Length);
        }
    }

    [SuiteFact]
    public async Task A_chunk_of_many_pool_pieces_reads_back_into_pool_pieces()
    {
        using var pool = new ChunkBufferPool(new() { PieceBytes = 16 << 10 }, TimeProvider.System);
        using var account = pool.Open("t1", BufferUse.Internal);
        var bytes = Random.Bytes((1 << 20) + 4097);
        using var chunk = await account.FillAsync(bytes);
        var key = NewKey(chunk);
        await Store.PutAsync(key, chunk, default);
        using var back = await Store.ReadVerifiedAsync(key, bytes.Length, account, default);
        Assert.Equal(bytes, back!.ToArray());
        Assert.Equal(chunk.Hash, back!.Hash);
    }

    [SuiteFact]
    public async Task What_was_never_put_is_absent_to_every_verb()
    {
        using var chunk = NewChunk(100);
        var key = NewKey(chunk);
        Assert.Null(await Store.StatAsync(key, default));
        Assert.Null(await ReadAsync(key));
        await Store.DeleteAsync(key, default);
        Assert.Empty(await ListAsync(""));
    }

    [SuiteFact]
    public async Task Put_of_the_same_location_twice_succeeds_and_leaves_one_copy()
    {
        using var chunk = NewChunk(300_000);
        var key = NewKey(chunk);
        await Store.PutAsync(key, chunk, default);
        await Store.PutAsync(key, chunk, default);
        Assert.Equal([key], (await ListAsync("")).Select(e => e.Key));
        Assert.Equal(chunk.ToArray(), await ReadAsync(key));
    }

    [SuiteFact]
    [Trait("Behaviour", "D15")]
    public async Task Two_locations_of_one_chunk_live_and_die_apart()
    {
        using var chunk = NewChunk(5000);
        var (first, second) = (NewKey(chunk), NewKey(chunk));
        await Store.PutAsync(first, chunk, default);
        await Store.PutAsync(second, chunk, default);
        await Store.DeleteAsync(first, default);
        Assert.Null(await Store.StatAsync(first, default));
        Assert.Equal(chunk.ToArray(), await ReadAsync(second));
    }

    [SuiteFact]
    [Trait("Behaviour", "D16")]
    public async Task Content_that_is_not_what_the_key_says_is_refused_and_leaves_nothing()
    {
        using var chunk = NewChunk(5000);
        using var other = NewChunk(5000);
        var key = NewKey(other);
        await Assert.ThrowsAsync<ArgumentException>(() => Store.PutAsync(key, chunk, default));
        Assert.Null(await Store.StatAsync(key, default));
        Assert.Empty(await ListAsync(""));
    }

    [SuiteFact]
    public async Task An_unsealed_chunk_is_refused()
    {
        using var pool = new ChunkBufferPool(new(), TimeProvider.System);
        using var account = pool.Open("t1", BufferUse.Internal);
        using var open = account.Begin(100);
        using var other = NewChunk(10);
        await Assert.ThrowsAsync<ArgumentException>(() => Store.PutAsync(NewKey(other), open, default));
    }

    [SuiteFact]
    [Trait("Behaviour", "D60")]
    public async Task Deleting_makes_absent_and_deleting_again_is_fine()
    {
        using var chunk = NewChunk(300_000);
        var key = NewKey(chunk);
        await Store.PutAsync(key, chunk, default);
        Assert.True(await Store.DeleteAsync(key, default));
        Assert.Null(await Store.StatAsync(key, default));
        Assert.Null(await ReadAsync(key));
        Assert.Empty(await ListAsync(""));
        await Store.DeleteAsync(key, default);
        await Store.PutAsync(key, chunk, default);
        Assert.Equal(chunk.ToArray(), await ReadAsync(key));
    }

    [SuiteFact]
    public async Task Reads_begin_anywhere_and_end_where_the_object_ends()
    {
        var bytes = Random.Bytes(300_000);
        using var chunk = ChunkBuffer.CopyOf(bytes);
        var key = NewKey(chunk);
        await Store.PutAsync(key, chunk, default);
        foreach (var (offset, pieces) in new (long, int[])[]
        {
            (0, [1]), (0, [300_000]), (0, [4096, 4096, 1]), (299_999, [1]), (299_999, [50]), (300_000, [10]), (400_000, [10]),
            (123_457, [1000, 7, 200_000]), (0, [300_001]), (1, [299_999]), (0, []),
        })
        {
            var room = pieces.Select(p => new byte[p]).ToArray();
            var read = await Store.ReadAsync(key, offset, [.. room.Select(r => r.AsMemory())], default);
            var expected = bytes.Skip((int)offset).Take(pieces.Sum()).ToArray();
            Assert.Equal(expected.Length, read);
            Assert.Equal(expected, room.SelectMany(r => r).Take(read!.Value));
        }
    }

    [SuiteFact]
    [Trait("Behaviour", "G3")]
    public async Task A_listing_names_every_object_under_the_prefix_once_and_no_other()
    {
        var keys = new List<LocationKey>();
        using var chunk = NewChunk(77);
        for (var i = 0; i < ManyObjects; i++)
            keys.Add(NewKey(chunk, i % 4 == 0 ? "t2" : "t1"));
        using var other = NewChunk(78);
        keys.Add(NewKey(other));
        await Parallel.ForEachAsync(keys, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (key, ct) => await Store.PutAsync(key, key.Hash == chunk.Hash ? chunk : other, ct));
        var hex = chunk.Hash.ToString();
        foreach (var prefix in new[]
        {
            "", "c", "chunks/", "chunks/t1/", "chunks/t2/", "chunks/t", "chunks/t3/", "other/", $"chunks/t1/{hex[..2]}/", $"chunks/t1/{hex[..2]}/{hex[2..4]}/{hex[..20]}", keys[3].ToString(),
        })
        {
            var found = await ListAsync(prefix);
            var expected = keys.Where(k => k.ToString().StartsWith(prefix, StringComparison.Ordinal));
            Assert.Equal(expected.Select(k => k.ToString()).Order(), found.Select(e => e.Key.ToString()).Order());
            Assert.All(found, e => Assert.Equal(e.Key.Hash == chunk.Hash ? 77 : 78, e.Length));
        }
    }

    [SuiteFact]
    public async Task Times_of_storing_are_about_now()
    {
        using var chunk = NewChunk(10);
        var key = NewKey(chunk);
        await Store.PutAsync(key, chunk, default);
        var now = TimeProvider.System.GetUtcNow();
        var stat = (await Store.StatAsync(key, default))!.Value;
        Assert.InRange(stat.Modified, now.AddMinutes(-2), now.AddMinutes(2));
        Assert.InRange((await ListAsync("")).Single().Modified, now.AddMinutes(-2), now.AddMinutes(2));
    }

    [SuiteFact]
    public async Task A_signalled_token_ends_every_verb_and_stores_nothing()
    {
        using var chunk = NewChunk(10);
        var key = NewKey(chunk);
        var ct = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.PutAsync(key, chunk, ct));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.StatAsync(key, ct));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.ReadAsync(key, 0, [new byte[1]], ct));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.DeleteAsync(key, ct));
        Assert.Null(await Store.StatAsync(key, default));
    }

    [SuiteFact]
    public async Task Puts_of_one_key_at_the_same_time_all_succeed_and_leave_one_copy()
    {
        using var chunk = NewChunk(400_000);
        var key = NewKey(chunk);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Store.PutAsync(key, chunk, default)));
        Assert.Equal([key], (await ListAsync("")).Select(e => e.Key));
        Assert.Equal(chunk.ToArray(), await ReadAsync(key));
    }

    [SuiteFact]
    public async Task Readers_see_nothing_or_the_whole_chunk_while_it_is_put_and_deleted()
    {
        using var chunk = NewChunk(600_000);
        var key = NewKey(chunk);
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                if (await ReadAsync(key, 700_000) is { } bytes)
                    Assert.Equal(600_000, bytes.Length);
                foreach (var entry in await ListAsync(""))
                    Assert.Equal(600_000, entry.Length);
            }
        })).ToList();
        for (var i = 0; i < 15; i++)
        {
            await Store.PutAsync(key, chunk, default);
            await Store.DeleteAsync(key, default);
        }

        await stop.CancelAsync();
        await Task.WhenAll(readers);
    }

    [SuiteFact]
    public async Task Any_sequence_of_verbs_gives_what_a_dictionary_would()
    {
        var chunks = Enumerable.Range(0, 6).Select(i => NewChunk(Random.Next(0, i == 0 ? 600_000 : 3000))).ToList();
        var keys = chunks.SelectMany(c => new[] { NewKey(c), NewKey(c, "t2") }).ToList();
        var model = new HashSet<LocationKey>();
        for (var step = 0; step < Seeds.Times(150, 3000); step++)
        {
            var key = keys[Random.Next(keys.Count)];
            var chunk = chunks.First(c => c.Hash == key.Hash);
            switch (Random.Next(6))
            {
                case 0 or 1:
                    await Store.PutAsync(key, chunk, default);
                    model.Add(key);
                    break;
                case 2:
                    await Store.DeleteAsync(key, default);
                    model.Remove(key);
                    break;
                case 3:
                    Assert.Equal(model.Contains(key) ? chunk.Length : null, (await Store.StatAsync(key, default))?.Length);
                    break;
                case 4:
                    var offset = Random.Next(0, chunk.Length + 10);
                    var room = new byte[Random.Next(1, 5000)];
                    var read = await Store.ReadAsync(key, offset, [room], default);
                    Assert.Equal(model.Contains(key) ? Math.Max(0, Math.Min(room.Length, chunk.Length - offset)) : null, read);
                    Assert.Equal(chunk.ToArray().Skip(offset).Take(read ?? 0), room.Take(read ?? 0));
                    break;
                default:
                    var tenant = Random.Next(2) == 0 ? "t1" : "t2";
                    var found = await ListAsync($"chunks/{tenant}/");
                    Assert.Equal(model.Where(k => k.Tenant == tenant).Select(k => k.ToString()).Order(), found.Select(e => e.Key.ToString()).Order());
                    break;
            }
        }

        chunks.ForEach(c => c.Dispose());
    }

    [SuiteFact]
    public async Task Many_keys_at_once_do_not_disturb_each_other()
    {
        var failures = new ConcurrentBag<string>();
        var seeds = Enumerable.Range(0, 24).Select(_ => Random.Next()).ToList();
        await Parallel.ForEachAsync(Enumerable.Range(0, 24), new ParallelOptions { MaxDegreeOfParallelism = 24 }, async (i, ct) =>
        {
            var bytes = new byte[1000 + (i * 20_011)];
            bytes.AsSpan().Fill((byte)seeds[i]);
            BitConverter.TryWriteBytes(bytes, seeds[i]);
            using var chunk = ChunkBuffer.CopyOf(bytes);
            for (var round = 0; round < 4; round++)
            {
                var key = NewKey(chunk, $"t{i % 3}");
                await Store.PutAsync(key, chunk, ct);
                if (await ReadAsync(key, 1 << 20) is not { } back || !back.AsSpan().SequenceEqual(bytes))
                    failures.Add($"{key} read back other bytes");
                await Store.DeleteAsync(key, ct);
                if (await Store.StatAsync(key, ct) is not null)
                    failures.Add($"{key} is still there");
            }
        });
        Assert.Empty(failures);
    }

    [SuiteFact]
    public async Task A_store_in_order_passes_its_check() => await Store.CheckAsync(default);

    [SuiteFact]
    public async Task A_verified_read_of_an_absent_copy_is_null_and_of_a_wrong_length_is_corrupt()
    {
        using var pool = new ChunkBufferPool(new(), TimeProvider.System);
        using var account = pool.Open("t1", BufferUse.Internal);
        using var chunk = NewChunk(5000);
        var key = NewKey(chunk);
        Assert.Null(await Store.ReadVerifiedAsync(key, 5000, account, default));
        await Store.PutAsync(key, chunk, default);
        var wrong = await Assert.ThrowsAsync<ChunkCorruptException>(() => Store.ReadVerifiedAsync(key, 5001, account, default));
        Assert.Equal((5001, 5000, chunk.Hash), (wrong.ExpectedLength, wrong.ActualLength, wrong.Expected));
        Assert.Equal(0, pool.InUseBytes);
    }
}
