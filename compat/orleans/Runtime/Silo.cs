using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>One silo: its activations, and the way of calls to them.</summary>
internal sealed class Silo : CallRuntime, ILocalSiloDetails {
    private const int MaxForwards = 5;
    private static readonly Lock GenerationGate = new();
    private static int _lastGeneration;
    private readonly ConcurrentDictionary<GrainId, Activation> _activations = [];
    private readonly ConcurrentDictionary<GrainType, GrainClass> _classes = [];
    private readonly ConcurrentDictionary<(SiloAddress From, long Id), RemoteCall> _remote = [];
    private readonly IIncomingGrainCallFilter[] _incoming;
    private readonly Func<GrainId, Activation> _create;
    private ITimer? _collector;
    private volatile bool _stopping;

    public Silo(
        IServiceProvider services, ICluster cluster, TimeProvider time, GrainTypes types, ILogger<Silo> logger, IOptions<SiloMessagingOptions> messaging,
        IOptions<GrainCollectionOptions> collection, IOptions<ClusterOptions> clusterOptions, IOptions<SiloOptions> options, IOptions<EndpointOptions> endpoint)
        : base(services, cluster, time, messaging.Value.ResponseTimeout, types) {
        (Logger, Collection, ClusterId) = (logger, collection.Value, clusterOptions.Value.ClusterId);
        var generation = NextGeneration(time);
        Address = SiloAddress.New(endpoint.Value.AdvertisedIPAddress, endpoint.Value.SiloPort, generation);
        GatewayAddress = SiloAddress.New(endpoint.Value.AdvertisedIPAddress, endpoint.Value.GatewayPort, generation);
        Name = options.Value.SiloName ?? $"Silo_{generation:x}";
        _incoming = [.. services.GetServices<IIncomingGrainCallFilter>()];
        _create = id => new Activation(this, id, Class(id.Type));
    }

    public ILogger Logger { get; }
    public GrainCollectionOptions Collection { get; }
    public bool IsStopping => _stopping;
    public override SiloAddress Address { get; }
    public string Name { get; }
    public string ClusterId { get; }
    public string DnsHostName { get; } = Dns.GetHostName();
    public SiloAddress SiloAddress => Address;
    public SiloAddress GatewayAddress { get; }

    public override void Start() {
        var now = Time.GetUtcNow().UtcDateTime;
        Cluster.Join(this, new MembershipEntry {
            SiloAddress = Address, Status = SiloStatus.Active, SiloName = Name, HostName = DnsHostName,
            ProxyPort = GatewayAddress.Endpoint.Port, StartTime = now, IAmAliveTime = now,
        });
        base.Start();
        _collector = Time.CreateTimer(_ => CollectIdle(), null, Collection.CollectionQuantum, Collection.CollectionQuantum);
    }

    /// <summary>Gives no new grains to this silo, lets the live ones finish and say goodbye, then leaves.</summary>
    public async Task StopAsync(CancellationToken token) {
        if (Halt())
            return;
        Cluster.Update(Address, SiloStatus.ShuttingDown);
        while (!_activations.IsEmpty && !token.IsCancellationRequested) {
            var live = _activations.Values.ToList();
            live.ForEach(a => a.Deactivate(new(DeactivationReasonCode.ShuttingDown, "This silo is stopping."), token));
            await Task.WhenAll(live.Select(a => a.Deactivated)).WaitAsync(token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        Vanish();
    }

    /// <summary>Stops as a crash would: nothing of the grains runs any more, not even their deactivation code.</summary>
    public void Kill() {
        if (!Halt())
            Vanish();
    }

    public Dictionary<string, int> CountActivations() => _activations.Values.GroupBy(a => a.Class.Type.FullName!).ToDictionary(g => g.Key, g => g.Count());
    public void Remove(Activation activation) => _activations.TryRemove(KeyValuePair.Create(activation.GrainId, activation));
    public void Finished(RemoteCall call) => _remote.TryRemove((call.Request.From, call.Request.Id), out _);

    /// <summary>Calls the grain, through the filters if there are any.</summary>
    public ValueTask<object?> RunFilters(Call call, Activation activation) {
        if (_incoming.Length == 0 && activation.GrainInstance is not IIncomingGrainCallFilter)
            return call.Method!.Invoke(activation.GrainInstance!, call.Args);
        return Run(new IncomingCallContext(call, activation, _incoming));

        static async ValueTask<object?> Run(IncomingCallContext context) {
            await context.Invoke();
            return context.Result;
        }
    }

    /// <summary>Sends a call on that its activation did not serve.</summary>
    public void Reroute(Call call, DeactivationReason reason) {
        if (++call.Forwards > MaxForwards)
            call.Fail(new OrleansMessageRejectionException($"Forwarded too often; the last activation ended: {reason}"));
        else
            Route(call);
    }

    public override void Receive(Envelope envelope) {
        if (ReceiveAnswer(envelope))
            return;
        if (envelope.Kind == EnvelopeKind.Cancel) {
            if (_remote.TryGetValue((envelope.From, envelope.Id), out var running) && running.TryComplete()) {
                running.SignalCancellation();
                Finished(running);
            }
            return;
        }
        var method = GrainMethod.Of(envelope.Method!);
        var call = new RemoteCall(this, method, envelope) {
            Grain = envelope.Grain, Source = envelope.Source, Deadline = Time.GetTimestamp() + Ticks(envelope.Patience), Forwards = envelope.Forwards,
        };
        _remote[(envelope.From, envelope.Id)] = call;
        try {
            call.Args = method.ReadArguments(envelope.Body, this);
            if (envelope.Cancellable)
                call.ArmToken();
            Route(call);
        } catch (Exception error) {
            call.Fail(error);
        }
    }

    protected override bool IsHere(GrainId grain) => _activations.ContainsKey(grain) || Home(grain).Equals(Address);
    protected override void Send(LocalCall call) => Route(call);
    private GrainClass Class(GrainType name) => _classes.GetOrAdd(name, n => new GrainClass(Types.Class(n), Collection));
    private SiloAddress Home(GrainId grain) => !_stopping && Cluster.Find(grain) is null && Class(grain.Type).PrefersLocal ? Address : Place(grain);

    private void Route(Call call) {
        try {
            while (true) {
                if (_activations.TryGetValue(call.Grain, out var activation)) {
                    (call as LocalCall)?.CopyArguments();
                    if (activation.Scheduler.Receive(call))
                        return;
                    Remove(activation);
                    continue;
                }
                var home = Home(call.Grain);
                if (!home.Equals(Address)) {
                    Forward(call, home);
                    return;
                }
                if (_stopping)
                    throw new SiloUnavailableException("This silo is stopping.");
                _activations.GetOrAdd(call.Grain, _create).EnsureStarted();
            }
        } catch (Exception error) {
            call.Fail(error);
        }
    }

    private void Forward(Call call, SiloAddress home) {
        if (call is LocalCall local) {
            SendTo(home, local);
            return;
        }
        var remote = (RemoteCall)call;
        remote.Drop();
        if (!Cluster.Post(home, remote.Request with { Forwards = remote.Forwards + 1, Patience = Remaining(remote) }))
            call.Fail(new SiloUnavailableException($"{home} is not there."));
    }

    /// <summary>Seconds since 2022, and never the same twice in one process.</summary>
    private static int NextGeneration(TimeProvider time) {
        lock (GenerationGate)
            return _lastGeneration = Math.Max(_lastGeneration + 1, (int)(time.GetUtcNow().ToUnixTimeSeconds() - 1640995200));
    }

    /// <summary>Ends the grains that live elsewhere since the silos changed; what waits for them goes there.</summary>
    public void Rebalance() {
        foreach (var activation in _activations.Values.Where(a => !_stopping && Cluster.Find(a.GrainId) is { } home && !home.Equals(Address)))
            activation.Deactivate(new(DeactivationReasonCode.Migrating, "The silos changed."));
    }

    private void CollectIdle() {
        foreach (var activation in _activations.Values)
            activation.CollectIfIdle();
    }

    private bool Halt() {
        var already = _stopping;
        _stopping = true;
        _collector?.Dispose();
        return already;
    }

    private void Vanish() {
        foreach (var activation in _activations.Values)
            activation.Kill();
        _activations.Clear();
        Cluster.Leave(Address);
        Dispose();
    }
}

/// <summary>A process that calls grains and has none.</summary>
internal sealed class Client(IServiceProvider services, ICluster cluster, TimeProvider time, GrainTypes types, IOptions<ClientMessagingOptions> messaging)
    : CallRuntime(services, cluster, time, messaging.Value.ResponseTimeout, types) {
    private static int _lastClient;
    public override SiloAddress Address { get; } = SiloAddress.New(IPAddress.Loopback, 0, -1 - Interlocked.Increment(ref _lastClient));
    public override void Receive(Envelope envelope) => ReceiveAnswer(envelope);
    protected override bool IsHere(GrainId grain) => false;

    public override void Start() {
        Cluster.Join(this, null);
        base.Start();
    }

    public void Stop() {
        Cluster.Leave(Address);
        Dispose();
    }

    protected override void Send(LocalCall call) {
        try {
            SendTo(Place(call.Grain), call);
        } catch (Exception error) {
            call.Fail(error);
        }
    }
}
