namespace Granary.Stores;

/// <summary>Everything that is needed to open one store.</summary>
public sealed record ChunkStoreDefinition
{
    /// <summary>The id of the installation that owns the store; part of the store's identity.</summary>
    public required string InstallationId { get; init; }

    /// <summary>The store's id, never reused; part of its identity.</summary>
    public required string StoreId { get; init; }

    /// <summary>The store's name, for messages and metrics.</summary>
    public required string Name { get; init; }

    /// <summary>Where the bytes lie and how they are reached.</summary>
    public required ChunkStoreConfig Configuration { get; init; }

    /// <summary>What an <c>s3</c> store signs with; null for <c>local</c>.</summary>
    public StoreCredentials? Credentials { get; init; }

    /// <summary>The most reads at a time, from 1 to 1024; 32 by default.</summary>
    public int MaxConcurrentReads { get; init; } = 32;

    /// <summary>The most writes and deletes at a time, from 1 to 1024; 32 by default.</summary>
    public int MaxConcurrentWrites { get; init; } = 32;
}

/// <summary>The configuration of a store without its secrets; its JSON is what the catalog keeps and the API shows.</summary>
public abstract record ChunkStoreConfig
{
    /// <summary><c>local</c> or <c>s3</c>.</summary>
    public abstract string Backend { get; }
}

/// <summary>A directory on a disk of this machine, or on a mount.</summary>
public sealed record LocalStoreConfig : ChunkStoreConfig
{
    /// <summary>The value of <see cref="Backend"/>.</summary>
    public const string Kind = "local";

    /// <summary>The directory, absolute; it must exist (D60).</summary>
    public required string Path { get; init; }

    /// <summary>The silo that alone reads and writes it; null for a mount that all silos share.</summary>
    public string? Silo { get; init; }

    /// <inheritdoc/>
    public override string Backend => Kind;
}

/// <summary>Which checksum header an S3 store gets with an upload, beside the signed hash of the payload (D58).</summary>
public enum S3Checksums
{
    /// <summary><c>x-amz-checksum-sha256</c>, the chunk's own hash; the default.</summary>
    Sha256,

    /// <summary>None, for servers that refuse the header.</summary>
    None,
}

/// <summary>A bucket of a server that speaks S3.</summary>
public sealed record S3StoreConfig : ChunkStoreConfig
{
    /// <summary>The value of <see cref="Backend"/>.</summary>
    public const string Kind = "s3";

    /// <summary>The server as this process reaches it: scheme, host and port.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>The server as clients reach it, for presigned links; null: the same.</summary>
    public Uri? ExternalEndpoint { get; init; }

    /// <summary>The region that requests are signed for; <c>us-east-1</c> by default.</summary>
    public string Region { get; init; } = "us-east-1";

    /// <summary>The bucket; it must exist.</summary>
    public required string Bucket { get; init; }

    /// <summary>What all keys begin with: empty, or ending in a slash.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>The storage class of new objects; sent only when set (D58).</summary>
    public string? StorageClass { get; init; }

    /// <summary>True (the default): the bucket is in the path; false: in the host name.</summary>
    public bool ForcePathStyle { get; init; } = true;

    /// <summary>The checksum header that the server can take.</summary>
    public S3Checksums Checksums { get; init; }

    /// <inheritdoc/>
    public override string Backend => Kind;
}

/// <summary>What an S3 store signs with. Its text form shows no secret.</summary>
public sealed record StoreCredentials(string AccessKey, string SecretKey)
{
    /// <inheritdoc/>
    public override string ToString() => "StoreCredentials (redacted)";
}
