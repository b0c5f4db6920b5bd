using System.Security.Cryptography;
using Granary.Silo.Configuration;
using Granary.Silo.Data;

namespace Granary.Silo.Hosting;

/// <summary>The installation's secrets, from the settings, else from the data folder's files.</summary>
internal sealed record InstallationKeys(string OperatorKey, byte[] EncryptionKey)
{
    private const int EncryptionKeyBytes = 32;

    /// <summary>Reads them; makes the files that are missing (0600).</summary>
    /// <exception cref="InvalidDataException">A file holds something else.</exception>
    public static InstallationKeys ReadOrMake(SiloSettings settings) => new(
        settings.Secrets.OperatorKey ?? DataFolder.ReadOrMakeSecret(DataFolder.OperatorKeyFile(settings.Storage.Data), NewOperatorKey),
        settings.Secrets.EncryptionKey ?? ReadEncryptionKey(DataFolder.EncryptionKeyFile(settings.Storage.Data)));

    private static byte[] ReadEncryptionKey(string file)
    {
        var text = DataFolder.ReadOrMakeSecret(file, () => Convert.ToBase64String(RandomNumberGenerator.GetBytes(EncryptionKeyBytes)));
        var key = new byte[EncryptionKeyBytes + 1];
        return Convert.TryFromBase64String(text, key, out var length) && length == EncryptionKeyBytes
            ? key[..EncryptionKeyBytes]
            : throw new InvalidDataException($"{file} does not hold 32 bytes in base64; restore it from its copy.");
    }

    private static string NewOperatorKey() =>
        "gk_op_" + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    /// <summary>Shows no secret.</summary>
    public override string ToString() => nameof(InstallationKeys);
}
