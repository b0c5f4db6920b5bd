using Amazon.S3;
using Amazon.S3.Model;

namespace Granary.Stores;

/// <content>Whose bucket it is, and whether the credentials can work with it.</content>
internal sealed partial class S3ChunkStore
{
    /// <summary>
    /// Makes the bucket, or the prefix in it, a store: it must have no identity object and no chunks, or be ours already. On
    /// the way it proves that the credentials can write, read, list and delete (D59).
    /// </summary>
    /// <param name="takeOver">True: replace whatever identity is there; an operator's explicit command.</param>
    /// <param name="ct">Gives up.</param>
    public async Task InitializeAsync(bool takeOver, CancellationToken ct)
    {
        var found = await GetSmallAsync(IdentityKey, ct).ConfigureAwait(false);
        if (found is not null && !takeOver)
            _identity.Expect(found, Traits.Name, IdentityKey);
        if (found is null && !takeOver && await AnyChunkAsync(ct).ConfigureAwait(false))
            throw _faults.Unowned(_config.Prefix + LocationKey.Root);
        await ProbeAsync(ct).ConfigureAwait(false);
        if (found is not null && !takeOver)
            return;
        using var content = ChunkBuffer.CopyOf(_identity.ToBytes());
        var request = S3Client.Put(_config, IdentityKey, content);
        if (!takeOver)
            request.IfNoneMatch = "*";
        await CallAsync("writing", IdentityKey, content.Length, t => _client.PutObjectAsync(request, t), ct).ConfigureAwait(false);
        await CheckAsync(ct).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task CheckAsync(CancellationToken ct)
    {
        byte[]? found;
        try
        {
            found = await GetSmallAsync(IdentityKey, ct).ConfigureAwait(false);
        }
        catch (ChunkStoreException e)
        {
            throw _faults.Offline(e);
        }

        _identity.Expect(found ?? throw _faults.IdentityMissing(IdentityKey), Traits.Name, IdentityKey);
    }

    /// <inheritdoc/>
    public async Task<bool> LeaveAsync(CancellationToken ct)
    {
        if (await AnyChunkAsync(ct).ConfigureAwait(false))
            return false;
        var request = new DeleteObjectRequest { BucketName = _config.Bucket, Key = IdentityKey };
        await CallAsync("deleting", IdentityKey, 0, t => _client.DeleteObjectAsync(request, t), ct).ConfigureAwait(false);
        return true;
    }

    private async Task<byte[]?> GetSmallAsync(string name, CancellationToken ct)
    {
        try
        {
            return await CallAsync("reading", name, StoreIdentity.MaxBytes, async t =>
            {
                using var answer = await _client.GetObjectAsync(new GetObjectRequest { BucketName = _config.Bucket, Key = name }, t).ConfigureAwait(false);
                var bytes = new byte[(int)Math.Min(StoreIdentity.MaxBytes, answer.ContentLength)];
                await answer.ResponseStream.ReadExactlyAsync(bytes, t).ConfigureAwait(false);
                return bytes;
            }, ct).ConfigureAwait(false);
        }
        catch (ChunkStoreException e) when (e.InnerException is AmazonS3Exception inner && S3Faults.IsNoSuchKey(inner))
        {
            return null;
        }
    }

    private async Task<bool> AnyChunkAsync(CancellationToken ct) =>
        (await PageAsync(_config.Prefix + LocationKey.Root, null, 1, ct).ConfigureAwait(false)).S3Objects is { Count: > 0 };

    private async Task ProbeAsync(CancellationToken ct)
    {
        var name = $"{_config.Prefix}granary-probe-{Guid.NewGuid():n}";
        using var content = ChunkBuffer.CopyOf("granary"u8);
        await CallAsync("writing", name, content.Length, t => _client.PutObjectAsync(S3Client.Put(_config, name, content), t), ct).ConfigureAwait(false);
        var back = await GetSmallAsync(name, ct).ConfigureAwait(false);
        if (back is null || !back.AsSpan().SequenceEqual("granary"u8))
            throw _faults.Broken("reading", name, "the server did not give back what was just written");
        var request = new DeleteObjectRequest { BucketName = _config.Bucket, Key = name };
        await CallAsync("deleting", name, 0, t => _client.DeleteObjectAsync(request, t), ct).ConfigureAwait(false);
    }
}
