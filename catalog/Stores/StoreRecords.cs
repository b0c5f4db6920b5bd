using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Asks for a file store.</summary>
public sealed record NewFileStore
{
    /// <summary>Name, unique in the installation.</summary>
    public required string Name { get; init; }

    /// <summary><c>local</c> or <c>s3</c>.</summary>
    public required string Backend { get; init; }

    /// <summary>Where it is: JSON without secrets.</summary>
    public required string Configuration { get; init; }

    /// <summary>Secrets as one AES-256-GCM record; null where the backend needs none.</summary>
    public byte[]? EncryptedSecrets { get; init; }

    /// <summary>The only silo that reads and writes it; null for all silos.</summary>
    public string? Silo { get; init; }

    /// <summary>Limits and bounds.</summary>
    public required FileStoreSettings Settings { get; init; }
}

/// <summary>How the space of a store is used. Charged = unused blocks + writing + stored + deleting, always.</summary>
public sealed record StoreSpace
{
    /// <summary>Bytes charged against <see cref="MaxSize"/>.</summary>
    public required long Charged { get; init; }

    /// <summary>Of those, bytes given to silos and not used yet.</summary>
    public required long UnusedBlocks { get; init; }

    /// <summary>Bytes of stored copies.</summary>
    public required long Used { get; init; }

    /// <summary>Stored copies.</summary>
    public required long Chunks { get; init; }

    /// <summary>Bytes that are never passed; null for none.</summary>
    public long? MaxSize { get; init; }
}

/// <summary>One silo's request for space, decided with others in one transaction.</summary>
/// <param name="Epoch">The silo's life.</param>
/// <param name="Needed">Bytes that must be free in its block afterwards.</param>
/// <param name="Preferred">Bytes the block should have where there is plenty; near the limit only what is needed is given.</param>
public sealed record BlockRequest(SiloEpoch Epoch, long Needed, long Preferred);

/// <summary>Answer to one <see cref="BlockRequest"/>.</summary>
/// <param name="Granted">Bytes added to the block.</param>
/// <param name="Refused">The store has no room for what is needed, or the epoch or store is gone.</param>
/// <param name="Recalled">Bytes taken back from other silos' unused blocks to make room.</param>
public sealed record BlockGrant(long Granted, bool Refused, long Recalled);
