using System.Text;
using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>One row of upload_session.</summary>
internal sealed class SessionRow
{
    private const string Columns = """
        upload, tenant, scope, kind, state, path, size, chunk_size, sha256, content_type, modified, if_match, metadata, parts, short_index, writer,
        checked_count, result, expires, created
        """;

    private static readonly Sql SelectRow = new($"SELECT {Columns} FROM upload_session WHERE upload = ?1 /*lock*/");

    private static readonly Sql SelectFirst = new(
        $"SELECT {Columns} FROM upload_session WHERE tenant = ?1 AND scope = ?2 AND state = 0 ORDER BY upload LIMIT ?3");

    private static readonly Sql SelectAfter = new(
        $"SELECT {Columns} FROM upload_session WHERE tenant = ?1 AND scope = ?2 AND state = 0 AND upload > ?3 ORDER BY upload LIMIT ?4");

    private static readonly Sql InsertRow = new("""
        INSERT INTO upload_session (upload, tenant, scope, kind, path, size, chunk_size, sha256, content_type, modified, if_match, metadata, parts, expires, created)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
        """);

    private static readonly Sql UpdateEnded = new("UPDATE upload_session SET state = ?2, result = ?3, expires = ?4 WHERE upload = ?1 AND state = 0");

    private static readonly Sql UpdateForgotten = new("UPDATE upload_session SET state = 2 WHERE upload = ?1 AND state = 1");

    private static readonly Sql UpdateExpires = new("UPDATE upload_session SET expires = ?2 WHERE upload = ?1 AND state = 0 AND expires < ?2 AND expires > ?3");

    private static readonly Sql UpdateShort = new("UPDATE upload_session SET short_index = ?2 WHERE upload = ?1");

    private static readonly Sql UpdateWriter = new("UPDATE upload_session SET writer = ?2, checked_count = ?3 WHERE upload = ?1");

    private static readonly Sql UpdateSize = new("UPDATE upload_session SET size = ?2 WHERE upload = ?1");

    private static readonly Sql DeleteRow = new("DELETE FROM upload_session WHERE upload = ?1");

    /// <summary>How long an ended session is remembered: as long as answers to idempotency keys.</summary>
    public static readonly TimeSpan Memory = OperationCatalog.Retention;

    private readonly byte[]? _path;
    private readonly string? _result;

    private SessionRow(SqlRows rows)
    {
        Id = rows.Span(0).ToArray();
        Upload = rows.Upload(0);
        Tenant = new TenantId(rows.Long(1));
        Scope = new ScopeId(rows.Long(2));
        Kind = (SessionKind)rows.Int(3);
        State = (SessionState)rows.Int(4);
        _path = rows.BytesOrNull(5);
        Size = rows.LongOrNull(6);
        ChunkSize = rows.Int(7);
        Sha256 = rows.HashOrNull(8);
        ContentType = rows.TextOrNull(9);
        Modified = rows.LongOrNull(10) is { } ticks ? DateTimeOffset.UnixEpoch.AddTicks(ticks) : null;
        IfMatch = rows.TextOrNull(11);
        Metadata = rows.TextOrNull(12);
        Parts = rows.TextOrNull(13);
        ShortIndex = rows.IntOrNull(14);
        Writer = rows.Long(15);
        CheckedCount = rows.IntOrNull(16);
        _result = rows.TextOrNull(17);
        Expires = rows.Time(18);
        Created = rows.Time(19);
    }

    public byte[] Id { get; }

    public UploadId Upload { get; }

    public TenantId Tenant { get; }

    public ScopeId Scope { get; }

    public SessionKind Kind { get; }

    public SessionState State { get; }

    public long? Size { get; }

    public int ChunkSize { get; }

    public ChunkHash? Sha256 { get; }

    public string? ContentType { get; }

    public DateTimeOffset? Modified { get; }

    public string? IfMatch { get; }

    public string? Metadata { get; }

    public string? Parts { get; }

    public int? ShortIndex { get; }

    public long Writer { get; }

    public int? CheckedCount { get; }

    public DateTimeOffset Expires { get; }

    public DateTimeOffset Created { get; }

    public NamespaceResult? Result => _result is null ? null : NamespaceOutcome.Read(_result);

    public static SessionRow? Find(CatalogSession session, byte[] id)
    {
        using var rows = session.Query(SelectRow, id);
        return rows.Read() ? new SessionRow(rows) : null;
    }

    /// <summary>Open sessions of a scope in the order of their ids, which is that of their beginning.</summary>
    public static List<SessionRow> List(CatalogSession session, TenantId tenant, ScopeId scope, UploadId? after, int limit)
    {
        var found = new List<SessionRow>();
        using var rows = after is { } last
            ? session.Query(SelectAfter, tenant, scope, last, limit)
            : session.Query(SelectFirst, tenant, scope, limit);
        while (rows.Read())
        {
            found.Add(new SessionRow(rows));
        }

        return found;
    }

    public static void Insert(CatalogSession session, NewSession begin) => session.Execute(
        InsertRow,
        begin.Upload,
        begin.Tenant,
        begin.Scope,
        (int)begin.Kind,
        begin.Path?.ToUtf8(),
        begin.Size,
        begin.ChunkSize,
        begin.Sha256?.ToByteArray(),
        begin.ContentType,
        begin.Modified is { } time ? (time - DateTimeOffset.UnixEpoch).Ticks : SqlValue.Null,
        begin.IfMatch,
        begin.Metadata,
        begin.Parts,
        begin.Expires,
        session.Now);

    /// <summary>Ends an open session; it is remembered for a while.</summary>
    public static void End(CatalogSession session, byte[] id, SessionState state, string? result = null) =>
        session.Execute(UpdateEnded, id, (int)state, result, session.Now + Memory);

    /// <summary>A completed session is not known any more.</summary>
    public static void Forget(CatalogSession session, byte[] id) => session.Execute(UpdateForgotten, id);

    /// <summary>Moves the due time of an open session that is not over, only forward.</summary>
    /// <returns>False when there is nothing to move.</returns>
    public static bool Slide(CatalogSession session, byte[] id, DateTimeOffset expires) =>
        session.Execute(UpdateExpires, id, expires, session.Now) != 0;

    public static void Delete(CatalogSession session, byte[] id) => session.Execute(DeleteRow, id);

    public void SaveShortIndex(CatalogSession session, int index) => session.Execute(UpdateShort, Id, index);

    public void SaveWriter(CatalogSession session, long writer, int? checkedCount) => session.Execute(UpdateWriter, Id, writer, checkedCount);

    public void SaveSize(CatalogSession session, long size) => session.Execute(UpdateSize, Id, size);

    /// <summary>The state as of now: one whose time is over, or whose upload has gone with its scope, is not open.</summary>
    public SessionState StateAt(DateTimeOffset now, UploadRow? upload) => State switch
    {
        not SessionState.Open => State,
        _ when upload is not { State: UploadState.Open } => SessionState.Aborted,
        _ when Expires <= now => SessionState.Expired,
        _ => SessionState.Open,
    };

    public SessionInfo ToInfo(UploadRow? upload, DateTimeOffset now) => new()
    {
        Upload = Upload,
        Tenant = Tenant,
        Scope = Scope,
        Kind = Kind,
        State = StateAt(now, upload),
        Path = _path is null ? null : FilePath.Parse(Encoding.UTF8.GetString(_path)),
        Size = Size,
        ChunkSize = ChunkSize,
        Sha256 = Sha256,
        ContentType = ContentType,
        Modified = Modified,
        IfMatch = IfMatch,
        Metadata = Metadata,
        Parts = Parts,
        Result = Result,
        Expires = Expires,
        Created = Created,
        Received = upload?.Received ?? 0,
        ChunkCount = upload?.ChunkCount ?? 0,
        HasPending = upload is { Pending: > 0 },
        NeedsRecovery = CheckedCount is not null || upload is { Pending: > 0 } or { LastIndex: SessionManifest.SideIndex },
    };
}
