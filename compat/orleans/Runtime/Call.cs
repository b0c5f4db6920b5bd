using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>One request on its way to an activation and through it. Completes once, however many try.</summary>
internal abstract class Call(CallRuntime runtime, GrainMethod? method) {
    private CancellationTokenSource? _cancellation;
    private int _completed;

    public CallRuntime Runtime { get; } = runtime;
    public GrainMethod? Method { get; } = method;
    public GrainId Grain { get; set; }
    public GrainId? Source { get; set; }
    public Activation? Target { get; set; } // that took the call
    public object?[] Args { get; set; } = [];
    public long Deadline { get; set; } // timestamp after which nobody waits for the answer
    public int Forwards { get; set; }
    public bool IsCompleted => Volatile.Read(ref _completed) != 0;
    public virtual bool AlwaysInterleave => Method!.AlwaysInterleave;
    public virtual bool ReadOnly => Method!.ReadOnly;
    public virtual bool KeepAlive => true;
    public virtual bool LocalOnly => false; // means this very activation, and is void without it
    public virtual ValueTask<object?> Run(Activation activation) => activation.Silo.RunFilters(this, activation);
    public bool TryComplete() => Interlocked.Exchange(ref _completed, 1) == 0;

    public void Complete(object? result) {
        if (!TryComplete())
            return;
        try {
            OnResult(result);
        } catch (Exception refused) { // the result cannot travel
            OnError(refused);
        }
    }

    public void Fail(Exception error) {
        if (!TryComplete())
            return;
        try {
            OnError(error);
        } catch (SerializerException refused) {
            OnError(refused);
        }
    }

    /// <summary>The call's token as the grain sees it; cancelled on the grain's own scheduler.</summary>
    public void ArmToken() => Method!.PutToken(Args, (_cancellation ??= new CancellationTokenSource()).Token);

    public void SignalCancellation() {
        if (_cancellation is { } source && Target is { } target)
            target.Scheduler.Post(source.Cancel);
        else
            _cancellation?.Cancel();
    }

    protected abstract void OnResult(object? result);
    protected abstract void OnError(Exception error);
}

/// <summary>A call whose caller is here.</summary>
internal abstract class LocalCall(CallRuntime runtime, GrainMethod method) : Call(runtime, method) {
    private CancellationTokenRegistration _registration;
    private bool _copied;

    public long Id { get; set; }
    public LocalCall? Previous { get; set; }
    public LocalCall? Next { get; set; }
    public SiloAddress? SentTo { get; set; } // the other silo that the call went to
    public TimeSpan Timeout => Method!.Timeout ?? Runtime.ResponseTimeout;
    public abstract Task<object?> Answer(); // for a filter to look at
    public abstract void CompleteAsIs(object? result); // gives the caller what a filter left of the answer

    /// <summary>Makes the arguments the grain's own; once.</summary>
    public void CopyArguments() {
        if (!_copied)
            Args = Method!.CopyArguments(Args, Runtime);
        _copied = true;
    }

    public void Watch(CancellationToken token) {
        if (!token.CanBeCanceled)
            return;
        ArmToken();
        _registration = token.UnsafeRegister(static (state, token) => ((LocalCall)state!).Cancel(token), this);
    }

    protected void Settle() {
        Runtime.Pending.Remove(this);
        _registration.Dispose();
    }

    private void Cancel(CancellationToken token) {
        if (IsCompleted)
            return;
        Fail(new OperationCanceledException(token));
        if (SentTo is { } silo)
            Runtime.Cluster.Post(silo, new Envelope { Kind = EnvelopeKind.Cancel, Id = Id, From = Runtime.Address, Grain = Grain });
        else
            SignalCancellation();
    }
}

internal sealed class LocalCall<T>(CallRuntime runtime, GrainMethod method) : LocalCall(runtime, method) {
    private readonly TaskCompletionSource<T> _promise = new(TaskCreationOptions.RunContinuationsAsynchronously);
    public static object? AsTask(LocalCall call) => ((LocalCall<T>)call)._promise.Task;
    public static object? AsValueTask(LocalCall call) => new ValueTask(((LocalCall<T>)call)._promise.Task);
    public static object? AsTypedValueTask(LocalCall call) => new ValueTask<T>(((LocalCall<T>)call)._promise.Task);
    public static object? AsNothing(LocalCall call) => null;
    public override async Task<object?> Answer() => Method!.OneWay ? null : await _promise.Task;
    public override void CompleteAsIs(object? result) => _promise.TrySetResult(result is null ? default! : (T)result);

    protected override void OnResult(object? result) {
        // What came from another silo was made here; what a neighbour returned is still his.
        result = SentTo is null ? Method!.CopyResult(result, Runtime) : result;
        var typed = result is null ? default! : (T)result;
        Settle();
        _promise.TrySetResult(typed);
    }

    protected override void OnError(Exception error) {
        Settle();
        _promise.TrySetException(error);
    }
}

/// <summary>A call whose caller is in another silo or in a client; the answer goes back as bytes.</summary>
internal sealed class RemoteCall(Silo silo, GrainMethod method, Envelope request) : Call(silo, method) {
    public Envelope Request { get; } = request;
    public void Drop() => silo.Finished(this); // nobody waits any more
    protected override void OnResult(object? result) => Answer(EnvelopeKind.Result, Method!.WriteResult(result));

    protected override void OnError(Exception error) {
        var writer = new Writer(sharing: false);
        Codecs.Of<Exception>().Write(writer, error);
        Answer(EnvelopeKind.Error, writer.Written);
    }

    private void Answer(EnvelopeKind kind, ReadOnlyMemory<byte> body) {
        silo.Finished(this);
        if (!Method!.OneWay)
            silo.Cluster.Post(Request.From, new Envelope { Kind = kind, Id = Request.Id, From = silo.Address, Grain = Grain, Body = body });
    }
}
