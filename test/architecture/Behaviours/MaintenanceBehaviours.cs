using static Granary.Architecture.Tests.Behaviours.Work;

namespace Granary.Architecture.Tests.Behaviours;

/// <summary>Rows about the runs that make policies true.</summary>
internal static class MaintenanceBehaviours
{
    public static IReadOnlyList<BehaviourRow> Rows { get; } =
    [
        new("D24", "A run goes in a fixed order: expiry and collection, policies, limits of stores, a report of what is missing, sweep", Maintenance, "what gives room comes before what needs it; an empty folder goes with its last chunk"),
        new("D25", "A run's exit code is 1 when a policy failed or anything is missing", Maintenance),
        new("D26", "Per scope: populate, drain, limits, store by store and chunk by chunk, each step a transaction of its own", Maintenance),
        new("D27", "A dry run changes nothing and says what would be done", Maintenance),
        new("D28", "A chunk deleted meanwhile is skipped silently, the rest proceeds", Maintenance),
        new("D29", "Populate copies each missing chunk from the best readable other store", Maintenance),
        new("D30", "A chunk without a readable source is reported, the rest is copied, the exit code is 1", Maintenance),
        new("D31", "Populate skips what does not fit, continues with what does, and says so once", Maintenance, "does not stop at the first chunk that does not fit"),
        new("D32", "Populate together with drain or read-only is refused when set", Maintenance),
        new("D33", "Populate may read from a store that is not attached to the scope", Maintenance),
        new("D34", "Drain removes what the scope can read elsewhere; a write-only copy is not elsewhere", Maintenance),
        new("D35", "Drain moves the rest to the first eligible store, never to itself", Maintenance),
        new("D36", "Without a target the source is untouched, the next chunk is tried, and the exit code is 1", Maintenance),
        new("D37", "Draining an empty store says nothing", Maintenance),
        new("D38", "The store named as drain's target is checked when set, and steers overflow too", Maintenance),
        new("D39", "Draining a shared store never removes the last copy that another scope needs", Maintenance),
        new("D40", "A store over its limit gives up its largest excess, and stops once that is free", Maintenance),
        new("D41", "The least recently read chunks go first, by real last access, at most a minute behind", Maintenance),
        new("D42", "A chunk that cannot move is reported, and the next is tried", Maintenance),
        new("D43", "A scope's soft limit on a store is enforced, in 64 bits", Maintenance),
        new("D44", "A chunk that several files share is counted once", Maintenance),
        new("D45", "A store over its limit in several scopes is drained fairly between them", Maintenance),
        new("D46", "Bytes that no row knows are removed once older than a day, on every backend", Maintenance),
        new("D47", "A row whose bytes are missing is reported and repaired from another verified copy where there is one", Maintenance),
        new("D48", "Chunks that nothing references leave every store, without a lock that stops uploads", Maintenance),
    ];
}
