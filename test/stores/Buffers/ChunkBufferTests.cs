using System.Security.Cryptography;
using System.Text;
using Granary.GrainInterfaces;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Stores.Tests;

public sealed class ChunkBufferTests(ITestOutputHelper output) : IDisposable
{
    private readonly Random _random = Seeds.Create(output);
    private readonly ChunkBufferPool _pool = new(new() { PieceBytes = 4096, BudgetBytes = 1 << 20 }, TimeProvider.System);

    public void Dispose() => _pool.Dispose();

    [Fact]
    [Trait("Behaviour", "D15")]
    public void The_hash_is_the_sha256_of_the_bytes()
    {
        using var empty = ChunkBuffer.CopyOf([]);
        using var abc = ChunkBuffer.CopyOf("abc"u8);
        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", empty.Hash.ToString());
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", abc.Hash.ToString());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(100_001)]
    public async Task Bytes_filled_in_odd_steps_come_out_as_pieces_sequence_and_stream(int length)
    {
        var bytes = _random.Bytes(length);
        using var account = _pool.Open("t", BufferUse.Receiving);
        using var chunk = account.Begin(length);
        for (var done = 0; done < length;)
        {
            var room = await chunk.GetMemoryAsync(default);
            Assert.InRange(room.Length, 1, length - done);
            var count = Math.Min(room.Length, _random.Next(1, 3000));
            bytes.AsMemory(done, count).CopyTo(room);
            chunk.Advance(count);
            done += count;
        }

        chunk.Seal();
        Assert.Equal(ChunkHash.From(SHA256.HashData(bytes)), chunk.Hash);
        Assert.Equal(bytes, chunk.ToArray());
        Assert.Equal(bytes, System.Buffers.BuffersExtensions.ToArray(chunk.AsSequence()));
        using var copy = new MemoryStream();
        await using var stream = chunk.OpenRead();
        await stream.CopyToAsync(copy);
        Assert.Equal(bytes, copy.ToArray());
        stream.Position = length / 2;
        Assert.Equal(bytes[length / 2], stream.ReadByte());
    }

    [Fact]
    public async Task Room_behind_the_last_byte_is_zero_up_to_the_block_when_sealed()
    {
        using var account = _pool.Open("t", BufferUse.Receiving);
        using (var dirty = account.Begin(4096))
        {
            (await dirty.GetMemoryAsync(default)).Span.Fill(0xff);
            dirty.Advance(4096);
        }

        using var chunk = account.Begin(4096);
        await chunk.GetMemoryAsync(default);
        chunk.Advance(10);
        chunk.Seal();
        Assert.All(chunk.RawPieces[0].Memory[10..].ToArray(), b => Assert.Equal(0, b));
    }

    [Fact]
    public async Task Pieces_are_aligned_for_writing_around_the_page_cache()
    {
        using var account = _pool.Open("t", BufferUse.Receiving);
        using var chunk = account.Begin(20_000);
        await chunk.ReserveAsync(20_000, default);
        Assert.All(chunk.RawPieces, p => Assert.Equal(0, p.Address % BufferPiece.Alignment));
        using var copy = ChunkBuffer.CopyOf("x"u8);
        Assert.Equal(0, copy.RawPieces[0].Address % BufferPiece.Alignment);
    }

    [Fact]
    public async Task A_sealed_chunk_takes_no_more_and_a_full_one_neither()
    {
        using var account = _pool.Open("t", BufferUse.Receiving);
        using var chunk = account.Begin(10);
        await chunk.GetMemoryAsync(default);
        Assert.Throws<ArgumentOutOfRangeException>(() => chunk.Advance(11));
        Assert.Throws<InvalidOperationException>(() => chunk.Hash);
        chunk.Advance(10);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await chunk.GetMemoryAsync(default));
        chunk.Seal();
        Assert.Throws<InvalidOperationException>(() => chunk.Advance(0));
    }

    [Fact]
    public async Task A_stream_of_a_disposed_chunk_fails_instead_of_giving_foreign_bytes()
    {
        using var account = _pool.Open("t", BufferUse.Receiving);
        var chunk = await account.FillAsync(_random.Bytes(100));
        await using var stream = chunk.OpenRead();
        chunk.Dispose();
        Assert.Throws<ObjectDisposedException>(() => stream.ReadByte());
        Assert.Equal(0, _pool.InUseBytes);
    }

    [Fact]
    [Trait("Behaviour", "D15")]
    public void Text_that_is_no_sha256_is_no_hash()
    {
        Assert.False(ChunkHash.TryParse("", out _));
        Assert.False(ChunkHash.TryParse(new string('0', 64), out _));
        Assert.False(ChunkHash.TryParse(new string('a', 63), out _));
        Assert.False(ChunkHash.TryParse(new string('g', 64), out _));
        Assert.Throws<ArgumentException>(() => ChunkHash.From(new byte[31]));
        Assert.Throws<ArgumentException>(() => ChunkHash.From(new byte[32]));
        Assert.Throws<InvalidOperationException>(() => default(ChunkHash).CopyTo(new byte[32]));
        Assert.Throws<ArgumentException>(() => new LocationKey("t", default, 1));
    }

    [Fact]
    public void Hashes_order_as_bytes_and_read_back_from_either_case()
    {
        var hashes = Enumerable.Range(0, 200).Select(_ => ChunkHash.From(_random.Bytes(32))).ToList();
        Assert.Equal(hashes.Select(h => h.ToString()).Order(StringComparer.Ordinal), hashes.Order().Select(h => h.ToString()));
        Assert.All(hashes, h => Assert.Equal(h, ChunkHash.Parse(h.ToString().ToUpperInvariant())));
        Assert.All(hashes, h => Assert.Equal(h, ChunkHash.From(h.ToByteArray())));
    }

    [Fact]
    [Trait("Behaviour", "D57")]
    [Trait("Behaviour", "D60")]
    public void A_key_is_tenant_two_folders_hash_and_location_and_reads_back()
    {
        var hash = ChunkHash.From(SHA256.HashData(Encoding.UTF8.GetBytes("abc")));
        var key = new LocationKey("acme", hash, 0x2f);
        Assert.Equal("chunks/acme/ba/78/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad.2f", key.ToString());
        Assert.True(LocationKey.TryParse(key.ToString(), out var back));
        Assert.Equal(key, back);
        var text = key.ToString();
        foreach (var wrong in new[]
        {
            null, "", "chunks", text[..^3], text + "/", text + ".x", text.Replace("/ba/", "/bb/", StringComparison.Ordinal), text.ToUpperInvariant(), "/" + text,
            text.Replace("acme", "..", StringComparison.Ordinal), text.Replace("acme", "a/b", StringComparison.Ordinal), text.Replace(".2f", ".", StringComparison.Ordinal),
        })
        {
            Assert.False(LocationKey.TryParse(wrong, out _), wrong);
        }
    }

    [Theory]
    [InlineData("", "1")]
    [InlineData("A", "1")]
    [InlineData("a-b", "1")]
    [InlineData("..", "1")]
    [InlineData("a", "")]
    [InlineData("a", "../x")]
    [InlineData("a", "X")]
    public void Tenants_and_locations_outside_their_letters_make_no_key(string tenant, string location)
    {
        var hash = ChunkHash.From(SHA256.HashData([]));
        Assert.Throws<ArgumentException>(() => new LocationKey(tenant, hash, location));
        Assert.Throws<InvalidOperationException>(() => default(LocationKey).ToString());
    }
}
