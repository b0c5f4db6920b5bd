using static Granary.Architecture.Tests.Behaviours.Work;

namespace Granary.Architecture.Tests.Behaviours;

/// <summary>Rows about file stores, their choice and their administration.</summary>
internal static class StoreBehaviours
{
    public static IReadOnlyList<BehaviourRow> Writing { get; } =
    [
        new("D1", "Candidates are the scope's stores that are not read-only and have room; filling one to exactly its maxSize is accepted", MainJob),
        new("D2", "Higher uploadPriority first, null last", MainJob),
        new("D3", "Equal priorities are ordered by name", MainJob),
        new("D4", "An upload ignores softMaxSize; targets of drain and populate obey it", MainJob),
        new("D5", "A write-only store is filled by populate only, never by an upload, a drain or an overflow", MainJob),
        new("D6", "Without a candidate an upload is refused with 507 and nothing is stored", MainJob),
        new("D7", "Concurrent uploads never pass maxSize together", MainJob),
        new("D8", "A store's total follows every added and removed chunk exactly", MainJob),
        new("D9", "softMaxSize above maxSize is refused; equal, or either unset, is accepted", MainJob),
    ];

    public static IReadOnlyList<BehaviourRow> Reading { get; } =
    [
        new("D10", "Candidates hold the chunk and are not write-only; downloadPriority, then uploadPriority, both descending and null last, then name", MainJob),
        new("D11", "A read-only store still serves", MainJob),
        new("D12", "A chunk that no readable store holds is answered with 503 and a stable code", MainJob),
        new("D13", "When a candidate fails, the next one is read", MainJob),
        new("D14", "Ranges of every shape are answered with 206, unsatisfiable ones with 416; empty files are served; presigned redirects only on request", MainJob),
    ];

    public static IReadOnlyList<BehaviourRow> Content { get; } =
    [
        new("D15", "SHA-256 alone is a chunk's identity; its size is checked against what is known; an empty hash is refused", MainJob),
        new("D16", "Content that is there already is not written again, and a copy that differs is an error that records nothing", MainJob),
        new("D17", "A failed write leaves no stored record, a failed delete leaves the record: orphan bytes may be, dangling records may not", MainJob),
        new("D18", "Knowing a hash gives nothing: an upload is only skipped for what this scope already references", MainJob),
        new("D19", "Two uploads of overlapping content at the same time both complete", MainJob),
        new("D20", "A copy to a scope that cannot read the bytes copies them; with no readable copy anywhere it is refused, also at commit", MainJob),
    ];

    public static IReadOnlyList<BehaviourRow> Resuming { get; } =
    [
        new("D21", "A partial upload is kept and continued; repeating a complete one succeeds", Uploads, "by upload sessions and tus, not by Content-Range on PUT"),
        new("D22", "An upload tells how far it came; a probe that disagrees on the size is refused", Uploads, "by upload sessions and tus, not by Content-Range on PUT"),
        new("D23", "Gaps, bytes past the end and malformed requests are refused and name where to continue; a wrong final hash discards the upload", Uploads, "by upload sessions and tus, not by Content-Range on PUT"),
    ];

    public static IReadOnlyList<BehaviourRow> Administration { get; } =
    [
        new("D49", "Creating a store again with the same place may change limits and sharing; what is left out stays, null unsets", MainJob),
        new("D50", "A store's backend and place cannot change; its secrets can", MainJob),
        new("D51", "Deleting a store is refused while it holds chunks, then while scopes use it; force overrides both and queues the bytes for deletion", MainJob),
        new("D52", "Attaching has defaults of null and false; an edit without options changes nothing; an empty value unsets; a store that is not attached is named in the error", MainJob),
        new("D53", "Detaching is refused while a chunk of the scope is only there; otherwise even the last store may go", MainJob),
        new("D54", "scope show lists the stores by priority, with what the scope has in each", MainJob),
        new("D55", "A store that is not instance-wide serves one scope; a second is refused, and so is restricting a store that two use", MainJob),
        new("D56", "A new scope gets store local at 100/100 where its tenant may use it, else none and a warning", MainJob),
    ];

    public static IReadOnlyList<BehaviourRow> Backends { get; } =
    [
        new("D57", "S3 keys are made of tenant, hash and location id; presigned links are short-lived; a content type only where one is known", MainJob),
        new("D58", "A storage class only where configured; which checksum a backend takes is a setting of the store", MainJob),
        new("D59", "Missing or unsuitable credentials are refused when a store is set up", MainJob),
        new("D60", "Local writes: private temporary file, fsync, rename, fsync of the folder; the base must exist; deleting what is absent succeeds", MainJob),
    ];
}
