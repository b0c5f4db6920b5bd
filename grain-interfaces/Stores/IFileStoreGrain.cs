using Orleans.Concurrency;

namespace Granary.GrainInterfaces;

/// <summary>
/// One file store: its limits, the space it has given out, its settings. Key: the store's id. Grants blocks of space to
/// silos so that maxSize is never passed, not by one byte (design, Space and quotas; rule 3).
/// </summary>
[Alias("granary.IFileStoreGrain")]
public interface IFileStoreGrain : IGrainWithStringKey
{
    /// <summary>
    /// Adds space to the calling silo's block. Recalls unused blocks of others before it refuses; near the limit a grant
    /// is exact. Requests that wait together are answered from one transaction.
    /// </summary>
    [AlwaysInterleave, Alias("GrantSpace")]
    Task<SpaceGrant> GrantSpaceAsync(SpaceRequest request, CancellationToken cancellationToken);

    /// <summary>Changes limits, concurrency, secrets (D49, D50: backend and place cannot change).</summary>
    [Alias("Update")]
    Task<AdminResult> UpdateAsync(FileStoreSettings settings, OperationKey? operation, CancellationToken cancellationToken);

    /// <summary>Deletes the store: refused while it holds chunks or is attached, unless forced (D51).</summary>
    [Alias("Delete")]
    Task<AdminResult> DeleteAsync(bool force, OperationKey? operation, CancellationToken cancellationToken);
}

/// <summary>A silo asks for space in a store.</summary>
/// <param name="Epoch">The silo's life; its block dies with it.</param>
/// <param name="Needed">Bytes that must be free in the block for the caller to go on.</param>
[GenerateSerializer, Immutable, Alias("granary.SpaceRequest")]
public sealed record SpaceRequest([property: Id(0)] SiloEpoch Epoch, [property: Id(1)] long Needed);

/// <summary>Answer to a request for space.</summary>
/// <param name="Granted">Bytes that were added to the block; 0 when refused.</param>
/// <param name="Refused">True when the store has no room for what is needed.</param>
[GenerateSerializer, Immutable, Alias("granary.SpaceGrant")]
public sealed record SpaceGrant([property: Id(0)] long Granted, [property: Id(1)] bool Refused);

/// <summary>Settings of a store that can change.</summary>
[GenerateSerializer, Immutable, Alias("granary.FileStoreSettings")]
public sealed record FileStoreSettings
{
    /// <summary>May several scopes attach it (D55).</summary>
    [Id(0)] public bool InstanceWide { get; init; } = true;

    /// <summary>Bytes beyond which maintenance moves content away; null for none.</summary>
    [Id(1)] public long? SoftMaxSize { get; init; }

    /// <summary>Bytes that are never passed; null for none. At least <see cref="SoftMaxSize"/> (D9).</summary>
    [Id(2)] public long? MaxSize { get; init; }

    /// <summary>Reads at one time, at least 1.</summary>
    [Id(3)] public int MaxConcurrentReads { get; init; } = 64;

    /// <summary>Writes at one time, at least 1.</summary>
    [Id(4)] public int MaxConcurrentWrites { get; init; } = 64;

    /// <summary>True when moves and copies are trusted to the backend's own check instead of reading back.</summary>
    [Id(5)] public bool VerifyByBackend { get; init; }

    /// <summary>New secrets, encrypted already (AES-256-GCM record); null leaves them.</summary>
    [Id(6)] public byte[]? EncryptedSecrets { get; init; }

    /// <summary>New non-secret configuration (JSON) where only fields that may change differ; null leaves it.</summary>
    [Id(7)] public string? Configuration { get; init; }
}
