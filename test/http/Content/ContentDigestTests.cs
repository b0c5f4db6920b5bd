using System.Security.Cryptography;
using Granary.ClientApi.Content;
using Granary.GrainInterfaces;

namespace Granary.Http.Tests.Content;

/// <summary>Digest fields as RFC 9530 writes them.</summary>
public sealed class ContentDigestTests
{
    private static readonly ChunkHash s_hash = ChunkHash.From(SHA256.HashData("x"u8));

    [Fact]
    public void What_is_formatted_is_read_back() => Assert.Equal(s_hash, Parse(ContentDigest.Format(s_hash)));

    [Theory]
    [InlineData("sha-512=:AAAA:")]
    [InlineData("md5=:AAAA:, crc=:x:")]
    [InlineData("")]
    public void Other_algorithms_are_ignored(string field) => Assert.Null(Parse(field));

    [Fact]
    public void Parameters_and_several_lines_are_understood()
    {
        Assert.Equal(s_hash, Parse(ContentDigest.Format(s_hash) + ";p=1 , md5=:AA==:"));
        Assert.True(ContentDigest.TryParse(new[] { "md5=:AA==:", ContentDigest.Format(s_hash) }, out var hash, out _));
        Assert.Equal(s_hash, hash);
    }

    [Theory]
    [InlineData("sha-256")]
    [InlineData("sha-256=")]
    [InlineData("sha-256=:AAAA:")]
    [InlineData("sha-256=:AAAA")]
    [InlineData("sha-256=AAAA")]
    [InlineData("=:AAAA:")]
    [InlineData("sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:")]
    public void What_is_no_digest_is_refused(string field)
    {
        Assert.False(ContentDigest.TryParse(field, out _, out var reason));
        Assert.NotEmpty(reason);
    }

    [Fact]
    public void Two_digests_that_differ_are_refused()
    {
        var other = ContentDigest.Format(ChunkHash.From(SHA256.HashData("y"u8)));
        Assert.False(ContentDigest.TryParse(ContentDigest.Format(s_hash) + "," + other, out _, out _));
    }

    private static ChunkHash? Parse(string field) =>
        ContentDigest.TryParse(field, out var hash, out var reason) ? hash : throw new FormatException(reason);
}
