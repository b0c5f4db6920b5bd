using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>The calling side: what silos and clients have in common.</summary>
internal abstract class CallRuntime(IServiceProvider services, ICluster cluster, TimeProvider time, TimeSpan responseTimeout, GrainTypes types) : IDisposable {
    private static readonly TimeSpan SweepAtLeast = TimeSpan.FromSeconds(1);
    private readonly IOutgoingGrainCallFilter[] _outgoing = [.. services.GetServices<IOutgoingGrainCallFilter>()];
    private ITimer? _sweep;

    public abstract SiloAddress Address { get; }
    public IServiceProvider Services { get; } = services;
    public ICluster Cluster { get; } = cluster;
    public TimeProvider Time { get; } = time;
    public TimeSpan ResponseTimeout { get; } = responseTimeout;
    public GrainTypes Types { get; } = types;
    public PendingCalls Pending { get; } = new();
    public GrainFactory Factory => field ??= new GrainFactory(this, Types);

    public object? Invoke(GrainProxy proxy, GrainMethod method, object?[] args) {
        var caller = Activation.Current;
        var call = method.NewCall(this);
        var token = method.TakeToken(args);
        token.ThrowIfCancellationRequested();
        (call.Grain, call.Source, call.Args, call.Deadline) = (proxy.GrainId, caller?.GrainId, args, Time.GetTimestamp() + Ticks(call.Timeout));
        if (_outgoing.Length > 0 || IsHere(proxy.GrainId)) // Otherwise they are written as bytes at once.
            call.CopyArguments();
        if (!method.OneWay)
            Pending.Add(call);
        call.Watch(token);
        var promise = call;
        if (_outgoing.Length == 0)
            Send(call);
        else
            _ = SendFiltered(promise = method.NewCall(this), call, proxy, caller);
        if (method.OneWay)
            promise.CompleteAsIs(null);
        return method.Return(promise);
    }

    /// <summary>Breaks promises that nobody can keep any more.</summary>
    public virtual void Start() {
        Cluster.Changed += FailCallsToTheDead;
        var period = ResponseTimeout < SweepAtLeast ? ResponseTimeout : SweepAtLeast;
        _sweep = Time.CreateTimer(static state => ((CallRuntime)state!).FailOverdue(), this, period, period);
    }

    public abstract void Receive(Envelope envelope);

    public void Dispose() {
        _sweep?.Dispose();
        Cluster.Changed -= FailCallsToTheDead;
        foreach (var call in Pending.Where(_ => true))
            call.Fail(new SiloUnavailableException($"The local Orleans host is shutting down and can no longer process the request: {Describe(call)}."));
        GC.SuppressFinalize(this);
    }

    /// <summary>A copy by the rules of the serializer; what they refuse is replaced by the refusal.</summary>
    public Exception CopyError(Exception error) {
        try {
            return (Exception)Codecs.Of<Exception>().Copy(error, this)!;
        } catch (SerializerException refused) {
            return refused;
        }
    }

    protected abstract void Send(LocalCall call);
    protected abstract bool IsHere(GrainId grain);

    protected void SendTo(SiloAddress silo, LocalCall call) {
        call.SentTo = silo;
        var sent = Cluster.Post(silo, new Envelope {
            Kind = EnvelopeKind.Request, Id = call.Id, From = Address, Grain = call.Grain, Source = call.Source, Method = call.Method!.Key,
            Body = call.Method.WriteArguments(call.Args), Patience = Remaining(call), Cancellable = call.Method.TakeToken(call.Args).CanBeCanceled,
        });
        if (!sent)
            call.Fail(Unavailable(call));
    }

    /// <summary>Handles what comes back to callers; false for what is for grains.</summary>
    protected bool ReceiveAnswer(Envelope envelope) {
        if (envelope.Kind is not (EnvelopeKind.Result or EnvelopeKind.Error))
            return false;
        if (Pending.Find(envelope.Id) is not { } call)
            return true;
        if (envelope.Kind == EnvelopeKind.Result)
            call.Complete(call.Method!.ReadResult(envelope.Body, this));
        else
            call.Fail(Codecs.Of<Exception>().Read(new Reader(envelope.Body, null, this)));
        return true;
    }

    protected SiloAddress Place(GrainId grain) => Cluster.Find(grain)
        ?? (Cluster.View.Active is { Length: > 0 } silos ? Rendezvous.Owner(grain, silos) : throw new SiloUnavailableException("No silo is active."));

    protected long Ticks(TimeSpan span) => (long)(span.TotalSeconds * Time.TimestampFrequency);
    protected TimeSpan Remaining(Call call) => TimeSpan.FromSeconds((double)(call.Deadline - Time.GetTimestamp()) / Time.TimestampFrequency);

    /// <summary>The filters stand between the promise that the caller got and the call that goes out.</summary>
    private async Task SendFiltered(LocalCall promise, LocalCall call, GrainProxy proxy, Activation? caller) {
        var context = new OutgoingCallContext(call, proxy, caller, _outgoing, () => {
            Send(call);
            return call.Answer();
        });
        try {
            await context.Invoke();
            promise.CompleteAsIs(context.Result);
        } catch (Exception error) {
            promise.Fail(error);
        }
    }

    private void FailOverdue() {
        var now = Time.GetTimestamp();
        foreach (var call in Pending.Where(call => now > call.Deadline))
            call.Fail(new TimeoutException($"Response did not arrive on time in {call.Timeout} for message: {Describe(call)}."));
    }

    public void FailCallsTo(Predicate<SiloAddress> gone) {
        foreach (var call in Pending.Where(call => call.SentTo is { } silo && gone(silo)))
            call.Fail(Unavailable(call));
    }

    private void FailCallsToTheDead(ClusterView view) => FailCallsTo(view.IsGone);

    private static SiloUnavailableException Unavailable(LocalCall call) => new($"The target silo became unavailable for message: {Describe(call)}.");
    private static string Describe(Call call) => $"{call.Method!.Info.DeclaringType!.Name}.{call.Method.Info.Name} of {call.Grain}";
}
