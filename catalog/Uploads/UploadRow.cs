using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>State of an upload's row.</summary>
internal enum UploadState
{
    Open = 0,
    Committed = 1,
    Released = 2,
    Aborted = 3,
}

/// <summary>One row of upload, changed in memory and written once per transaction.</summary>
internal sealed class UploadRow
{
    private const string Columns =
        "id, tenant, scope, state, epoch, reserved, received, chunk_count, last_index, pending, deduplicated, version_refs, first_chunk, first_size, result_version, result_sequence, result_created, declared";

    private static readonly Sql SelectRow = new($"SELECT {Columns} FROM upload WHERE id = ?1 /*lock*/")
    {
        Many = new(1, $"SELECT id, {Columns} FROM upload FORCE INDEX (PRIMARY) WHERE id IN (?*) /*lock*/"),
    };

    private static readonly Sql InsertRow = new("""
        INSERT INTO upload (id, tenant, scope, state, epoch, path, declared, reserved, received, chunk_count, last_index, pending, deduplicated, first_chunk, first_size, created)
        VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
        """);

    private static readonly Sql UpdateProgress = new("""
        UPDATE upload SET reserved = ?2, received = ?3, chunk_count = ?4, last_index = ?5, pending = ?6, deduplicated = ?7, first_chunk = ?8, first_size = ?9
        WHERE id = ?1
        """);

    private static readonly Sql UpdateDeclared = new("UPDATE upload SET declared = ?2, reserved = ?3 WHERE id = ?1");

    private static readonly Sql UpdateCommitted = new("""
        UPDATE upload SET state = 1, epoch = NULL, path = NULL, reserved = 0, pending = 0, version_refs = 1, result_version = ?2, result_sequence = ?3, result_created = ?4
        WHERE id = ?1
        """);

    private static readonly Sql UpdateAborted = new("UPDATE upload SET state = 3, epoch = NULL, path = NULL, reserved = 0, pending = 0 WHERE id = ?1");

    private static readonly Sql DeleteRow = new("DELETE FROM upload WHERE id = ?1");

    // state first: MariaDB evaluates assignments from left to right, with the new values.
    private static readonly Sql UpdateReleased = new(
        "UPDATE upload SET state = CASE WHEN version_refs = 1 THEN 2 ELSE state END, version_refs = version_refs - 1 WHERE id = ?1");

    private static readonly Sql UpdateReferenced = new("UPDATE upload SET version_refs = version_refs + 1 WHERE id = ?1");

    public required byte[] Id { get; init; }

    public required TenantId Tenant { get; init; }

    public required ScopeId Scope { get; init; }

    public UploadState State { get; private set; }

    public SiloEpoch? Epoch { get; init; }

    public long? Declared { get; init; }

    public long Reserved { get; set; }

    public long Received { get; set; }

    public int ChunkCount { get; set; }

    public int LastIndex { get; set; } = -1;

    public int Pending { get; set; }

    public int Deduplicated { get; set; }

    public byte[]? FirstChunk { get; set; }

    public int FirstSize { get; set; }

    public long ResultVersion { get; private set; }

    public long ResultSequence { get; private set; }

    public bool ResultCreated { get; private set; }

    /// <summary>True when the manifest has every index from 0 to its last.</summary>
    public bool IsContiguous => ChunkCount == LastIndex + 1;

    public static UploadRow? Find(CatalogSession session, byte[] id)
    {
        using var rows = session.Query(SelectRow, id);
        return rows.Read() ? Read(rows) : null;
    }

    /// <summary><see cref="Find"/> is going to be asked.</summary>
    public static void Expect(CatalogSession session, byte[] id) => session.Expect(SelectRow, id);

    /// <summary>An open upload of this scope, null otherwise.</summary>
    public static UploadRow? FindOpen(CatalogSession session, byte[] id, TenantId tenant, ScopeId scope) =>
        Find(session, id) is { State: UploadState.Open } row && row.Tenant == tenant && row.Scope == scope ? row : null;

    public void Insert(CatalogSession session, FilePath path) =>
        session.Post(InsertRow, Id, Tenant, Scope, Epoch?.Value, path.ToUtf8(), Declared, Reserved, Received, ChunkCount, LastIndex, Pending, Deduplicated, FirstChunk, FirstChunk is null ? SqlValue.Null : FirstSize, session.Now);

    public void SaveProgress(CatalogSession session) =>
        session.Post(UpdateProgress, Id, Reserved, Received, ChunkCount, LastIndex, Pending, Deduplicated, FirstChunk, FirstChunk is null ? SqlValue.Null : FirstSize);

    /// <summary>The length became known, and is reserved.</summary>
    public void SaveDeclared(CatalogSession session, long declared) => session.Execute(UpdateDeclared, Id, declared, Reserved);

    public void SaveCommitted(CatalogSession session, long version, long sequence, bool created)
    {
        session.Post(UpdateCommitted, Id, version, sequence, created);
        State = UploadState.Committed;
        ResultVersion = version;
        ResultSequence = sequence;
        ResultCreated = created;
    }

    /// <summary>
    /// Closes an open upload: gives its reservation back at once, lets go of its unfinished writes, and leaves its
    /// references to the background.
    /// </summary>
    /// <returns>Stores that have something to delete now.</returns>
    public IReadOnlyCollection<StoreId> Abort(CatalogSession session)
    {
        UsageLedger.Add(session, Tenant, Scope, 0, -Reserved, 0);
        var stores = Pending == 0 ? [] : LocationLedger.FailWritesOf(session, Id);
        session.Post(ChunkCount == 0 ? DeleteRow : UpdateAborted, Id);
        State = UploadState.Aborted;
        return stores;
    }

    /// <summary>One version fewer points at a manifest; the last one releases it.</summary>
    public static void Release(CatalogSession session, byte[] manifest) => session.Post(UpdateReleased, manifest);

    /// <summary>One version more points at a manifest.</summary>
    public static void Reference(CatalogSession session, byte[] manifest) => session.Post(UpdateReferenced, manifest);

    /// <summary>Removes a row whose references are all uncounted.</summary>
    public static void Delete(CatalogSession session, byte[] id) => session.Post(DeleteRow, id);

    private static UploadRow Read(SqlRows rows) => new()
    {
        Id = rows.Span(0).ToArray(),
        Tenant = new TenantId(rows.Long(1)),
        Scope = new ScopeId(rows.Long(2)),
        State = (UploadState)rows.Int(3),
        Epoch = rows.IsNull(4) ? null : new SiloEpoch(rows.Long(4)),
        Reserved = rows.Long(5),
        Received = rows.Long(6),
        ChunkCount = rows.Int(7),
        LastIndex = rows.Int(8),
        Pending = rows.Int(9),
        Deduplicated = rows.Int(10),
        FirstChunk = rows.BytesOrNull(12),
        FirstSize = rows.Int(13),
        ResultVersion = rows.Long(14),
        ResultSequence = rows.Long(15),
        ResultCreated = rows.Flag(16),
        Declared = rows.LongOrNull(17),
    };
}
