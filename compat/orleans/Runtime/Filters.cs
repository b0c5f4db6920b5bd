using System.Reflection;

namespace Orleans.Runtime;

/// <summary>A call on its way through filters.</summary>
internal abstract class CallContext(Call call) {
    private int _next;
    public GrainId? SourceId => call.Source;
    public GrainId TargetId => call.Grain;
    public string InterfaceName => InterfaceMethod.DeclaringType!.FullName!;
    public string MethodName => InterfaceMethod.Name;
    public MethodInfo InterfaceMethod => call.Method!.Info;
    public object? Result { get; set; }
    protected abstract int Filters { get; }

    public async Task Invoke() {
        var mine = _next++;
        try {
            if (mine < Filters)
                await Filter(mine);
            else
                Result = await Last();
        } finally {
            _next = mine; // A filter may go on more than once.
        }
    }

    protected abstract Task Filter(int index);
    protected abstract ValueTask<object?> Last();
}

internal sealed class IncomingCallContext(Call call, Activation activation, IIncomingGrainCallFilter[] filters) : CallContext(call), IIncomingGrainCallContext {
    private readonly Call _call = call;
    public object Grain => activation.GrainInstance!;
    public IGrainContext TargetContext => activation;
    protected override int Filters => filters.Length + (Grain is IIncomingGrainCallFilter ? 1 : 0);
    protected override Task Filter(int index) => (index < filters.Length ? filters[index] : (IIncomingGrainCallFilter)Grain).Invoke(this);
    protected override ValueTask<object?> Last() => _call.Method!.Invoke(Grain, _call.Args);

    public MethodInfo ImplementationMethod {
        get {
            var map = activation.Class.Type.GetInterfaceMap(InterfaceMethod.DeclaringType!);
            return map.TargetMethods[Array.IndexOf(map.InterfaceMethods, InterfaceMethod)];
        }
    }
}

internal sealed class OutgoingCallContext(Call call, GrainProxy proxy, Activation? caller, IOutgoingGrainCallFilter[] filters, Func<Task<object?>> send)
    : CallContext(call), IOutgoingGrainCallContext {
    public object Grain => proxy;
    public IGrainContext? SourceContext => caller;
    protected override int Filters => filters.Length;
    protected override Task Filter(int index) => filters[index].Invoke(this);
    protected override ValueTask<object?> Last() => new(send());
}

internal sealed class IncomingFilterFunction(IncomingGrainCallFilterDelegate function) : IIncomingGrainCallFilter {
    public Task Invoke(IIncomingGrainCallContext context) => function(context);
}

internal sealed class OutgoingFilterFunction(OutgoingGrainCallFilterDelegate function) : IOutgoingGrainCallFilter {
    public Task Invoke(IOutgoingGrainCallContext context) => function(context);
}
