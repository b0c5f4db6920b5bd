using Granary.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Granary.Stores.Tests;

/// <summary>Definitions of stores for tests.</summary>
internal static class Definitions
{
    public static ChunkStoreDefinition Local(string path, string store = "s1", string installation = "inst1") => new()
    {
        InstallationId = installation,
        StoreId = store,
        Name = "test",
        Configuration = new LocalStoreConfig { Path = path },
    };

    public static ChunkStoreDefinition S3(string bucket, string prefix = "", Uri? endpoint = null, StoreCredentials? credentials = null, string store = "s1") => new()
    {
        InstallationId = "inst1",
        StoreId = store,
        Name = "test",
        Configuration = new S3StoreConfig { Endpoint = endpoint ?? S3Server.Current.Endpoint, Bucket = bucket, Prefix = prefix },
        Credentials = credentials ?? S3Server.Current.Credentials,
    };

    /// <summary>A definition over a new bucket.</summary>
    public static async Task<ChunkStoreDefinition> S3Async(string prefix = "") => S3(await S3Server.Current.MakeBucketAsync(), prefix);

    public static ChunkStoreFactory Factory(TimeProvider? time = null, StoreRetryOptions? retry = null, Func<bool>? isMember = null) =>
        new(retry ?? new() { FirstDelay = TimeSpan.FromMilliseconds(1) }, time ?? TimeProvider.System, () => 0.5, isMember ?? (() => true), NullLoggerFactory.Instance);

    public static async Task<OpenedChunkStore> OpenAsync(ChunkStoreDefinition definition)
    {
        var factory = Factory();
        await factory.InitializeAsync(definition, takeOver: false, default);
        return await factory.OpenAsync(definition, default);
    }
}
