using System.Reflection;
using Orleans.Runtime;

namespace Orleans;

public delegate Task IncomingGrainCallFilterDelegate(IIncomingGrainCallContext context);

public delegate Task OutgoingGrainCallFilterDelegate(IOutgoingGrainCallContext context);

public interface IGrainCallContext {
    object Grain { get; }
    GrainId? SourceId { get; }
    GrainId TargetId { get; }
    string InterfaceName { get; }
    string MethodName { get; }
    MethodInfo InterfaceMethod { get; }
    object? Result { get; set; }
    Task Invoke();
}

public interface IIncomingGrainCallContext : IGrainCallContext {
    IGrainContext TargetContext { get; }
    MethodInfo ImplementationMethod { get; }
}

public interface IOutgoingGrainCallContext : IGrainCallContext {
    IGrainContext? SourceContext { get; }
}

/// <summary>In registered order, then the grain itself if it implements this.</summary>
public interface IIncomingGrainCallFilter {
    Task Invoke(IIncomingGrainCallContext context);
}

public interface IOutgoingGrainCallFilter {
    Task Invoke(IOutgoingGrainCallContext context);
}
