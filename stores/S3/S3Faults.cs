using System.Net;
using System.Net.Sockets;
using System.Xml;
using Amazon.Runtime;
using Amazon.S3;

namespace Granary.Stores;

/// <summary>Turns what the SDK and the network throw into faults of a store.</summary>
internal sealed class S3Faults(string store, S3StoreConfig config)
{
    private string Place => $"bucket {config.Bucket} at {ChunkStoreConfigParser.ShowEndpoint(config.Endpoint)}";

    /// <summary>True when the server said that this key is absent, and not the whole bucket.</summary>
    public static bool IsNoSuchKey(AmazonS3Exception e) => e is { StatusCode: HttpStatusCode.NotFound, ErrorCode: "NoSuchKey" };

    /// <summary>True for a 404 without a word, as HEAD gives it: key or bucket, one cannot tell.</summary>
    public static bool IsBareNotFound(AmazonS3Exception e) => e is { StatusCode: HttpStatusCode.NotFound, ErrorCode: not ("NoSuchKey" or "NoSuchBucket") };

    /// <summary>True when the server has the object and the range begins behind its end.</summary>
    public static bool IsBehindEnd(AmazonS3Exception e) => e.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable;

    /// <summary>True for whatever a call of the SDK throws when it did not succeed, its being cancelled aside.</summary>
    public static bool IsFault(Exception e) =>
        e is AmazonServiceException or AmazonClientException or HttpRequestException or IOException or SocketException or XmlException or WebException;

    public ChunkStoreException Of(string doing, string what, Exception cause)
    {
        var (fault, why) = Judge(cause);
        return new(store, fault, $"Store {store}: {doing} {what} in {Place} failed: {why}.", cause);
    }

    public ChunkStoreException TimedOut(string doing, string what, TimeSpan after, Exception cause) =>
        new(store, ChunkStoreFault.Timeout, $"Store {store}: {doing} {what} in {Place} got no answer within {after.TotalSeconds:0.#} s.", cause);

    public ChunkStoreException Broken(string doing, string what, string how) =>
        new(store, ChunkStoreFault.Unavailable, $"Store {store}: {doing} {what} in {Place} failed: {how}.");

    public ChunkStoreOfflineException IdentityMissing(string key) =>
        new(store, ChunkStoreFault.IdentityMissing, $"Store {store}: {Place} has no identity object {key}.");

    public ChunkStoreOfflineException Unowned(string prefix) =>
        new(store, ChunkStoreFault.IdentityMissing, $"Store {store}: {Place} holds chunks under {prefix} but no identity object; taking it over is an explicit command.");

    public ChunkStoreOfflineException Offline(ChunkStoreException cause) => new(store, cause.Fault, cause.Message, cause);

    private static (ChunkStoreFault Fault, string Why) Judge(Exception cause)
    {
        if (cause is not AmazonServiceException service || service.StatusCode == 0)
            return (ChunkStoreFault.Unavailable, Innermost(cause));
        var code = string.IsNullOrEmpty(service.ErrorCode) ? $"{(int)service.StatusCode}" : $"{(int)service.StatusCode} {service.ErrorCode}";
        return (service.ErrorCode, (int)service.StatusCode) switch
        {
            ("NoSuchBucket", _) => (ChunkStoreFault.Misconfigured, "there is no such bucket"),
            ("InvalidAccessKeyId" or "SignatureDoesNotMatch", _) => (ChunkStoreFault.AccessDenied, $"the server refuses the credentials ({code})"),
            ("RequestTimeTooSkewed", _) => (ChunkStoreFault.Misconfigured, "the clocks of this machine and of the server differ too much"),
            ("QuotaExceeded" or "InsufficientStorage" or "XMinioStorageFull", _) or (_, 507) => (ChunkStoreFault.Full, $"the server has no room ({code})"),

            // The chunk fits its hash, which was computed over these very bytes: they changed on the way.
            ("XAmzContentSHA256Mismatch" or "BadDigest" or "XAmzContentChecksumMismatch" or "IncompleteBody", _) => (ChunkStoreFault.Unavailable, $"the bytes changed on the way ({code})"),
            ("RequestTimeout", _) or (_, 408) => (ChunkStoreFault.Timeout, $"the server waited too long ({code})"),
            (_, 401 or 403) => (ChunkStoreFault.AccessDenied, $"the server denies access ({code})"),
            (_, 429 or >= 500) => (ChunkStoreFault.Unavailable, $"the server answered {code}"),
            (_, >= 300 and < 400) => (ChunkStoreFault.Misconfigured, $"the bucket lies elsewhere ({code}); check endpoint and region"),
            (_, >= 200 and < 300) => (ChunkStoreFault.Unavailable, "the server's answer cannot be read"),
            _ => (ChunkStoreFault.Rejected, $"the server answered {code}"),
        };
    }

    private static string Innermost(Exception cause)
    {
        while (cause.InnerException is { } inner)
            cause = inner;
        return cause.Message.TrimEnd('.');
    }
}
