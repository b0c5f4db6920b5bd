using System.Globalization;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.GrainInterfaces.Diagnostics;
using Granary.Grains.Copies;
using Granary.Grains.Maintenance;
using Granary.Stores;

namespace Granary.Grains.Policies;

/// <summary>A store that chunks are to leave.</summary>
/// <param name="From">The store.</param>
/// <param name="Reason">Why.</param>
/// <param name="Scope">The scope whose policy it is; null where it is the store's limit.</param>
/// <param name="KeepSource">Copies and lets nothing go.</param>
/// <param name="DryRun">Only says what it would do.</param>
/// <param name="Urgency">Its turn where other background work waits for the same slots of a store.</param>
internal sealed record MoveJob(StoreId From, ReleaseReason Reason, ScopeId? Scope, bool KeepSource, bool DryRun, WorkUrgency Urgency)
{
    /// <summary>What a task does.</summary>
    public static MoveJob Of(MaintenanceTaskRow task, StoreId from, ReleaseReason reason, ScopeId? scope) =>
        new(from, reason, scope, task.KeepSource, task.DryRun, TaskPacing.UrgencyOf(task));
}

/// <summary>
/// Makes one chunk leave a store: copies it for every scope that could not read it any more, verified, and only then lets the
/// copy go (rules 4 and 5, D34 to D36). Copies that another scope keeps stay and are told.
/// </summary>
internal sealed class ChunkMover(CopyCatalog catalog, CopyWorker worker, TopologyCache topology, IStoreDirectory directory, ScopeRooms rooms)
{
    // One round for each scope that has to get a copy of its own; more scopes than that share targets.
    private const int MostRounds = 8;

    /// <summary>Moves one chunk, given what was read about it.</summary>
    public async Task<ChunkDone> MoveAsync(MoveJob job, PolicyChunk chunk, ReleaseVerdict verdict, SemaphoreSlim slots, CancellationToken cancellationToken)
    {
        var moved = false;
        var copiedFor = default(ScopeId?);
        for (var round = 0; round < MostRounds; round++)
        {
            switch (verdict.Kind)
            {
                case ReleaseKind.Gone:
                    return moved ? new ChunkDone(ChunkResult.Done, chunk.Size) : ChunkDone.Nothing;
                case ReleaseKind.Kept:
                    return Kept(job, chunk, verdict) with { Result = moved ? ChunkResult.Done : ChunkResult.Kept, Bytes = moved ? chunk.Size : 0 };
                case ReleaseKind.CopyFirst when verdict.Scope == copiedFor:
                    return new ChunkDone(ChunkResult.Later, Reason: $"The copy of {chunk.Hash} elsewhere is damaged and waits for repair.");
                case ReleaseKind.CopyFirst:
                    if (await CopyAsync(job, chunk, verdict.Scope!.Value, slots, cancellationToken) is { } ended)
                    {
                        return ended;
                    }

                    (moved, copiedFor) = (true, verdict.Scope);
                    break;
                case ReleaseKind.Free when job.DryRun:
                    return WouldDo(job, chunk, $"Would remove {chunk.Hash} from {NameOf(job.From)}.");
                case ReleaseKind.Free when job.KeepSource:
                    return moved ? new ChunkDone(ChunkResult.Done, chunk.Size) : ChunkDone.Nothing;
            }

            FaultPoint.Reached("copy.before-release");
            var release = new ReleaseCopy(chunk.Tenant, chunk.Hash, job.From, job.Reason, job.Scope);
            verdict = job.KeepSource ? (await catalog.JudgeAsync([release], cancellationToken))[0] : await catalog.ReleaseAsync(release, CancellationToken.None);
            if (verdict.Kind == ReleaseKind.Free && !job.KeepSource)
            {
                FaultPoint.Reached("copy.after-release");
                return new ChunkDone(ChunkResult.Done, chunk.Size, Freed: true);
            }
        }

        return new ChunkDone(ChunkResult.Later, Reason: $"The scopes that share {chunk.Hash} change faster than it can be moved.");
    }

    private ChunkDone Kept(MoveJob job, PolicyChunk chunk, ReleaseVerdict verdict)
    {
        var message = verdict.Scope is { } other
            ? $"{chunk.Hash} stays in {NameOf(job.From)}, because scope {ScopeName(other)} needs it there."
            : $"{chunk.Hash} stays in {NameOf(job.From)}, because it is the only copy.";
        return new ChunkDone(ChunkResult.Kept, 0, new TaskFinding(FindingKind.Kept, "kept", message, chunk.Hash, job.From, job.Scope));
    }

    // Null: the scope can read it elsewhere now.
    private async Task<ChunkDone?> CopyAsync(MoveJob job, PolicyChunk chunk, ScopeId scope, SemaphoreSlim slots, CancellationToken cancellationToken)
    {
        var current = topology.Current;
        var attachments = current.Attachments(scope);
        var targets = MovePlacement.Targets(attachments, current.Store, job.From, directory.IsUsable);
        var reason = default(string);
        var later = targets.Count < MovePlacement.Targets(attachments, current.Store, job.From, static _ => true).Count ? "A store that could take it does not answer." : null;
        foreach (var target in targets)
        {
            var settings = attachments.First(attachment => attachment.Settings.Store == target).Settings;
            var outcome = await CopyToAsync(job, chunk, scope, settings, slots, cancellationToken);
            switch (outcome.Status)
            {
                case CopyStatus.Copied when job.DryRun:
                    return WouldDo(job, chunk, $"Would {(job.KeepSource ? "copy" : "move")} {chunk.Hash} from {NameOf(job.From)} to {NameOf(target)}.");
                case CopyStatus.Copied or CopyStatus.AlreadyThere:
                    return null;
                case CopyStatus.ChunkGone:
                    return ChunkDone.Nothing;
                case CopyStatus.Failed:
                    later = outcome.Reason;
                    break;
                case CopyStatus.TargetFull or CopyStatus.TargetRefused:
                    reason = outcome.Reason;
                    break;
                default:
                    return Failed(job, chunk, scope, CodeOf(outcome.Status), outcome.Reason!);
            }
        }

        return later is not null ? new ChunkDone(ChunkResult.Later, Reason: later) : NoTarget(job, chunk, scope, attachments, reason);
    }

    private async Task<CopyOutcome> CopyToAsync(
        MoveJob job, PolicyChunk chunk, ScopeId scope, AttachmentSettings target, SemaphoreSlim slots, CancellationToken cancellationToken)
    {
        if (!await rooms.TryTakeAsync(chunk.Tenant, scope, target, chunk.Size, cancellationToken))
        {
            return new CopyOutcome(CopyStatus.TargetFull, Reason: $"Store {NameOf(target.Store)} would pass the scope's soft limit there.");
        }

        var purpose = job.Reason == ReleaseReason.Drain ? CopyPurpose.Drain : CopyPurpose.Shrink;
        var request = new CopyRequest(chunk.Tenant, chunk.Hash, target.Store, [], purpose, scope, Urgency: job.Urgency);
        var outcome = job.DryRun ? await worker.TryAsync(request, chunk.Size, cancellationToken) : await worker.CopyAsync(request, slots, cancellationToken);
        if (outcome.Status != CopyStatus.Copied)
        {
            rooms.Return(scope, target, chunk.Size);
        }

        return outcome;
    }

    private ChunkDone NoTarget(MoveJob job, PolicyChunk chunk, ScopeId scope, IReadOnlyList<AttachmentInfo> attachments, string? reason)
    {
        var drainTo = attachments.FirstOrDefault(attachment => attachment.Settings.Store == job.From)?.Settings.DrainTo;
        var (code, why) = (drainTo, reason) switch
        {
            ({ } named, _) => ("target-refused", $"{NameOf(named)} cannot accept it{(reason is null ? "." : $": {reason}")}"),
            (null, { }) => ("target-full", $"no other store of scope {ScopeName(scope)} has room: {reason}"),
            _ => ("no-target", $"scope {ScopeName(scope)} has no other store to upload to."),
        };
        return Failed(job, chunk, scope, code, why);
    }

    private ChunkDone Failed(MoveJob job, PolicyChunk chunk, ScopeId scope, string code, string why)
    {
        var verb = job.Reason switch { ReleaseReason.Drain => "drain", ReleaseReason.EmptyStore => "empty", _ => "relieve" };
        var message = string.Create(CultureInfo.InvariantCulture, $"Wanted to {verb} {NameOf(job.From)} of {chunk.Hash}, but {why}");
        return new ChunkDone(ChunkResult.Failed, 0, new TaskFinding(FindingKind.Error, code, message, chunk.Hash, job.From, scope));
    }

    private static ChunkDone WouldDo(MoveJob job, PolicyChunk chunk, string message) =>
        new(ChunkResult.Done, chunk.Size, new TaskFinding(FindingKind.WouldDo, "would-do", message, chunk.Hash, job.From, job.Scope));

    /// <summary>The stable code of a copy that failed for a reason of the bytes.</summary>
    internal static string CodeOf(CopyStatus status) => status switch
    {
        CopyStatus.NoSource => "no-source",
        CopyStatus.SourceCorrupt => "source-corrupt",
        CopyStatus.TargetCorrupt => "target-corrupt",
        CopyStatus.TargetFull => "target-full",
        _ => "target-refused",
    };

    private string NameOf(StoreId store) => topology.Current.Store(store)?.Name ?? store.ToString();

    private string ScopeName(ScopeId scope) => topology.Current.Scope(scope)?.Name ?? scope.ToString();
}
