using System.Collections.Concurrent;
using Granary.Catalog;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.Http;
using Granary.GrainInterfaces;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Granary.ClientApi.Changes;

/// <summary>
/// All sockets of this silo, and one follower for each scope that any of them follows. One wheel turns once a second for
/// everybody: it pings, looks at the heads of the logs, ends sockets that are too slow or whose credential ended.
/// </summary>
internal sealed partial class ChangeHub(
    ChangeLogCatalog log, TopologyCache topologies, Authenticator authenticator, IChangeAnnouncements announcements,
    ChangeMetrics metrics, IOptions<ChangeFeedOptions> options, TimeProvider time, ILogger<ChangeHub> logger) : BackgroundService
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    /// <summary>A follower without sockets stays so long: those that were dropped come back at once.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<ChangeSocket, bool> _sockets = new();
    private readonly ConcurrentDictionary<TenantId, int> _perTenant = new();
    private readonly Dictionary<ScopeId, ScopeFollower> _followers = [];
    private readonly Lock _gate = new();
    private readonly ILogger _logger = logger;
    private long _slots;
    private long _turns;
    private long _checkedVersion;
    private volatile bool _stopping;

    /// <summary>The change logs.</summary>
    public ChangeLogCatalog Log => log;

    /// <summary>The clock.</summary>
    public TimeProvider Time => time;

    /// <summary>Settings.</summary>
    public ChangeFeedOptions Options => options.Value;

    /// <summary>Instruments.</summary>
    public ChangeMetrics Metrics => metrics;

    /// <summary>Whether one more socket of a tenant may open; the refusal otherwise.</summary>
    public Problem? Admit(TenantId tenant)
    {
        if (_stopping)
            return Problem.Unavailable("The server is stopping.");
        return _sockets.Count >= Options.MaxSockets || _perTenant.GetValueOrDefault(tenant) >= Options.MaxSockets / 2
            ? Problem.Busy("Too many WebSockets are open.", retryAfter: 10)
            : null;
    }

    /// <summary>Runs a socket until it ends.</summary>
    /// <param name="open">Makes the socket; it gets its place on the wheel.</param>
    /// <param name="begin">Called when the socket can be written to.</param>
    public async Task RunAsync(Func<long, ChangeSocket> open, Func<ChangeSocket, Task> begin)
    {
        var socket = open(Interlocked.Increment(ref _slots));
        var tenant = socket.Credential.Tenant;
        _sockets[socket] = true;
        _perTenant.AddOrUpdate(tenant, 1, static (_, count) => count + 1);
        metrics.Connection(1);
        try
        {
            var reading = socket.RunAsync();
            if (_stopping)
                socket.BeginClose(CloseCode.Shutdown, "The server is stopping.");
            else
                await begin(socket);
            await reading;
        }
        finally
        {
            _sockets.TryRemove(socket, out _);
            _perTenant.AddOrUpdate(tenant, 0, static (_, count) => count - 1);
            metrics.Connection(-1);
        }
    }

    /// <summary>Begins to follow a scope, or says why not.</summary>
    public async Task<Problem?> FollowAsync(ChangeSocket socket, ScopeInfo scope, long? since, string? prefix, string frameType)
    {
        if (Array.Exists(socket.Subscriptions, s => s.Follower.Scope == scope.Id))
            return new Problem(ProblemKinds.Conflict, "The socket follows this scope already.");
        if (socket.Subscriptions.Length >= Options.MaxSubscriptions)
            return Problem.Invalid("scope", $"A socket follows at most {Options.MaxSubscriptions} scopes.");
        var page = await log.ReadAsync(scope.Tenant, scope.Id, since ?? 0, 1, CancellationToken.None);
        if (since is not null && ChangeProblems.Of(page) is { } refused)
            return refused;
        while (true)
        {
            var follower = FollowerOf(scope);
            var first = ServerFrame.Following(frameType, scope.Name, page.Head);
            if (socket.TryFollow(new ChangeSubscription(follower, since ?? page.Head, prefix), first, page.Head))
                return null;
        }
    }

    /// <summary>Does what a client asks for on a socket that follows several scopes.</summary>
    public async Task ObeyAsync(ChangeSocket socket, ClientFrame frame)
    {
        if (!frame.Subscribe)
        {
            if (Array.Find(socket.Subscriptions, s => s.Follower.Name == frame.Scope) is { } subscription)
                socket.End(subscription);
            socket.Send(ServerFrame.Plain("unsubscribed", frame.Scope));
            return;
        }

        var topology = await topologies.RefreshAsync(CancellationToken.None);
        var scope = topology.ScopeByName(socket.Credential.Tenant, frame.Scope);
        var problem = scope is null || !Sees(topology, socket, scope)
            ? ChangeProblems.NoScope()
            : await FollowAsync(socket, scope, frame.Since, frame.Prefix, "subscribed");
        if (problem is not null)
            socket.Send(ServerFrame.Error(frame.Scope, problem));
    }

    /// <summary>Tells every socket that the server stops, and waits a little for them.</summary>
    public async Task CloseAllAsync()
    {
        _stopping = true;
        await Task.WhenAll(_sockets.Keys.Select(static socket => socket.CloseAsync(CloseCode.Shutdown, "The server is stopping.")));
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        metrics.ObserveLag(() => Followers().Select(static f => f.Lag).DefaultIfEmpty(0).Max());
        using var timer = new PeriodicTimer(Tick, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await TurnAsync(stoppingToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                // The loop's top: sockets go on without being tended until the next turn.
                LogTendFailed(failure);
            }
        }
    }

    private ScopeFollower FollowerOf(ScopeInfo scope)
    {
        ScopeFollower follower;
        lock (_gate)
        {
            if (_followers.TryGetValue(scope.Id, out var found))
                return found;
            _followers[scope.Id] = follower = new ScopeFollower(scope.Tenant, scope.Id, scope.Name, log, Options, time, _logger);
        }

        _ = ListenAsync(follower);
        return follower;
    }

    // Not waited for: until it listens, and whenever it cannot, looking at the heads finds what is new.
    private async Task ListenAsync(ScopeFollower follower)
    {
        try
        {
            var listening = await announcements.ListenAsync(follower.Tenant, follower.Scope, follower.Announce, CancellationToken.None);
            if (!follower.KeepAnnouncements(listening))
                await listening.DisposeAsync();
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            follower.KeepAnnouncements(null);
            LogListenFailed(failure, follower.Name, Options.HeadLook);
        }
    }

    private async Task TurnAsync(CancellationToken cancellationToken)
    {
        _turns++;
        var now = time.GetTimestamp();
        var slots = Math.Max(1, (long)(Options.Ping / Tick));
        foreach (var socket in _sockets.Keys)
        {
            socket.CheckPace(now, Options.SlowReader);
            if ((socket.Slot + _turns) % slots == 0)
                socket.Ping();
        }

        CheckCredentials();
        foreach (var follower in Followers())
            follower.Tend(now);
        if (_turns % Math.Max(1, (long)(Options.HeadLook / Tick)) == 0)
        {
            await LookAtHeadsAsync(cancellationToken);
            await RetireFollowersAsync(now);
        }
    }

    private ScopeFollower[] Followers()
    {
        lock (_gate)
            return [.. _followers.Values];
    }

    private async Task LookAtHeadsAsync(CancellationToken cancellationToken)
    {
        var followers = Followers();
        if (followers.Length == 0)
            return;
        var heads = await log.HeadsAsync([.. followers.Select(static f => f.Scope)], cancellationToken);
        for (var i = 0; i < followers.Length; i++)
        {
            // What was not announced in all the time since the last look may mean that nobody tells us any more.
            if (followers[i].LookedAt(heads[i]))
                await RestartListeningAsync(followers[i]);
        }
    }

    private async Task RestartListeningAsync(ScopeFollower follower)
    {
        if (follower.TakeAnnouncements() is { } old)
            await DisposeAsync(old, follower.Name);
        await ListenAsync(follower);
    }

    private async Task RetireFollowersAsync(long now)
    {
        List<ScopeFollower> unused = [];
        lock (_gate)
        {
            foreach (var follower in _followers.Values.Where(f => f.TryRetire(now, (long)(Linger.TotalSeconds * time.TimestampFrequency))).ToList())
            {
                _followers.Remove(follower.Scope);
                unused.Add(follower);
            }
        }

        foreach (var follower in unused)
        {
            if (follower.TakeAnnouncements() is { } listening)
                await DisposeAsync(listening, follower.Name);
        }
    }

    private async Task DisposeAsync(IAsyncDisposable listening, string scope)
    {
        try
        {
            await listening.DisposeAsync();
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            LogListenFailed(failure, scope, Options.HeadLook);
        }
    }

    // A key that was deleted, expired or limited, and a scope that is gone, end what rests on them.
    private void CheckCredentials()
    {
        var now = time.GetUtcNow();
        var topology = topologies.Current;
        var all = topology.Version != Interlocked.Exchange(ref _checkedVersion, topology.Version);
        foreach (var socket in _sockets.Keys)
        {
            if (all)
                Check(topology, socket);
            else if (socket.Credential.Expires <= now)
                socket.BeginClose(CloseCode.Unauthenticated, "The credential has expired.");
        }
    }

    private void Check(Topology topology, ChangeSocket socket)
    {
        var caller = authenticator.Find(topology, socket.Credential.KeyHash);
        if (caller is null || topology.Tenant(socket.Credential.Tenant) is not { State: TenantState.Active })
        {
            socket.BeginClose(CloseCode.Unauthenticated, "The credential is not valid any more.");
        }
        else if (!caller.Has(Rights.Read))
        {
            socket.BeginClose(CloseCode.Forbidden, "The credential lost the right read.");
        }
        else
        {
            foreach (var subscription in socket.Subscriptions)
            {
                if (topology.Scope(subscription.Follower.Scope) is not { State: ScopeState.Active } scope || !Sees(topology, socket, scope))
                    socket.Refuse(subscription, ChangeProblems.NoScope());
            }
        }
    }

    private bool Sees(Topology topology, ChangeSocket socket, ScopeInfo scope) =>
        scope.Tenant == socket.Credential.Tenant
        && authenticator.Find(topology, socket.Credential.KeyHash) is { } caller
        && (caller.Scopes is null || caller.Scopes.Contains(scope.Id));
}
