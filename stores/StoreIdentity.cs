using System.Text.Json;

namespace Granary.Stores;

/// <summary>
/// The small object at the root of every store that says whose it is. Without it, or with another's, a store is offline:
/// an unmounted directory or a mistyped bucket must not read as an empty store.
/// </summary>
/// <param name="Installation">The installation that owns the store.</param>
/// <param name="Store">The id of the store.</param>
/// <param name="Format">The version of the layout below it; 1.</param>
internal sealed record StoreIdentity(string Installation, string Store, int Format)
{
    public const string ObjectName = "granary-store.json";

    /// <summary>No identity object is longer; what is, is somebody else's.</summary>
    public const int MaxBytes = 4096;

    public const int CurrentFormat = 1;

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);

    public static StoreIdentity Of(ChunkStoreDefinition definition) =>
        new(definition.InstallationId, definition.StoreId, CurrentFormat);

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, s_json);

    /// <summary>Compares what was found with what should be there.</summary>
    /// <exception cref="ChunkStoreOfflineException">It is another's, of a newer layout, or no identity object at all.</exception>
    public void Expect(ReadOnlySpan<byte> found, string name, string place)
    {
        StoreIdentity? other = null;
        JsonException? cause = null;
        try
        {
            other = JsonSerializer.Deserialize<StoreIdentity>(found, s_json);
        }
        catch (JsonException e)
        {
            cause = e;
        }

        if (other is null || other.Installation is null || other.Store is null)
            throw new ChunkStoreOfflineException(name, ChunkStoreFault.IdentityForeign, $"Store {name}: {place} is no identity object of this program.", cause);
        if (other.Installation != Installation)
            throw new ChunkStoreOfflineException(name, ChunkStoreFault.IdentityForeign, $"Store {name}: {place} belongs to another installation ({other.Installation}).");
        if (other.Store != Store)
            throw new ChunkStoreOfflineException(name, ChunkStoreFault.IdentityForeign, $"Store {name}: {place} belongs to another store ({other.Store}).");
        if (other.Format != Format)
            throw new ChunkStoreOfflineException(name, ChunkStoreFault.Misconfigured, $"Store {name}: {place} has layout {other.Format}, and this program knows {Format}.");
    }
}
