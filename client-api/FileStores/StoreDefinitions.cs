using Granary.Catalog;
using Granary.ClientApi.Stores;
using Granary.Stores;

namespace Granary.ClientApi.FileStores;

/// <summary>Turns a store's row into what is needed to open it.</summary>
public static class StoreDefinitions
{
    /// <summary>The definition, with its secrets decrypted.</summary>
    /// <exception cref="FormatException">The configuration cannot be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The secrets cannot be read with the keys at hand.</exception>
    public static ChunkStoreDefinition Define(StoreInfo store, string installationId, SecretProtector secrets) => new()
    {
        InstallationId = installationId,
        StoreId = store.Id.ToString(),
        Name = store.Name,
        Configuration = ChunkStoreConfigParser.Deserialize(store.Backend, store.Configuration),
        Credentials = store.EncryptedSecrets is { } record ? StoreSecrets.Unprotect(secrets, record) : null,
        MaxConcurrentReads = store.Settings.MaxConcurrentReads,
        MaxConcurrentWrites = store.Settings.MaxConcurrentWrites,
    };
}
