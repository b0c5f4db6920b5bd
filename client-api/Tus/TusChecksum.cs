using System.Security.Cryptography;
using Granary.ClientApi.Http;

namespace Granary.ClientApi.Tus;

/// <summary>
/// <c>Upload-Checksum</c>: "the name of the used checksum algorithm and the Base64 encoded checksum separated by a space."
/// "The Server MUST support at least the SHA1 checksum algorithm identified by sha1." "400 Bad Request if the checksum
/// algorithm is not supported by the server, 460 Checksum Mismatch if the checksums mismatch." (U5)
/// </summary>
internal sealed class TusChecksum : IDisposable
{
    /// <summary>Names of the algorithms.</summary>
    public const string Algorithms = "sha1,sha256";

    private readonly IncrementalHash _hash;
    private readonly byte[] _expected;

    private TusChecksum(HashAlgorithmName name, byte[] expected)
    {
        _hash = IncrementalHash.CreateHash(name);
        _expected = expected;
    }

    /// <summary>Reads the header.</summary>
    /// <returns>Null when it is absent; a problem when it is wrong.</returns>
    public static (TusChecksum? Checksum, Problem? Problem) Read(Microsoft.AspNetCore.Http.HttpRequest request)
    {
        if (!request.Headers.TryGetValue(TusProtocol.ChecksumHeader, out var values))
            return (null, null);
        var text = values.ToString();
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        var (name, size) = (space < 0 ? text : text[..space]) switch
        {
            "sha1" => (HashAlgorithmName.SHA1, SHA1.HashSizeInBytes),
            "sha256" => (HashAlgorithmName.SHA256, SHA256.HashSizeInBytes),
            _ => (default, 0),
        };
        if (size == 0)
            return (null, Problem.Invalid(TusProtocol.ChecksumHeader, $"The algorithms of {TusProtocol.ChecksumHeader} are {Algorithms}."));
        var expected = new byte[size + 1];
        return space > 0 && Convert.TryFromBase64String(text[(space + 1)..], expected, out var written) && written == size
            ? (new TusChecksum(name, expected[..size]), null)
            : (null, Problem.Invalid(TusProtocol.ChecksumHeader, $"{TusProtocol.ChecksumHeader} is an algorithm, a space and the checksum in base64."));
    }

    /// <summary>460.</summary>
    public static Problem Mismatch() =>
        new(ProblemKinds.ChecksumMismatch, "The bytes that arrived do not have the checksum that was sent; none of them was kept.");

    /// <summary>Takes the next bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    /// <summary>Do all bytes together have the checksum?</summary>
    public bool Holds() => CryptographicOperations.FixedTimeEquals(_hash.GetCurrentHash(), _expected);

    public void Dispose() => _hash.Dispose();
}
