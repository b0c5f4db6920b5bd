using static Granary.Architecture.Tests.Behaviours.Work;

namespace Granary.Architecture.Tests.Behaviours;

/// <summary>Rows about uploads, versions, changes, operation, and what operators ask of such systems.</summary>
internal static class ServiceBehaviours
{
    public static IReadOnlyList<BehaviourRow> Sync { get; } =
    [
        new("S1", "An upload session is opened with path and size and answers its id, chunk size and number of chunks", Uploads, "a share is a scope"),
        new("S2", "Chunk sizes are powers of two from 64 KiB; 4 MiB by default", Uploads),
        new("S3", "Chunks arrive in any order and in parallel; progress can be asked; complete makes the file", Uploads),
        new("S4", "A digest that was given and does not fit fails the upload with a code of its own", MainJob),
        new("S5", "A session without activity for 24 hours expires and answers 410", Uploads),
        new("S6", "A client may ask which chunks are missing; deduplication and keys stay inside one tenant", Uploads),
        new("S7", "A chunk is deleted only when no version references it", Maintenance),
        new("S8", "Each save is a new version, restoring makes a further one, and retention keeps the last N or N days", Uploads),
        new("S9", "A file is written by one PUT and read whole, by version or by range", MainJob),
        new("S10", "Quotas of tenant, scope and key: whichever is exceeded answers 507; a file above its cap 413", Uploads, "the level of a user is a key's limit"),
        new("S11", "404 hides what the caller may not know of; conflicts are 409 or 412, expired uploads 410, wrong content 422", MainJob, "deleted files are 404, with their versions listed"),
        new("S12", "Every mutation has one entry in the change log, written with it", Changes),
        new("S13", "Changes are read in pages from a cursor", Changes),
        new("S14", "Clients keep their own cursor; the log works for any number of them", NotBuilt, "the cursor is the client's own, and conflict policies belong to a sync client"),
        new("S15", "A WebSocket is the tail of the log, never the truth", Changes),
        new("S16", "Missing or bad credentials close a WebSocket with 4401", Changes),
        new("S17", "Frames say connected, change and ping", Changes, "changes carry their type, instead of one frame kind for each"),
        new("S18", "Rate limits answer 429 with Retry-After and the limit that was hit", Operations),
        new("S19", "Health asks no dependency; readiness answers 503 with a map of what fails", MainJob),
        new("S20", "Metrics tell of deduplication, bytes, queues, sockets and lag", Operations),
        new("S21", "Webhooks are signed, retried with back-off, and paused after repeated failure", Changes),
        new("S22", "Under legal hold nothing is deleted for good", Uploads),
        new("S23", "External links with password, expiry and caps", NotBuilt, "not built yet; an API key with read on one scope serves meanwhile"),
    ];

    public static IReadOnlyList<BehaviourRow> Archive { get; } =
    [
        new("O1", "Long work answers with its id at once; bad input is refused before anything starts", Maintenance),
        new("O2", "A run's state goes from running to done or failed", Maintenance),
        new("O3", "What is archived, and whether it can be read from there, can be asked at any time", Maintenance, "explain and scope show tell of every copy"),
        new("O4", "A mistake of the caller and a fault of the system are told apart", Maintenance),
        new("O5", "A failed move leaves the source, and nothing half-done at the target", Maintenance),
        new("O6", "Files are packed into archives of a target size", NotBuilt, "content is cut into chunks; pack files for small chunks would come inside a store"),
        new("O7", "Reads and writes of a store are limited, each to four by default", Maintenance),
        new("O8", "The copy is verified before its source is released, always", Maintenance),
        new("O9", "Clients upload parts by presigned links", NotBuilt, "bytes are hashed on their way in, so they pass the silo; upload sessions resume"),
        new("O10", "A second restage of the same chunk waits for the running one", Maintenance),
        new("O11", "Restore jobs with links that last a week and a download script", NotBuilt, "every file stays readable in place; presigned redirects are short-lived, on request"),
        new("O12", "Space is reserved before bytes arrive", MainJob),
        new("O13", "Calls that failed for a moment are retried, with a bound", MainJob),
        new("O14", "Liveness is unconditional; readiness lists what fails, and why", MainJob),
    ];

    public static IReadOnlyList<BehaviourRow> Running { get; } =
    [
        new("A1", "A full health check writes and reads back; the cheap ones change nothing", MainJob),
        new("A2", "A silo that drains answers 503 so that the balancer turns away", Cluster),
        new("A3", "Liveness and readiness probes have intervals and failure counts of their own", Cluster),
        new("A4", "Rate limits are sliding windows; a refused request is not counted", Operations),
        new("A5", "Refusals are counted by limit", Operations),
        new("A6", "Every secret can come from a file, named by a variable ending in _FILE; surrounding blanks are dropped", Cluster),
        new("A7", "Periodic work has one owner and survives its failures", Maintenance, "a grain and its reminder, instead of a leader election"),
        new("A8", "Requests, durations and errors are counted and timed", Operations),
        new("A9", "Backups of the catalog, and a documented way back", Operations),
        new("A10", "CI builds strictly and tests against real servers", MainJob),
    ];

    public static IReadOnlyList<BehaviourRow> Tus { get; } =
    [
        new("U1", "Tus-Resumable on every response but OPTIONS; an unsupported version answers 412 and is not processed", Uploads),
        new("U2", "HEAD carries Upload-Offset and forbids caching; an unknown upload has no offset", Uploads),
        new("U3", "PATCH: wrong content type 415, wrong offset 409; what arrived before a disconnect is kept", Uploads),
        new("U4", "POST answers 201 with a Location; above the maximum size 413", Uploads),
        new("U5", "Checksums: unknown algorithm 400, mismatch 460 and the bytes dropped", Uploads),
        new("U6", "Expiry is told on each PATCH; afterwards 410", Uploads),
        new("U7", "DELETE ends an upload; a concatenated one takes no PATCH and has the length of its parts", Uploads),
    ];

    public static IReadOnlyList<BehaviourRow> Asked { get; } =
    [
        new("G1", "Hard limits and quotas hold to the byte under concurrency; an abort gives back", MainJob, "limits of stores first; quotas of tenants and scopes with uploads"),
        new("G2", "The last delete racing a deduplication hit never dangles and never leaks", Uploads),
        new("G3", "A sweep refuses incomplete evidence", Maintenance),
        new("G4", "The least recently read leaves a full store, by real access times", Maintenance),
        new("G5", "A remote home can be drained back and then deleted", Maintenance),
        new("G6", "A move is copy, verify, release; keepSource keeps the source", Maintenance),
        new("G7", "Reads and writes fall back in order, and recover by themselves", MainJob),
        new("G8", "Runs show true progress, pause, resume, cancel, and survive the loss of a silo", Maintenance),
        new("G9", "What is read often gets a copy in a fast store", Maintenance),
        new("G10", "Many readers of a cold chunk cause one fetch, served only when verified", Maintenance),
        new("G11", "Changes of a scope are numbered without gap, replayed and then followed live", Changes),
        new("G12", "Sessions expire by inactivity and leave nothing; complete can be repeated", Uploads),
        new("G13", "Collection needs no lock: uploads go on at normal latency", Maintenance),
        new("G14", "Space is given back only when the bytes are gone", MainJob),
        new("G15", "explain tells a chunk's references, copies, and why each is where it is", MainJob),
        new("G16", "Draining a shared store is safe across scopes, and a scope's own soft limit is real", Maintenance),
    ];
}
