using System.Collections.Concurrent;
using Granary.Catalog;
using Granary.ClientApi.Content;
using Granary.ClientApi.Http;
using Granary.ClientApi.Stores;
using Granary.GrainInterfaces;
using Granary.Stores;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Granary.ClientApi.Uploads;

/// <summary>A session that a request may work on.</summary>
/// <param name="Session">The session.</param>
/// <param name="Scope">Its scope.</param>
internal sealed record OpenSession(SessionInfo Session, ScopeInfo Scope);

/// <summary>Finds sessions, and what they need: their stores, their grain, the background that will end them.</summary>
internal sealed partial class SessionAccess(
    SessionCatalog sessions, IStoreDirectory directory, IGrainFactory grains, UploadEnd end, ILogger<SessionAccess> logger)
{
    private readonly ConcurrentDictionary<TenantId, bool> _watched = new();

    /// <summary>
    /// The session that a route names by <c>{id}</c>. Unknown ones, those of other tenants, those of scopes that the caller
    /// does not see, and those that were ended are the same 404; one whose time was over is 410 (S5, S11).
    /// </summary>
    public async Task<(OpenSession? Found, Problem? Problem)> FindAsync(ApiCall call)
    {
        if (!Guid.TryParseExact(call.Route("id"), "N", out var id))
            return (null, Unknown());
        return await FindAsync(call, new UploadId(id));
    }

    /// <summary>As <see cref="FindAsync(ApiCall)"/>, by id.</summary>
    public async Task<(OpenSession? Found, Problem? Problem)> FindAsync(ApiCall call, UploadId id)
    {
        if (await sessions.FindAsync(call.TenantId, id, call.Aborted) is not { } session)
            return (null, Unknown());
        var scope = call.Topology.Scope(session.Scope) ?? (await call.RefreshTopologyAsync()).Scope(session.Scope);
        if (scope is not { State: ScopeState.Active } || !call.Caller.Sees(scope))
            return (null, Unknown());
        return session.State switch
        {
            SessionState.Aborted => (null, Unknown()),
            SessionState.Expired => (null, Over()),
            _ => (new OpenSession(session, scope), null),
        };
    }

    /// <summary>The refusal of bytes for a session that has ended well or badly; null while it is open.</summary>
    public static Problem? RefuseBytes(SessionInfo session) => session.State switch
    {
        SessionState.Open => null,
        SessionState.Refused => DigestWrong(),
        _ => new Problem(ProblemKinds.Conflict, "The upload is complete."),
    };

    /// <summary>404.</summary>
    public static Problem Unknown() => Problem.NotFound("There is no such upload.");

    /// <summary>410.</summary>
    public static Problem Over() =>
        new(ProblemKinds.Expired, "Nothing came for too long: the upload is over and holds nothing any more.");

    /// <summary>422 for the whole.</summary>
    public static Problem DigestWrong() =>
        new(ProblemKinds.DigestMismatch, "The parts together do not have the sha256 that was announced; the upload is over and nothing of it is kept.");

    /// <summary>What all chunks of the session have in common.</summary>
    public UploadTarget Target(ApiCall call, OpenSession found) => new()
    {
        Tenant = call.TenantId,
        Scope = found.Scope.Id,
        Upload = found.Session.Upload,
        Path = found.Session.Path ?? default,
        Stores = new ScopeStores(call.Topology, found.Scope.Id, directory),
        TenantText = call.TenantId.ToString(),
    };

    /// <summary>Its grain.</summary>
    public IUploadSessionGrain Grain(SessionInfo session) => grains.GetGrain<IUploadSessionGrain>(GrainKeys.Session(session.Tenant, session.Upload));

    /// <summary>Says that bytes came, which moves the end of the session.</summary>
    public async Task TouchAsync(SessionInfo session)
    {
        try
        {
            await Grain(session).TouchAsync(CancellationToken.None);
        }
        catch (Exception error) when (error is TimeoutException or OrleansException)
        {
            // The next bytes say it again, hours before it matters.
            LogNotTouched(session.Upload, error);
        }
    }

    /// <summary>
    /// Makes sure that a tenant with sessions is looked after: its background work has a reminder from the first wake on.
    /// </summary>
    public async Task WatchAsync(TenantId tenant)
    {
        if (!_watched.TryAdd(tenant, true))
            return;
        try
        {
            await grains.GetGrain<ITenantMaintenanceGrain>(GrainKeys.Tenant(tenant)).WakeAsync(CancellationToken.None);
        }
        catch (Exception error) when (error is TimeoutException or OrleansException)
        {
            _watched.TryRemove(tenant, out _);
            LogNotWatched(tenant, error);
        }
    }

    /// <summary>Ends a session without a file.</summary>
    public async Task EndAsync(SessionInfo session, SessionState state) =>
        await end.WakeForAsync(await sessions.EndAsync(session.Tenant, session.Upload, state, CancellationToken.None));

    [LoggerMessage(5040, LogLevel.Warning, "The end of upload {Upload} could not be moved now")]
    private partial void LogNotTouched(UploadId upload, Exception error);

    [LoggerMessage(5041, LogLevel.Warning, "The background work of tenant {Tenant} could not be woken")]
    private partial void LogNotWatched(TenantId tenant, Exception error);
}
