using System.Text.Json;

namespace Granary.Admin.Api;

/// <summary>A file store. Sizes in bytes; secrets never come back.</summary>
internal sealed record FileStore(
    string Name, string Backend, JsonElement? Configuration, bool InstanceWide, long? SoftMaxSize, long? MaxSize,
    int? MaxConcurrentReads, int? MaxConcurrentWrites, string? Verify, long? UsedBytes, long? ChargedBytes,
    string? State, string? OfflineReason, long? Chunks, long? UploadedLastWeekBytes = null, long? FileSystemBytes = null,
    long? FileSystemFreeBytes = null, string? Warning = null) : Answer;

/// <summary>Configuration of a store, of either backend; what is null is left out.</summary>
internal sealed record StoreConfiguration
{
    /// <summary>local: the folder, below one of the roots that the server allows.</summary>
    public string? Path { get; init; }

    /// <summary>local: the silo that owns the folder; none for a shared mount.</summary>
    public string? Silo { get; init; }

    /// <summary>s3: address of the service.</summary>
    public string? Endpoint { get; init; }

    /// <summary>s3: address that clients outside reach the service at, for redirects.</summary>
    public string? ExternalEndpoint { get; init; }

    /// <summary>s3: region.</summary>
    public string? Region { get; init; }

    /// <summary>s3: bucket.</summary>
    public string? Bucket { get; init; }

    /// <summary>s3: what every key starts with.</summary>
    public string? Prefix { get; init; }

    /// <summary>s3: id of the access key.</summary>
    public string? AccessKey { get; init; }

    /// <summary>s3: the secret of the access key.</summary>
    public string? SecretKey { get; init; }

    /// <summary>s3: storage class of new objects.</summary>
    public string? StorageClass { get; init; }

    /// <summary>s3: bucket in the path instead of the host name.</summary>
    public bool? ForcePathStyle { get; init; }

    /// <summary>s3: which upload checksum the service can take.</summary>
    public string? Checksums { get; init; }
}

/// <summary>Body of the creation of a store.</summary>
internal sealed record CreateStore(
    string Name, string Backend, StoreConfiguration Configuration, bool? InstanceWide, long? SoftMaxSize, long? MaxSize,
    int? MaxConcurrentReads, int? MaxConcurrentWrites, string? Verify);
