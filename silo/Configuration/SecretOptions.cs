namespace Granary.Silo.Configuration;

/// <summary>Secrets of the installation. Where one is not set, the data folder's own file is used, and made on first start.</summary>
public sealed class SecretOptions
{
    /// <summary>Least length of an operator key that is given: 16 random bytes in base64url have 22.</summary>
    public const int LeastKeyLength = 20;

    /// <summary>Key of the operator; null for the file <c>operator.key</c> in the data folder.</summary>
    public required string? OperatorKey { get; init; }

    /// <summary>32 bytes that encrypt store secrets; null for the file <c>encryption.key</c> in the data folder.</summary>
    public required byte[]? EncryptionKey { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static SecretOptions Read(SettingSource source) => new()
    {
        OperatorKey = ReadOperatorKey(source),
        EncryptionKey = ReadEncryptionKey(source),
    };

    private static string? ReadOperatorKey(SettingSource source)
    {
        var key = source.Secret("GRANARY_OPERATOR_KEY");
        if (key is { Length: < LeastKeyLength })
        {
            source.Fail("GRANARY_OPERATOR_KEY", "(secret)", $"give at least {LeastKeyLength} characters");
            return null;
        }

        return key;
    }

    private static byte[]? ReadEncryptionKey(SettingSource source)
    {
        var text = source.Secret("GRANARY_ENCRYPTION_KEY");
        if (text is null)
        {
            return null;
        }

        var key = new byte[33];
        if (Convert.TryFromBase64String(text, key, out var length) && length == 32)
        {
            return key[..32];
        }

        source.Fail("GRANARY_ENCRYPTION_KEY", "(secret)", "give 32 random bytes in base64");
        return null;
    }
}
