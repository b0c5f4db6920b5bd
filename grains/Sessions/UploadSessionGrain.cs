using Granary.Catalog;
using Granary.GrainInterfaces;
using Microsoft.Extensions.Logging;
using Orleans.Placement;

namespace Granary.Grains.Sessions;

/// <summary>
/// One upload session, key <c>{tenant}/{upload}</c>. Invariant: what is kept here is either a time that only saves writes, or
/// a manifest that was seen complete, which the commit's transaction compares with the rows again. A crash loses nothing.
/// </summary>
/// <remarks>
/// <see cref="TouchAsync"/> interleaves; it shares only <see cref="_touchedUntil"/> with itself, and a write too many is
/// harmless. <see cref="CompleteAsync"/> does not: one completion runs at a time, and those behind it find its answer.
/// </remarks>
[HashBasedPlacement] // parts come through every silo
internal sealed partial class UploadSessionGrain(SessionCatalog sessions, UploadSessionOptions options, TimeProvider time, ILogger<UploadSessionGrain> logger)
    : Grain, IUploadSessionGrain
{
    /// <summary>Manifest rows of one read.</summary>
    private const int PageSize = 1_000;

    /// <summary>Indexes that an answer names; a client that lacks more sends these first.</summary>
    private const int MostNamed = 1_000;

    private readonly ILogger _logger = logger;
    private DateTimeOffset _touchedUntil;
    private WholeManifest? _whole;

    private TenantId Tenant => GrainKeys.ParseSession(this.GetPrimaryKeyString()).Tenant;

    private UploadId Upload => GrainKeys.ParseSession(this.GetPrimaryKeyString()).Upload;

    /// <inheritdoc/>
    public async Task TouchAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (now < _touchedUntil)
        {
            return;
        }

        // What is not written in this time is written in advance, so that no session ends early.
        _touchedUntil = now + options.Slack;
        await sessions.SlideAsync(Upload, now + options.Lifetime + options.Slack, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<SessionCompletion> CompleteAsync(CompleteSession request, CancellationToken cancellationToken)
    {
        // 1. An answer that was given is given again.
        if (await sessions.FindAsync(Tenant, Upload, cancellationToken) is not { } session)
        {
            return SessionCompletion.Of(CompletionStatus.Gone);
        }

        if (session.State != SessionState.Open)
        {
            return Ended(session);
        }

        // 2. Is every part there?
        if (_whole is null || _whole.Hashes.Count != session.ChunkCount || session.HasPending)
        {
            _whole = null;
            var (whole, missing) = await ReadAsync(session, cancellationToken);
            if (whole is null)
            {
                return missing!;
            }

            _whole = whole;
        }

        if (session.Kind != SessionKind.Parts && !_whole.IsEven)
        {
            return SessionCompletion.Of(CompletionStatus.Uneven);
        }

        // 3. The digest of the whole.
        var sha256 = _whole.Hashes.Count == 1 ? _whole.Hashes[0] : request.Sha256;
        if (session.Sha256 is { } demanded && _whole.Hashes.Count > 0)
        {
            if (sha256 is null)
            {
                return SessionCompletion.Of(CompletionStatus.HashNeeded);
            }

            if (sha256 != demanded)
            {
                return await RefuseAsync(demanded, sha256.Value, cancellationToken);
            }
        }

        // 4. Writes of parts that came twice are not waited for.
        if (session.HasPending)
        {
            await sessions.SettleAsync(Upload, cancellationToken);
        }

        // 5. The commit.
        return await CommitAsync(session, request, _whole, sha256, cancellationToken);
    }

    private static SessionCompletion Ended(SessionInfo session) => session.State switch
    {
        SessionState.Completed => new SessionCompletion { Status = CompletionStatus.Decided, Result = session.Result },
        SessionState.Expired => SessionCompletion.Of(CompletionStatus.Expired),
        SessionState.Refused => SessionCompletion.Of(CompletionStatus.DigestWrong),
        _ => SessionCompletion.Of(CompletionStatus.Gone),
    };

    private async Task<(WholeManifest? Whole, SessionCompletion? Missing)> ReadAsync(SessionInfo session, CancellationToken cancellationToken)
    {
        var hashes = new List<ChunkHash>(session.ChunkCount);
        var missing = new MissingParts(MostNamed);
        long bytes = 0;
        var even = true;
        var last = session.ChunkSize;
        var next = 0;
        while (true)
        {
            var page = await sessions.ReadPartsAsync(Tenant, Upload, next, PageSize, cancellationToken);
            foreach (var part in page)
            {
                missing.Add(next, part.Index);
                if (!part.Present)
                {
                    missing.Add(part.Index, part.Index + 1);
                }

                even &= last == session.ChunkSize;
                last = part.Size;
                bytes += part.Size;
                hashes.Add(part.Hash);
                next = part.Index + 1;
            }

            if (page.Count < PageSize)
            {
                break;
            }
        }

        if (session.Kind == SessionKind.Parts)
        {
            missing.Add(next, session.ExpectedChunks ?? next);
        }

        if (missing.Count > 0 || (session.Size is { } size && bytes < size))
        {
            return (null, new SessionCompletion { Status = CompletionStatus.Missing, Missing = [.. missing.First], MissingCount = missing.Count });
        }

        return (new WholeManifest(hashes, bytes, even && last <= session.ChunkSize), null);
    }

    private async Task<SessionCompletion> RefuseAsync(ChunkHash demanded, ChunkHash found, CancellationToken cancellationToken)
    {
        LogDigestWrong(Upload, demanded, found);
        await sessions.EndAsync(Tenant, Upload, SessionState.Refused, cancellationToken);
        await GrainFactory.GetGrain<ITenantMaintenanceGrain>(GrainKeys.Tenant(Tenant)).WakeAsync(cancellationToken);
        return SessionCompletion.Of(CompletionStatus.DigestWrong);
    }

    private async Task<SessionCompletion> CommitAsync(
        SessionInfo session, CompleteSession request, WholeManifest whole, ChunkHash? sha256, CancellationToken cancellationToken)
    {
        var result = await GrainFactory.GetGrain<IScopeGrain>(GrainKeys.Scope(Tenant, session.Scope)).ApplyAsync(
            new CommitUpload
            {
                Operation = request.Operation,
                By = request.By,
                Preconditions = request.Preconditions ?? Demanded(session.IfMatch),
                Upload = Upload,
                Path = session.Path ?? throw new InvalidOperationException("A partial upload is no file."),
                Size = whole.Bytes,
                ChunkCount = whole.Hashes.Count,
                Etag = ContentTag.Of(whole.Hashes),
                Sha256 = whole.Hashes.Count == 0 ? ContentTag.Empty : sha256,
                ContentType = session.ContentType,
                Modified = request.Modified ?? session.Modified,
            },
            cancellationToken);
        _whole = null;
        switch (result.Status)
        {
            case NamespaceStatus.Done:
                return new SessionCompletion { Status = CompletionStatus.Decided, Result = result };
            case NamespaceStatus.UploadGone:
                var ended = await sessions.FindAsync(Tenant, Upload, cancellationToken);
                return ended is null ? SessionCompletion.Of(CompletionStatus.Gone) : Ended(ended);
            default:
                return new SessionCompletion { Status = CompletionStatus.Decided, Result = result };
        }
    }

    private static Preconditions? Demanded(string? ifMatch) => ifMatch switch
    {
        null => null,
        "*" => new Preconditions { IfMatchAny = true },
        _ => new Preconditions { IfMatch = new List<string> { ifMatch } },
    };

    /// <param name="Hashes">Chunks in order.</param>
    /// <param name="Bytes">Their bytes together.</param>
    /// <param name="IsEven">All but the last have the session's chunk size.</param>
    private sealed record WholeManifest(List<ChunkHash> Hashes, long Bytes, bool IsEven);
}
