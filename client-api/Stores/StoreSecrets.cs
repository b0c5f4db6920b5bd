using System.Security.Cryptography;
using System.Text.Json;
using Granary.Catalog;
using Granary.Stores;

namespace Granary.ClientApi.Stores;

/// <summary>Turns a store's credentials into the encrypted record that the catalog keeps, and back.</summary>
public static class StoreSecrets
{
    private static ReadOnlySpan<byte> Purpose => "store-credentials"u8;

    /// <summary>Encrypts.</summary>
    public static byte[] Protect(SecretProtector protector, StoreCredentials credentials)
    {
        var plain = JsonSerializer.SerializeToUtf8Bytes(new Plain(credentials.AccessKey, credentials.SecretKey));
        try
        {
            return protector.Protect(plain, Purpose);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    /// <summary>Decrypts.</summary>
    /// <exception cref="CryptographicException">The record was made with a key that this process does not have, or is damaged.</exception>
    public static StoreCredentials Unprotect(SecretProtector protector, byte[] record)
    {
        var bytes = protector.Unprotect(record, Purpose);
        try
        {
            var plain = JsonSerializer.Deserialize<Plain>(bytes) ?? throw new CryptographicException("The record holds no credentials.");
            return new StoreCredentials(plain.AccessKey, plain.SecretKey);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private sealed record Plain(string AccessKey, string SecretKey);
}
