using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;

namespace Granary.Stores;

/// <summary>
/// Chunks as objects of a bucket, under <c>{prefix}chunks/{tenant}/{aa}/{bb}/{sha256}.{locationId}</c>. A put is one
/// request with a signed hash of its payload. A missing bucket, a missing identity object and a cut answer are failures and never
/// "absent".
/// </summary>
internal sealed partial class S3ChunkStore : IChunkStore, IPresignedReads, IOwnedPlace
{
    /// <summary>How long one attempt may take: a request's fixed part, and its bytes at 256 KiB/s.</summary>
    private static readonly TimeSpan s_attempt = TimeSpan.FromSeconds(15);

    private const double SlowestBytesPerSecond = 256 << 10;

    private static readonly TimeSpan s_presigned = TimeSpan.FromSeconds(60);

    private readonly S3StoreConfig _config;
    private readonly StoreIdentity _identity;
    private readonly S3Faults _faults;
    private readonly TimeProvider _time;
    private readonly AmazonS3Client _client;
    private readonly AmazonS3Client _presigner;
    private readonly TimeSpan _attempt;

    /// <summary>Makes the store; it does not talk to the server yet.</summary>
    public S3ChunkStore(ChunkStoreDefinition definition, TimeProvider time, TimeSpan? attempt = null)
    {
        _config = (S3StoreConfig)definition.Configuration;
        _identity = StoreIdentity.Of(definition);
        _faults = new(definition.Name, _config);
        _time = time;
        _attempt = attempt ?? s_attempt;
        var credentials = definition.Credentials
            ?? throw new ChunkStoreException(definition.Name, ChunkStoreFault.AccessDenied, $"Store {definition.Name}: an s3 store requires credentials, and none are set.");
        var connections = definition.MaxConcurrentReads + definition.MaxConcurrentWrites + 4;
        _client = S3Client.Make(_config, credentials, _config.Endpoint, connections);
        _presigner = _config.ExternalEndpoint is { } external ? S3Client.Make(_config, credentials, external, 1) : _client;
        Traits = new()
        {
            Name = definition.Name,
            Backend = S3StoreConfig.Kind,
            IsLocal = false,
            ListIsConsistent = true,
            VerifiesWrites = true,
            ConcurrencyHint = 16,
        };
    }

    /// <inheritdoc/>
    public ChunkStoreTraits Traits { get; }

    private string IdentityKey => _config.Prefix + StoreIdentity.ObjectName;

    /// <inheritdoc/>
    public Task PutAsync(LocationKey key, ChunkBuffer content, CancellationToken ct)
    {
        ChunkStore.ThrowUnlessFits(key, content);
        var name = _config.Prefix + key;
        return CallAsync("writing", name, content.Length, t => _client.PutObjectAsync(S3Client.Put(_config, name, content), t), ct);
    }

    /// <inheritdoc/>
    public async Task<ChunkStat?> StatAsync(LocationKey key, CancellationToken ct)
    {
        var name = _config.Prefix + key;
        try
        {
            var request = new GetObjectMetadataRequest { BucketName = _config.Bucket, Key = name };
            var answer = await CallAsync("looking at", name, 0, t => _client.GetObjectMetadataAsync(request, t), ct).ConfigureAwait(false);
            return new ChunkStat(answer.ContentLength, new(answer.LastModified.GetValueOrDefault().ToUniversalTime()));
        }
        catch (ChunkStoreException e) when (e.InnerException is AmazonS3Exception inner && (S3Faults.IsNoSuchKey(inner) || S3Faults.IsBareNotFound(inner)))
        {
            await CheckAsync(ct).ConfigureAwait(false);
            return null;
        }
    }

    /// <inheritdoc/>
    public async Task<int?> ReadAsync(LocationKey key, long offset, IReadOnlyList<Memory<byte>> destination, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        var wanted = destination.Sum(d => (long)d.Length);
        if (wanted == 0)
            return await StatAsync(key, ct).ConfigureAwait(false) is null ? null : 0;
        var name = _config.Prefix + key;
        try
        {
            return await CallAsync("reading", name, wanted, t => GetAsync(name, offset, wanted, destination, t), ct).ConfigureAwait(false);
        }
        catch (ChunkStoreException e) when (e.InnerException is AmazonS3Exception inner && (S3Faults.IsNoSuchKey(inner) || S3Faults.IsBehindEnd(inner)))
        {
            if (S3Faults.IsBehindEnd(inner))
                return 0;
            await CheckAsync(ct).ConfigureAwait(false);
            return null;
        }
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(LocationKey key, CancellationToken ct)
    {
        var name = _config.Prefix + key;
        try
        {
            var request = new DeleteObjectRequest { BucketName = _config.Bucket, Key = name };
            await CallAsync("deleting", name, 0, t => _client.DeleteObjectAsync(request, t), ct).ConfigureAwait(false);
            return true;
        }
        catch (ChunkStoreException e) when (e.InnerException is AmazonS3Exception inner && S3Faults.IsNoSuchKey(inner))
        {
            await CheckAsync(ct).ConfigureAwait(false);
            return false;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChunkListing> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        if (LocationKey.Root.StartsWith(prefix, StringComparison.Ordinal))
            prefix = LocationKey.Root;
        await CheckAsync(ct).ConfigureAwait(false);
        string? token = null;
        do
        {
            var page = await PageAsync(_config.Prefix + prefix, token, 1000, ct).ConfigureAwait(false);
            foreach (var entry in page.S3Objects ?? [])
            {
                if (LocationKey.TryParse(entry.Key[_config.Prefix.Length..], out var key))
                    yield return new(key, entry.Size.GetValueOrDefault(), new(entry.LastModified.GetValueOrDefault().ToUniversalTime()));
            }

            if (page.IsTruncated == true && (string.IsNullOrEmpty(page.NextContinuationToken) || page.NextContinuationToken == token))
                throw _faults.Broken("listing", prefix, "the server says that there is more but not where");
            token = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (token is not null);
    }

    /// <inheritdoc/>
    public Uri PresignGet(LocationKey key, string? contentType = null, TimeSpan? lifetime = null)
    {
        var request = new GetPreSignedUrlRequest
        {
            BucketName = _config.Bucket,
            Key = _config.Prefix + key,
            Verb = HttpVerb.GET,
            Expires = WholeSecond(_time.GetUtcNow()) + (lifetime ?? s_presigned),
            Protocol = (_config.ExternalEndpoint ?? _config.Endpoint).Scheme == "http" ? Protocol.HTTP : Protocol.HTTPS,
        };
        if (contentType is not null)
            request.ResponseHeaderOverrides = new() { ContentType = contentType };
        return new(_presigner.GetPreSignedURL(request));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_presigner != _client)
            _presigner.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The SDK counts from the whole second and rounds up, which would make 60 s 61.</summary>
    private static DateTime WholeSecond(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);

    /// <summary>One request: timed, and its faults named.</summary>
    private async Task<T> CallAsync<T>(string doing, string what, long bytes, Func<CancellationToken, Task<T>> call, CancellationToken ct)
    {
        OneAttemptHandler.Begin();
        var limit = _attempt + TimeSpan.FromSeconds(bytes / SlowestBytesPerSecond);
        using var timer = new CancellationTokenSource(limit, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(ct, timer.Token);
        try
        {
            return await call(both.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (ct.IsCancellationRequested && (e is OperationCanceledException || S3Faults.IsFault(e)))
        {
            throw new OperationCanceledException(e.Message, e, ct);
        }
        catch (Exception e) when (timer.IsCancellationRequested && (e is OperationCanceledException || S3Faults.IsFault(e)))
        {
            throw _faults.TimedOut(doing, what, limit, e);
        }
        catch (OperationCanceledException e)
        {
            // Neither the caller nor the clock: the SDK gave up on its own, as it does when a connection cannot be made.
            throw _faults.Of(doing, what, e);
        }
        catch (Exception e) when (S3Faults.IsFault(e))
        {
            throw _faults.Of(doing, what, e);
        }
    }

    private async Task<int?> GetAsync(string name, long offset, long wanted, IReadOnlyList<Memory<byte>> destination, CancellationToken ct)
    {
        var request = new GetObjectRequest { BucketName = _config.Bucket, Key = name, ByteRange = new(offset, offset + wanted - 1) };
        using var answer = await _client.GetObjectAsync(request, ct).ConfigureAwait(false);
        var size = SizeOf(answer, name, offset);
        var expected = Math.Min(wanted, Math.Max(0, size - offset));
        var read = 0;
        foreach (var part in destination)
        {
            var room = part[..(int)Math.Min(part.Length, expected - read)];
            var got = await answer.ResponseStream.ReadAtLeastAsync(room, room.Length, throwOnEndOfStream: false, ct).ConfigureAwait(false);
            read += got;
            if (got < room.Length)
                throw _faults.Broken("reading", name, $"the answer ended after {read} of {expected} bytes");
        }

        return read;
    }

    /// <summary>The size of the whole object, from an answer that must be the range that was asked for.</summary>
    private long SizeOf(GetObjectResponse answer, string name, long offset)
    {
        if (answer.HttpStatusCode == HttpStatusCode.OK && offset == 0)
            return answer.ContentLength;
        var range = answer.ContentRange ?? "";
        var slash = range.IndexOf('/');
        if (answer.HttpStatusCode == HttpStatusCode.PartialContent && slash > 0
            && range.StartsWith(string.Create(CultureInfo.InvariantCulture, $"bytes {offset}-"), StringComparison.Ordinal)
            && long.TryParse(range.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var size))
            return size;
        throw _faults.Broken("reading", name, "the server did not send the range that it was asked for");
    }

    private Task<ListObjectsV2Response> PageAsync(string prefix, string? token, int most, CancellationToken ct)
    {
        var request = new ListObjectsV2Request { BucketName = _config.Bucket, Prefix = prefix, ContinuationToken = token, MaxKeys = most };
        return CallAsync("listing", prefix, 1 << 20, t => _client.ListObjectsV2Async(request, t), ct);
    }
}
