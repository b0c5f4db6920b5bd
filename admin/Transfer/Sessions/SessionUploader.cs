using System.Threading.Channels;
using Granary.Admin.Api;
using Granary.Admin.Paths;

namespace Granary.Admin.Transfer.Sessions;

/// <summary>
/// Sends large files over resumable uploads: parts are hashed, the server is asked which of them it lacks, and those go out,
/// several at a time. An upload that was cut off, here or there, goes on where it was.
/// </summary>
internal sealed class SessionUploader(GranaryClient api, UploadMemory memory, TransferTotals counts) : IDisposable
{
    /// <summary>Parts of one file that are sent at a time.</summary>
    public const int PartsPerFile = 4;

    /// <summary>Parts of all files together: more do not go faster, and each takes a buffer of the server.</summary>
    private const int PartsAtOnce = 8;

    /// <summary>Parts that are asked for together; the first question is small, so that sending begins soon.</summary>
    private const int FirstProbe = 4;
    private const int LargestProbe = 128;

    /// <summary>Uploads that are begun for one file before it is given up.</summary>
    private const int Attempts = 3;

    private readonly GranaryClient client = api;
    private readonly TransferTotals totals = counts;
    private readonly SemaphoreSlim sending = new(PartsAtOnce);

    /// <summary>Sends a file.</summary>
    /// <exception cref="LocalFileException">The file cannot be read, or changed meanwhile; nothing is stored.</exception>
    /// <exception cref="ApiException">The server refused.</exception>
    public async Task<SentFile> SendAsync(string file, RemotePath target, string contentType, CancellationToken cancellationToken)
    {
        var identity = FileIdentity.Of(file);
        var remembered = memory.Find(target, identity);
        var resumed = remembered?.Identity == identity.ToString() ? remembered : null;
        var stale = resumed is null ? remembered : null;
        for (var attempt = 1; ; attempt++)
        {
            var (id, partSize) = resumed is null ? await BeginAsync(target, identity, contentType, stale, cancellationToken) : (resumed.Id, resumed.ChunkSize);
            using var parts = new LocalParts(file, identity, partSize);
            var run = new Run(this, id, parts);
            try
            {
                var stored = await run.SendAsync(target, cancellationToken);
                memory.Forget(target, identity);
                if (stale is not null)
                    await AbortAsync(stale.Id, cancellationToken);
                return new SentFile(stored, run.Sent);
            }
            catch (ApiException refusal) when (attempt < Attempts && (IsOver(refusal) || (resumed is not null && refusal.Status == 400)))
            {
                // The server knows it no more, or it is not what was remembered, or holds something else than this file: from
                // the beginning.
                totals.Moved(-run.Moved);
                memory.Forget(target, identity);
                await AbortAsync(id, cancellationToken);
                resumed = null;
            }
            catch (LocalFileException)
            {
                memory.Forget(target, identity);
                await AbortAsync(id, cancellationToken);
                throw;
            }
        }
    }

    /// <inheritdoc />
    public void Dispose() => sending.Dispose();

    private static string Target(string id, string rest = "") => $"/api/v1/uploads/{RequestTarget.Segment(id)}{rest}";

    // Gone (404), expired (410), or complete, or with other bytes in a place (409).
    private static bool IsOver(ApiException refusal) => refusal.Status is 404 or 409 or 410;

    /// <summary>
    /// Begins an upload. One of the file as it was before keeps its parts until the new one is complete, because the file may
    /// share most of them; where the quota has no room for both it goes first.
    /// </summary>
    private async Task<(string Id, long PartSize)> BeginAsync(
        RemotePath target, FileIdentity identity, string contentType, RememberedUpload? stale, CancellationToken cancellationToken)
    {
        try
        {
            return await BeginAsync(target, identity, contentType, cancellationToken);
        }
        catch (ApiException refusal) when (refusal.Status == 507 && stale is not null)
        {
            await AbortAsync(stale.Id, cancellationToken);
            return await BeginAsync(target, identity, contentType, cancellationToken);
        }
    }

    private async Task<(string Id, long PartSize)> BeginAsync(RemotePath target, FileIdentity identity, string contentType, CancellationToken cancellationToken)
    {
        var begun = await client.SendAsync<BeginUpload, UploadBegun>(
            HttpMethod.Post, $"/api/v1/scopes/{RequestTarget.Segment(target.Scope)}/uploads",
            new BeginUpload(target.Path, identity.Length, contentType, identity.Modified), cancellationToken)
            ?? throw new UnexpectedAnswerException("the answer to the beginning of an upload is empty");
        if (begun.ChunkSize <= 0)
            throw new UnexpectedAnswerException($"the server wants parts of {begun.ChunkSize} bytes.");
        memory.Save(target, identity, begun);
        return (begun.Id, begun.ChunkSize);
    }

    private async Task AbortAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await client.DeleteAsync(Target(id), null, cancellationToken);
        }
        catch (Exception error) when (error is ApiException or UnreachableException)
        {
            // It is over already, or ends by itself.
        }
    }

    /// <summary>One upload of one file from where it is to its end.</summary>
    private sealed class Run(SessionUploader owner, string id, LocalParts parts)
    {
        private long sent;
        private long moved;

        /// <summary>Bytes of parts that were sent.</summary>
        public long Sent => Interlocked.Read(ref sent);

        /// <summary>Bytes that count as through.</summary>
        public long Moved => Interlocked.Read(ref moved);

        /// <summary>
        /// Steps: (1) hash, ask and send, all at one time; (2) the file is still what it was; (3) complete, with what the
        /// server says is missing sent again; (4) compare what was stored with what was sent.
        /// </summary>
        public async Task<StoredFile> SendAsync(RemotePath target, CancellationToken cancellationToken)
        {
            await SendMissingAsync(cancellationToken);
            for (var attempt = 1; ; attempt++)
            {
                parts.Settle();
                try
                {
                    return Verify(await CompleteAsync(cancellationToken), target);
                }
                catch (ApiException refusal) when (refusal.Status == 409 && attempt < Attempts && refusal.Problem.More?.ContainsKey("missing") == true)
                {
                    // A part was lost between its acceptance and a crash of its server.
                    owner.totals.Moved(-Moved);
                    moved = 0;
                    await SendMissingAsync(cancellationToken);
                }
            }
        }

        private async Task SendMissingAsync(CancellationToken cancellationToken)
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var missing = Channel.CreateBounded<int>(PartsPerFile * 2);
            var asking = AskAsync(missing.Writer, stop.Token);
            try
            {
                await Parallel.ForEachAsync(
                    missing.Reader.ReadAllAsync(stop.Token),
                    new ParallelOptions { MaxDegreeOfParallelism = PartsPerFile, CancellationToken = stop.Token },
                    async (index, token) => await SendPartAsync(index, token));
            }
            catch
            {
                await stop.CancelAsync();
                await asking;
                throw;
            }

            await asking;
        }

        /// <summary>Hashes parts from the front and passes on those that the server lacks.</summary>
        private async Task AskAsync(ChannelWriter<int> missing, CancellationToken cancellationToken)
        {
            try
            {
                var size = FirstProbe;
                for (var from = 0; from < parts.Count; from += size, size = Math.Min(size * 2, LargestProbe))
                {
                    size = Math.Min(size, parts.Count - from);
                    var asked = new ProbedChunk[size];
                    for (var i = 0; i < size; i++)
                        asked[i] = new ProbedChunk(from + i, Convert.ToHexStringLower(await parts.ReadAsync(from + i, cancellationToken)));
                    var answer = await owner.client.SendAsync<ProbeRequest, ProbeAnswer>(HttpMethod.Post, Target(id, "/probe"), new ProbeRequest(asked), cancellationToken);
                    var lacking = answer?.Missing.ToHashSet() ?? [];
                    Count(asked.Where(part => !lacking.Contains(part.Index)).Sum(part => parts.LengthOf(part.Index)));
                    foreach (var part in asked.Where(part => lacking.Contains(part.Index)))
                        await missing.WriteAsync(part.Index, cancellationToken);
                }

                missing.Complete();
            }
            catch (Exception error)
            {
                // Whoever reads the other end throws it.
                missing.Complete(error);
            }
        }

        private async Task SendPartAsync(int index, CancellationToken cancellationToken)
        {
            await owner.sending.WaitAsync(cancellationToken);
            try
            {
                for (var attempt = 1; !await TrySendPartAsync(index, last: attempt == Attempts, cancellationToken); attempt++)
                {
                }

                Interlocked.Add(ref sent, parts.LengthOf(index));
                Interlocked.Add(ref moved, parts.LengthOf(index));
            }
            finally
            {
                owner.sending.Release();
            }
        }

        /// <summary>Sends a part; false when it was damaged on its way.</summary>
        private async Task<bool> TrySendPartAsync(int index, bool last, CancellationToken cancellationToken)
        {
            var hash = parts.HashOf(index);
            var digest = $"sha-256=:{Convert.ToBase64String(hash)}:";
            try
            {
                await owner.client.PutAsync<StoredPart>(
                    _ =>
                    {
                        var request = owner.client.Request(HttpMethod.Put, Target(id, $"/chunks/{index}"));
                        request.Content = new PartContent(parts.Handle, parts.OffsetOf(index), parts.LengthOf(index)) { Progress = owner.totals.Moved };
                        request.Headers.TryAddWithoutValidation("Content-Digest", digest);
                        request.Content.Headers.TryAddWithoutValidation("Content-Digest", digest);
                        return request;
                    },
                    repeatable: true, cancellationToken);
                return true;
            }
            catch (ApiException refusal) when (refusal.Code == "digest-mismatch")
            {
                parts.Settle();
                var now = await parts.ReadAsync(index, cancellationToken);
                if (!now.AsSpan().SequenceEqual(hash))
                    throw new LocalFileException("the file was written to while it was sent.", refusal);
                if (last)
                    throw;
                return false;
            }
        }

        private async Task<StoredFile> CompleteAsync(CancellationToken cancellationToken) =>
            await owner.client.SendAsync<CompleteUpload, StoredFile>(HttpMethod.Post, Target(id, "/complete"), new CompleteUpload(), cancellationToken)
            ?? throw new UnexpectedAnswerException("the answer to the completion of an upload is empty");

        private StoredFile Verify(StoredFile stored, RemotePath target)
        {
            var tag = parts.Tag();
            return stored.Size == parts.Identity.Length && stored.Etag == tag
                ? stored
                : throw new UnexpectedAnswerException($"{target} was stored as {stored.Size} bytes with ETag {stored.Etag}, but {parts.Identity.Length} bytes with ETag {tag} were sent. Send it again.");
        }

        private void Count(long bytes)
        {
            Interlocked.Add(ref moved, bytes);
            owner.totals.Moved(bytes);
        }
    }
}
