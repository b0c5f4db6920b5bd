using System.Text.Json;
using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Upload sessions: uploads that outlive connections and silos. A session is an open upload without a silo's life, and a row
/// that says what was agreed at its beginning; its bytes, references and reservations are those of any upload.
/// </summary>
public sealed partial class SessionCatalog(CatalogDatabase database)
{
    private static readonly Sql SelectDue = new("""
        SELECT upload FROM upload_session WHERE tenant = ?1 AND state = ?2 AND expires <= ?3 ORDER BY expires LIMIT ?4
        """);

    private static readonly Sql SelectNextDue = new("SELECT MIN(expires) FROM upload_session WHERE tenant = ?1 AND state = 0");

    /// <summary>
    /// Starts a session and reserves its length. With an idempotency key that was used for the same request it finds the
    /// session of that request.
    /// </summary>
    public Task<SessionCreated> CreateAsync(NewSession begin, CancellationToken cancellationToken) =>
        database.WriteAsync(session => Create(session, begin), cancellationToken);

    /// <summary>One session of a tenant; null when it is unknown, or forgotten.</summary>
    public Task<SessionInfo?> FindAsync(TenantId tenant, UploadId upload, CancellationToken cancellationToken) =>
        database.ReadAsync(session => Find(session, tenant, upload), cancellationToken);

    /// <summary>The session that was begun with an idempotency key; null when there is none.</summary>
    public Task<SessionInfo?> FindByKeyAsync(TenantId tenant, OperationKey key, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => OperationLedger.Find(session, tenant, key) is { Matches: true } stored
                && JsonSerializer.Deserialize(stored.Result, SessionJson.Default.CreatedSession) is { } known
                    ? Find(session, tenant, new UploadId(known.Upload))
                    : null,
            cancellationToken);

    /// <summary>Open sessions of a scope, oldest first, page by page; some may be over since a moment.</summary>
    public Task<IReadOnlyList<SessionInfo>> ListAsync(TenantId tenant, ScopeId scope, UploadId? after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<SessionInfo>>(
            session => [.. SessionRow.List(session, tenant, scope, after, limit).Select(row => row.ToInfo(UploadRow.Find(session, row.Id), session.Now))],
            cancellationToken);

    /// <summary>Moves the end of an open session forward.</summary>
    /// <returns>False when it is not open any more, or ends later already.</returns>
    public Task<bool> SlideAsync(UploadId upload, DateTimeOffset expires, CancellationToken cancellationToken) =>
        database.WriteAsync(session => SessionRow.Slide(session, Key(upload), expires), cancellationToken);

    /// <summary>
    /// Ends an open session without a file: reservations are given back at once, references by the background. Repeating it
    /// does nothing; a tus upload that is complete is only forgotten.
    /// </summary>
    /// <param name="tenant">Its tenant.</param>
    /// <param name="upload">Its id.</param>
    /// <param name="state">How it ended: <see cref="SessionState.Aborted"/> or <see cref="SessionState.Refused"/>.</param>
    /// <param name="cancellationToken">Gives up before the transaction.</param>
    public Task<UploadAborted> EndAsync(TenantId tenant, UploadId upload, SessionState state, CancellationToken cancellationToken) =>
        database.WriteAsync(
            session => SessionRow.Find(session, Key(upload)) is { } row && row.Tenant == tenant ? End(session, row, state) : UploadAborted.Nothing,
            cancellationToken);

    /// <summary>
    /// Ends sessions whose time is over, and forgets those that ended long ago; at most a page of each. Call again while
    /// the answer is not 0.
    /// </summary>
    /// <returns>Sessions that were worked on, and stores that have copies to delete now.</returns>
    public Task<SessionsExpired> ExpireDueAsync(TenantId tenant, int limit, CancellationToken cancellationToken) =>
        database.WriteAsync(session => ExpireDue(session, tenant, limit), cancellationToken);

    /// <summary>When the next open session of a tenant is over unless something comes; null when it has none.</summary>
    public Task<DateTimeOffset?> NextDueAsync(TenantId tenant, CancellationToken cancellationToken) =>
        database.ReadAsync<DateTimeOffset?>(
            session => session.Scalar(SelectNextDue, tenant) is { } due ? DateTimeOffset.FromUnixTimeMilliseconds(due) : null, cancellationToken);

    internal static byte[] Key(UploadId upload) => upload.Value.ToByteArray(bigEndian: true);

    /// <summary>Part of the commit: the session of an upload is completed, and keeps the answer. Nothing where it has none.</summary>
    internal static void Complete(CatalogSession session, byte[] upload, NamespaceResult result) =>
        SessionRow.End(session, upload, SessionState.Completed, NamespaceOutcome.Write(result));

    /// <summary>The answer of a session's commit, also when its version and its manifest have gone since.</summary>
    internal static NamespaceResult? FindResult(CatalogSession session, TenantId tenant, ScopeId scope, UploadId upload) =>
        SessionRow.Find(session, Key(upload)) is { State: SessionState.Completed } row && row.Tenant == tenant && row.Scope == scope ? row.Result : null;

    private static SessionCreated Create(CatalogSession session, NewSession begin)
    {
        if (OperationLedger.Find(session, begin.Tenant, begin.Operation) is { } stored)
        {
            var known = stored.Matches ? JsonSerializer.Deserialize(stored.Result, SessionJson.Default.CreatedSession) : null;
            var found = known is null ? null : Find(session, begin.Tenant, new UploadId(known.Upload));
            return new SessionCreated(UploadStatus.Ok, found, Mismatch: found is null);
        }

        var begun = UploadCatalog.Begin(
            session,
            new BeginUpload
            {
                Tenant = begin.Tenant,
                Scope = begin.Scope,
                Upload = begin.Upload,
                Path = begin.Path ?? FilePath.Parse("tus-part"),
                Size = begin.Size,
            });
        if (begun.Status != UploadStatus.Ok)
        {
            return new SessionCreated(begun.Status, null, Limit: begun.Limit, Used: begun.Used);
        }

        SessionRow.Insert(session, begin);
        OperationLedger.Save(session, begin.Tenant, begin.Operation, JsonSerializer.Serialize(new CreatedSession(begin.Upload.Value), SessionJson.Default.CreatedSession));
        return new SessionCreated(UploadStatus.Ok, Find(session, begin.Tenant, begin.Upload));
    }

    private static SessionInfo? Find(CatalogSession session, TenantId tenant, UploadId upload) =>
        SessionRow.Find(session, Key(upload)) is { } row && row.Tenant == tenant
            ? row.ToInfo(UploadRow.Find(session, row.Id), session.Now)
            : null;

    private static UploadAborted End(CatalogSession session, SessionRow row, SessionState state)
    {
        if (row is { State: SessionState.Completed, Kind: not SessionKind.Parts })
        {
            // tus: its client wants to hear nothing of it any more; the file stays.
            SessionRow.Forget(session, row.Id);
        }

        return row.State == SessionState.Open ? End(session, row.Id, state) : UploadAborted.Nothing;
    }

    private static UploadAborted End(CatalogSession session, byte[] id, SessionState state)
    {
        SessionRow.End(session, id, state);
        if (UploadRow.Find(session, id) is not { State: UploadState.Open } upload)
        {
            return UploadAborted.Nothing;
        }

        return new UploadAborted(true, upload.Tenant, [.. upload.Abort(session)]);
    }

    private static SessionsExpired ExpireDue(CatalogSession session, TenantId tenant, int limit)
    {
        var stores = new HashSet<StoreId>();
        var due = Due(session, tenant, SessionState.Open, limit);
        foreach (var id in due)
        {
            stores.UnionWith(End(session, id, SessionState.Expired).Stores);
        }

        var forgotten = 0;
        for (var state = SessionState.Completed; state <= SessionState.Refused && due.Count + forgotten < limit; state++)
        {
            foreach (var id in Due(session, tenant, state, limit - due.Count - forgotten))
            {
                SessionRow.Delete(session, id);
                forgotten++;
            }
        }

        return new SessionsExpired(due.Count, forgotten, [.. stores]);
    }

    private static List<byte[]> Due(CatalogSession session, TenantId tenant, SessionState state, int limit)
    {
        var ids = new List<byte[]>();
        using var rows = session.Query(SelectDue, tenant, (int)state, session.Now, limit);
        while (rows.Read())
        {
            ids.Add(rows.Span(0).ToArray());
        }

        return ids;
    }
}

/// <summary>What a page of expiry did.</summary>
/// <param name="Ended">Sessions that were ended.</param>
/// <param name="Forgotten">Rows of sessions that ended long ago.</param>
/// <param name="Stores">Stores that have copies to delete now.</param>
public sealed record SessionsExpired(int Ended, int Forgotten, StoreId[] Stores);
