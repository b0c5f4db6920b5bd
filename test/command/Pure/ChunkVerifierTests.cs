using System.Security.Cryptography;
using Granary.Admin.Api;
using Granary.Admin.Transfer;

namespace Granary.Command.Tests.Pure;

public class ChunkVerifierTests
{
    private static readonly byte[] First = [1, 2, 3];
    private static readonly byte[] Second = [4, 5];

    [Fact]
    public void Right_chunks_are_verified_one_by_one()
    {
        using var verifier = Verifier();
        Assert.False(verifier.Append(First.AsSpan(0, 2)));
        Assert.Equal(0, verifier.Verified);
        Assert.Equal(1, verifier.Wanted);
        Assert.True(verifier.Append(First.AsSpan(2)));
        Assert.Equal(3, verifier.Verified);
        Assert.True(verifier.Append(Second));
        Assert.True(verifier.Complete);
        Assert.Equal(0, verifier.Wanted);
    }

    [Fact]
    public void One_wrong_bit_is_found_and_the_chunk_can_come_again()
    {
        using var verifier = Verifier();
        var error = Assert.Throws<CorruptContentException>(() => verifier.Append([1, 2, 2]));
        Assert.Contains(Hash(First), error.Message);
        Assert.Equal(0, verifier.Verified);
        verifier.Rollback();
        Assert.True(verifier.Append(First));
    }

    [Fact]
    public void What_was_read_of_a_chunk_that_broke_off_does_not_count()
    {
        using var verifier = Verifier();
        verifier.Append(First);
        verifier.Append(Second.AsSpan(0, 1));
        verifier.Rollback();
        Assert.Equal(3, verifier.Verified);
        Assert.Equal(2, verifier.Wanted);
        Assert.True(verifier.Append(Second));
    }

    [Fact]
    public void A_manifest_that_does_not_add_up_is_refused()
    {
        Assert.Throws<UnexpectedAnswerException>(() => new ChunkVerifier(Chunks(), 6));
        Assert.Throws<UnexpectedAnswerException>(() => new ChunkVerifier([new ManifestChunk("x", 0), .. Chunks()], 5));
    }

    [Fact]
    public void An_empty_file_is_complete_from_the_start()
    {
        using var verifier = new ChunkVerifier([], 0);
        Assert.True(verifier.Complete);
    }

    private static ChunkVerifier Verifier() => new(Chunks(), 5);

    private static ManifestChunk[] Chunks() => [new(Hash(First), 3), new(Hash(Second), 2)];

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
