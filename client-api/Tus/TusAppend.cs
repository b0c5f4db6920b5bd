using System.Runtime.ExceptionServices;
using Granary.Catalog;
using Granary.ClientApi.Content;
using Granary.ClientApi.Http;
using Granary.ClientApi.Metrics;
using Granary.ClientApi.Uploads;
using Granary.GrainInterfaces;
using Granary.Stores;

namespace Granary.ClientApi.Tus;

/// <summary>
/// Adds the body of a request at the end of a tus upload. Bytes are cut where chunks of a file lie; what is left when the
/// request ends, well or badly, becomes a smaller chunk, which later bytes are merged with (ADR 0013). One chunk is stored
/// while the next is received; never more is in memory.
/// </summary>
internal sealed class TusAppend(
    SessionCatalog sessions,
    SessionAccess access,
    UploadCatalog uploads,
    NamespaceCatalog names,
    ChunkPlacer placer,
    ChunkReader reader,
    TusCompletion completion,
    ChunkBufferPool buffers,
    IdleWatch idle,
    ApiMetrics metrics)
{
    /// <summary>
    /// Steps: (1) claim the upload, which undoes what an earlier request left unfinished; (2) the offset fits; (3) the length,
    /// where it comes now; (4) receive and store; (5) compare the checksum; (6) with the last byte make the file.
    /// </summary>
    public async Task<AppendOutcome> AppendAsync(ApiCall call, OpenSession found, TusWriter writer, AppendRequest request)
    {
        var claim = await sessions.ClaimWriterAsync(call.TenantId, found.Session.Upload, CancellationToken.None);
        if (claim.Session is not { } session || session.State is SessionState.Aborted)
            return AppendOutcome.Refused(SessionAccess.Unknown(), null);
        if (session.State == SessionState.Expired)
            return AppendOutcome.Refused(SessionAccess.Over(), null);
        var offset = session.State == SessionState.Completed ? session.Result?.Size ?? 0 : session.Received;
        if (request.Offset != offset)
            return AppendOutcome.Refused(new Problem(ProblemKinds.Conflict, $"The upload has {offset} bytes: go on from there.").With("offset", offset), session);
        if (session.State != SessionState.Open)
            return request.BodyLength is > 0 ? AppendOutcome.Refused(SessionAccess.RefuseBytes(session)!, session) : new AppendOutcome(session, offset, null);
        if (request.Length is { } length && await SetLengthAsync(call, session, claim.Writer, length) is { } refused)
            return AppendOutcome.Refused(refused, session);
        session = session with { Size = session.Size ?? request.Length };
        if (request.BodyLength > (session.Size ?? long.MaxValue) - offset)
            return AppendOutcome.Refused(TooMuch(session), session);

        writer.Durable = offset;
        await access.TouchAsync(session);
        var work = new Work(call, session, claim, writer, request, access.Target(call, found));
        var problem = request.HasBody ? await ReceiveAsync(work) : null;
        session = session with { Received = work.Stored };
        if (problem is null && session.Size == work.Stored && session.Kind == SessionKind.Tus)
            problem = await completion.CompleteAsync(call, session, work.Target);
        return new AppendOutcome(session, work.Stored, problem);
    }

    /// <summary>The refusal of a length that no file of the tenant may have.</summary>
    public static Problem? CheckLength(ApiCall call, long length) =>
        length > call.Tenant.Settings.MaxFileBytes ? BodyReceiver.TooLarge(call.Tenant.Settings.MaxFileBytes) : null;

    private async Task<Problem?> SetLengthAsync(ApiCall call, SessionInfo session, long writer, long length)
    {
        if (session.Size == length)
            return null;
        if (session.Size is not null || length < session.Received)
            return Problem.Invalid(TusProtocol.LengthHeader, "The length of an upload is said once, and is not less than what has come.");
        if (CheckLength(call, length) is { } tooLong)
            return tooLong;
        return await sessions.SetSizeAsync(session.Upload, writer, length, CancellationToken.None) is { } refused ? UploadRefusals.Of(refused) : null;
    }

    private async Task<Problem?> ReceiveAsync(Work work)
    {
        var call = work.Call;
        var most = Min(work.Session.Size, call.Tenant.Settings.MaxFileBytes) - work.Stored;
        metrics.Transfer("in", 1);
        using var account = buffers.Open(work.Target.TenantText, BufferUse.Receiving);
        using var receiver = new BodyReceiver(call.Http.Request.BodyReader, account, new BodyLimits(work.Request.BodyLength, most), idle, call.Aborted);
        work.Writer.Reads(receiver);
        try
        {
            return await ReceiveAsync(work, receiver, account);
        }
        finally
        {
            metrics.Received(receiver.Received);
            metrics.Transfer("in", -1);
        }
    }

    private async Task<Problem?> ReceiveAsync(Work work, BodyReceiver receiver, BufferAccount account)
    {
        var checksum = work.Request.Checksum;
        var room = work.Session.ChunkSize - (work.Stored % work.Session.ChunkSize);

        // A body that fits one chunk is compared before it is kept; a longer one is kept apart until it is.
        var inMemory = checksum is not null && work.Request.BodyLength <= room;
        var apart = checksum is not null && !inMemory;
        if (apart && !await sessions.BeginCheckedAsync(work.Session.Upload, work.Claim.Writer, CancellationToken.None))
            return Replaced();

        Task<Problem?> storing = Task.FromResult<Problem?>(null);
        ExceptionDispatchInfo? fault = null;
        Problem? problem = null;
        try
        {
            while (problem is null && fault is null)
            {
                (var chunk, fault) = await FillAsync(work, receiver, account, checksum, apart);
                try
                {
                    problem = await storing;
                }
                catch
                {
                    chunk?.Buffer.Dispose();
                    throw;
                }

                storing = Task.FromResult<Problem?>(null);
                if (chunk is null)
                    break;
                var keep = problem is null && (fault is null || checksum is null);
                if (keep && inMemory && !checksum!.Holds())
                    (problem, keep) = (TusChecksum.Mismatch(), false);
                if (!keep)
                    chunk.Buffer.Dispose();
                else
                    storing = Task.Run(() => StoreAsync(work, chunk));
            }
        }
        finally
        {
            problem ??= await storing;
        }

        if (apart)
            problem = await EndApartAsync(work, checksum!, problem, fault);
        if (problem is null && fault is null && checksum is not null && !apart && !checksum.Holds())
            problem = TusChecksum.Mismatch(); // of no bytes at all
        if (problem is null)
            fault?.Throw();
        return problem;
    }

    /// <summary>Receives up to a chunk, before which stand the small ones that it is merged with.</summary>
    /// <returns>No chunk when no byte came; a fault beside a chunk when the body broke off.</returns>
    private async Task<(Filled? Chunk, ExceptionDispatchInfo? Fault)> FillAsync(
        Work work, BodyReceiver receiver, BufferAccount account, TusChecksum? checksum, bool apart)
    {
        ChunkBuffer? buffer = null;
        try
        {
            if (!await receiver.HasMoreAsync())
                return (null, null);
            var room = work.Session.ChunkSize - (int)(work.Placed % work.Session.ChunkSize);
            var merged = apart ? 0 : TailMerge.Count(work.Tail, work.Request.BodyLength - receiver.Received, room);
            var before = work.Tail.Skip(work.Tail.Count - merged).Sum(static part => part.Size);
            buffer = account.Begin(before + room);
            foreach (var part in work.Tail.Skip(work.Tail.Count - merged))
                await ReadBackAsync(work, part, buffer);
            var fault = await receiver.FillPartAsync(buffer);
            var came = buffer.Length - before;
            if (came == 0)
            {
                buffer.Dispose();
                return (null, fault);
            }

            if (checksum is not null)
                Hash(checksum, buffer, before);
            var filled = new Filled(buffer, work.Count - merged, merged, work.Placed, came);
            work.Placing(filled);
            return (filled, fault);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            buffer?.Dispose();
            return (null, ExceptionDispatchInfo.Capture(error));
        }
    }

    private async Task<Problem?> StoreAsync(Work work, Filled chunk)
    {
        using var buffer = chunk.Buffer;
        buffer.Seal();
        var sized = work.Session.Size is not null;
        var ask = placer.Ask(work.Target, buffer, chunk.Merged > 0 ? SessionCatalog.SideIndex : chunk.Index, sized) with
        {
            Reserve = sized ? 0 : chunk.Came,
            Append = new AppendTo(work.Claim.Writer, chunk.Offset),
        };
        var outcome = await placer.StoreAsync(work.Target, ask, placed: null, (store, key) => store.PutAsync(key, buffer, CancellationToken.None));
        if (outcome.Problem is not null)
            return outcome.Problem;
        var kept = chunk.Merged > 0
            ? await sessions.MergeAsync(work.Session.Upload, work.Claim.Writer, chunk.Index, outcome.Written, CancellationToken.None)
            : outcome.Written is not { } written || await uploads.ChunksWrittenAsync(work.Session.Upload, [written], CancellationToken.None);
        if (!kept)
            return Replaced();
        work.WasStored(chunk);
        await access.TouchAsync(work.Session);
        return null;
    }

    /// <summary>Keeps the bytes of a checked request, or takes them all back.</summary>
    private async Task<Problem?> EndApartAsync(Work work, TusChecksum checksum, Problem? problem, ExceptionDispatchInfo? fault)
    {
        if (problem is null && fault is null)
        {
            if (checksum.Holds())
                return await sessions.EndCheckedAsync(work.Session.Upload, work.Claim.Writer, CancellationToken.None) ? null : Replaced();
            problem = TusChecksum.Mismatch();
        }

        // Whoever claims the upload next takes the bytes out of it.
        work.TookBack();
        return problem;
    }

    private async Task ReadBackAsync(Work work, SessionPart part, ChunkBuffer into)
    {
        using var account = buffers.Open(work.Target.TenantText, BufferUse.Internal);
        var source = new ReadSource(work.Target.Tenant, work.Target.TenantText, work.Target.Stores);
        var copies = await names.GetCopiesAsync(work.Target.Tenant, part.Hash, CancellationToken.None);
        using var read = await reader.ReadAsync(
            source, new ChunkWithCopies { Index = part.Index, Hash = part.Hash, Size = part.Size, Copies = copies }, account, CancellationToken.None)
            ?? throw new ProblemException(Problem.Unavailable("The bytes before these cannot be read back now."));
        await TusCompletion.CopyAsync(read, into, 0, read.Length);
    }

    private static void Hash(TusChecksum checksum, ChunkBuffer buffer, int skip)
    {
        foreach (var piece in buffer.Pieces)
        {
            if (skip < piece.Length)
                checksum.Append(piece.Span[skip..]);
            skip = Math.Max(0, skip - piece.Length);
        }
    }

    private static long? Min(long? a, long? b) => a is null ? b : b is null ? a : Math.Min(a.Value, b.Value);

    private static Problem Replaced() => new(ProblemKinds.Conflict, "Another request goes on with this upload.");

    private static Problem TooMuch(SessionInfo session) =>
        new Problem(ProblemKinds.BodyTooLarge, $"The upload ends at {session.Size} bytes.").With("limit", session.Size);

    /// <param name="Buffer">Bytes, those of the merged chunks first.</param>
    /// <param name="Index">Where the chunk lies.</param>
    /// <param name="Merged">Chunks from there on that it replaces.</param>
    /// <param name="Offset">Bytes of the upload before it, the merged ones included.</param>
    /// <param name="Came">New bytes.</param>
    private sealed record Filled(ChunkBuffer Buffer, int Index, int Merged, long Offset, int Came);

    /// <summary>How far a request has got. Placed runs ahead of stored by the one chunk that is under way.</summary>
    private sealed class Work(ApiCall call, SessionInfo session, WriterClaim claim, TusWriter writer, AppendRequest request, UploadTarget target)
    {
        public ApiCall Call { get; } = call;

        public SessionInfo Session { get; } = session;

        public WriterClaim Claim { get; } = claim;

        public TusWriter Writer { get; } = writer;

        public AppendRequest Request { get; } = request;

        public UploadTarget Target { get; } = target;

        public IReadOnlyList<SessionPart> Tail { get; private set; } = claim.Tail;

        public int Count { get; private set; } = session.ChunkCount;

        public long Placed { get; private set; } = session.Received;

        public long Stored { get; private set; } = session.Received;

        public void Placing(Filled chunk)
        {
            Placed += chunk.Came;
            Count = chunk.Index + 1;
            Tail = [];
        }

        public void WasStored(Filled chunk)
        {
            Stored = chunk.Offset + chunk.Came;
            Writer.Durable = Stored;
        }

        public void TookBack() => Stored = Session.Received;
    }
}

/// <summary>What a request wants to add.</summary>
/// <param name="Offset">Where its bytes begin.</param>
/// <param name="BodyLength">How many they are; null when that is not announced.</param>
/// <param name="HasBody">Are there any?</param>
/// <param name="Length">The length of the upload, where it is said now.</param>
/// <param name="Checksum">What the bytes must have; the caller disposes it.</param>
internal sealed record AppendRequest(long Offset, long? BodyLength, bool HasBody, long? Length, TusChecksum? Checksum);

/// <summary>How an append ended.</summary>
/// <param name="Session">The upload; null when it is gone.</param>
/// <param name="Offset">Its bytes now.</param>
/// <param name="Problem">The refusal; null when all is well.</param>
internal sealed record AppendOutcome(SessionInfo? Session, long Offset, Problem? Problem)
{
    public static AppendOutcome Refused(Problem problem, SessionInfo? session) => new(session, session?.Received ?? 0, problem);
}
