using System.Security.Cryptography;
using Granary.Admin.Transfer;

namespace Granary.Command.Tests.Pure;

public class ContentTagTests
{
    private const int Chunk = 64;

    [Fact]
    public void Nothing_has_the_hash_of_nothing() =>
        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Tag([], 1));

    [Theory]
    [InlineData(1)]
    [InlineData(Chunk - 1)]
    [InlineData(Chunk)]
    public void Up_to_one_chunk_the_tag_is_the_hash_of_the_content(int length)
    {
        var content = Content(length);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), Tag(content, 7));
    }

    [Theory]
    [InlineData(Chunk + 1, 2)]
    [InlineData(2 * Chunk, 2)]
    [InlineData((3 * Chunk) + 5, 4)]
    public void Above_that_it_is_the_hash_over_the_binary_hashes_and_their_count(int length, int chunks)
    {
        var content = Content(length);
        var hashes = content.Chunk(Chunk).SelectMany(part => SHA256.HashData(part)).ToArray();
        Assert.Equal($"{Convert.ToHexStringLower(SHA256.HashData(hashes))}-{chunks}", Tag(content, 7));
        Assert.Equal(chunks, ContentTag.ChunkCount(length, Chunk));
        Assert.Equal(chunks, ContentTag.ChunksIn(Tag(content, length)));
    }

    [Fact]
    public void The_pieces_it_is_fed_in_make_no_difference()
    {
        var content = Content((2 * Chunk) + 9);
        Assert.Single(new[] { 1, 3, Chunk, Chunk + 1, content.Length }.Select(piece => Tag(content, piece)).Distinct());
    }

    private static string Tag(byte[] content, int piece)
    {
        using var tag = new ContentTag(Chunk);
        foreach (var part in content.Chunk(piece))
            tag.Append(part);
        return tag.Finish();
    }

    private static byte[] Content(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 7))];
}
