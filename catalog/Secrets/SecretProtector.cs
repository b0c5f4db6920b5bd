using System.Security.Cryptography;

namespace Granary.Catalog;

/// <summary>
/// Encrypts secrets at rest with AES-256-GCM. A record names the key that made it, so that keys can be replaced: new
/// records use the first key, old ones are read with whichever key they name.
/// </summary>
/// <remarks>
/// Record: 1 byte format (1), 8 bytes key id (the first bytes of the key's SHA-256), 12 bytes nonce, 16 bytes tag,
/// ciphertext. Format and key id are authenticated, and so is the purpose, so that a record cannot be moved to another row.
/// </remarks>
public sealed class SecretProtector
{
    /// <summary>Length of a key in bytes.</summary>
    public const int KeyBytes = 32;

    private const byte Format = 1;
    private const int KeyIdBytes = 8;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int HeaderBytes = 1 + KeyIdBytes;
    private const int Overhead = HeaderBytes + NonceBytes + TagBytes;

    private readonly List<(byte[] Id, byte[] Key)> _keys;

    /// <summary>Makes a protector.</summary>
    /// <param name="keys">Keys of <see cref="KeyBytes"/> bytes; the first one encrypts.</param>
    /// <exception cref="ArgumentException">There is no key, or one of another length.</exception>
    public SecretProtector(params IReadOnlyList<byte[]> keys)
    {
        if (keys.Count == 0 || keys.Any(k => k.Length != KeyBytes))
        {
            throw new ArgumentException($"An encryption key has {KeyBytes} bytes, and there is at least one.", nameof(keys));
        }

        _keys = [.. keys.Select(k => (SHA256.HashData(k)[..KeyIdBytes], k))];
    }

    /// <summary>Encrypts.</summary>
    /// <param name="secret">What to protect.</param>
    /// <param name="purpose">What the record is for, such as <c>store/{id}</c>; needed again to read it.</param>
    public byte[] Protect(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> purpose)
    {
        var (id, key) = _keys[0];
        var record = new byte[Overhead + secret.Length];
        record[0] = Format;
        id.CopyTo(record, 1);
        var nonce = record.AsSpan(HeaderBytes, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key, TagBytes);
        aes.Encrypt(
            nonce, secret, record.AsSpan(Overhead), record.AsSpan(HeaderBytes + NonceBytes, TagBytes), Associated(record.AsSpan(0, HeaderBytes), purpose));
        return record;
    }

    /// <summary>Decrypts.</summary>
    /// <exception cref="CryptographicException">
    /// The record is damaged, was made for another purpose, or names a key that is not here.
    /// </exception>
    public byte[] Unprotect(ReadOnlySpan<byte> record, ReadOnlySpan<byte> purpose)
    {
        if (record.Length < Overhead || record[0] != Format)
        {
            throw new CryptographicException("The secret's record is damaged or of a newer format.");
        }

        foreach (var (id, key) in _keys)
        {
            if (!record.Slice(1, KeyIdBytes).SequenceEqual(id))
            {
                continue;
            }

            var secret = new byte[record.Length - Overhead];
            using var aes = new AesGcm(key, TagBytes);
            aes.Decrypt(
                record.Slice(HeaderBytes, NonceBytes), record[Overhead..], record.Slice(HeaderBytes + NonceBytes, TagBytes), secret,
                Associated(record[..HeaderBytes], purpose));
            return secret;
        }

        throw new CryptographicException($"The secret was encrypted with key {Convert.ToHexStringLower(record.Slice(1, KeyIdBytes))}, which is not configured.");
    }

    private static byte[] Associated(ReadOnlySpan<byte> header, ReadOnlySpan<byte> purpose) => [.. header, .. purpose];
}
