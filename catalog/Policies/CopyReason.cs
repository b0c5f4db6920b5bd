using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Why a stored copy is where it is, and what policies are going to do with it (G15). Pure; the same rule decides when they do it.</summary>
public static class CopyReason
{
    /// <summary>One sentence about a stored copy of a chunk that a scope references.</summary>
    /// <param name="topology">Attachments and stores.</param>
    /// <param name="scope">The scope that asks.</param>
    /// <param name="chunk">The chunk with its copies and references.</param>
    /// <param name="store">Where the copy is; attached to the scope.</param>
    /// <param name="seesOthers">Whether the caller may learn of other scopes of the tenant.</param>
    public static string Of(Topology topology, ScopeId scope, ExplainedChunk chunk, StoreId store, bool seesOthers)
    {
        var attachment = topology.Attachments(scope).First(one => one.Settings.Store == store);
        var settings = attachment.Settings;
        if (attachment.State == AttachmentState.Leaving)
        {
            return "The store is being detached; the copy serves until then.";
        }

        if (settings.Drain)
        {
            return Drained(topology, scope, chunk, store, seesOthers);
        }

        var why = settings switch
        {
            { Populate: true, WriteOnly: true } => "The store is a backup: it is populated with every chunk of the scope and not read.",
            { Populate: true } => "The store is populated with every chunk of the scope.",
            { WriteOnly: true } => "The store is write-only for this scope; what it holds is not read.",
            { ReadOnly: true } => "The store is read-only for this scope; what it holds serves.",
            _ => First(topology, scope) is { } first && first != store
                ? $"Uploads go to {NameOf(topology, first)} first; this copy came when that had no room or did not answer, or was moved here by a drain or a limit."
                : "Uploads write here by priority.",
        };
        return (settings.SoftMaxSize ?? topology.Store(store)?.Settings.SoftMaxSize) is not null && !settings.Populate
            ? why + " It moves away when it is among the least recently read beyond the soft limit."
            : why;
    }

    /// <summary>A word or two about what keeps a scope's chunks in an attached store.</summary>
    public static string Of(AttachmentInfo attachment, Topology topology) => attachment switch
    {
        { State: AttachmentState.Leaving } => "being detached",
        { Settings: { Drain: true, DrainTo: { } target } } => $"being moved to {NameOf(topology, target)}",
        { Settings.Drain: true } => "being moved away",
        { Settings: { Populate: true, WriteOnly: true } } => "backup of everything",
        { Settings.Populate: true } => "copy of everything",
        { Settings.WriteOnly: true } => "written by nothing, not read",
        { Settings.ReadOnly: true } => "left as it is",
        _ when First(topology, attachment.Scope) == attachment.Settings.Store => "uploads",
        _ => "overflow of other stores",
    };

    private static string Drained(Topology topology, ScopeId scope, ExplainedChunk chunk, StoreId store, bool seesOthers)
    {
        var stored = chunk.Copies.Where(static copy => copy.State == LocationState.Stored).Select(static copy => copy.Store).ToHashSet();
        var verdict = ReleaseRule.Decide(store, ReleaseReason.Drain, scope, Claims(topology, scope, chunk), stored);
        return verdict.Kind switch
        {
            ReleaseKind.CopyFirst => "The store is being drained; this is the only copy that the scope can read, so it serves until it was moved.",
            ReleaseKind.Kept when seesOthers && verdict.Scope is { } other =>
                $"The scope drains the store, but scope {topology.Scope(other)?.Name ?? other.ToString()} needs the copy there.",
            ReleaseKind.Kept => "The store is being drained; the copy goes when nothing needs it there any more.",
            _ => "The store is being drained; the scope can read the chunk elsewhere, so this copy goes with the next run.",
        };
    }

    private static List<ChunkClaim> Claims(Topology topology, ScopeId scope, ExplainedChunk chunk)
    {
        var claims = new List<ChunkClaim>();
        foreach (var whose in chunk.ReferencesElsewhere.Where(static other => other.Value > 0).Select(static other => other.Key).Prepend(scope))
        {
            if (topology.Scope(whose) is { State: ScopeState.Active })
            {
                claims.AddRange(topology.Attachments(whose).Select(one => new ChunkClaim(
                    whose, one.Settings.Store, one.Settings.Populate, one.Settings.Drain, one.Settings.WriteOnly, one.State == AttachmentState.Leaving)));
            }
        }

        return claims;
    }

    private static StoreId? First(Topology topology, ScopeId scope) =>
        WritePlacement.Candidates(topology.Attachments(scope), topology.Store, static _ => true) is { Count: > 0 } candidates ? candidates[0] : null;

    private static string NameOf(Topology topology, StoreId store) => topology.Store(store)?.Name ?? store.ToString();
}
