using System.Reflection;
using Orleans.Runtime;

namespace Orleans;

/// <summary>An incoming filter as a function.</summary>
public delegate Task IncomingGrainCallFilterDelegate(IIncomingGrainCallContext context);

/// <summary>An outgoing filter as a function.</summary>
public delegate Task OutgoingGrainCallFilterDelegate(IOutgoingGrainCallContext context);

/// <summary>One call, as filters see it.</summary>
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

/// <summary>A call that arrives at a grain.</summary>
public interface IIncomingGrainCallContext : IGrainCallContext {
    IGrainContext TargetContext { get; }
    MethodInfo ImplementationMethod { get; }
}

/// <summary>A call that leaves.</summary>
public interface IOutgoingGrainCallContext : IGrainCallContext {
    IGrainContext? SourceContext { get; }
}

/// <summary>Runs around every call that arrives; registered order, then the grain itself if it implements this.</summary>
public interface IIncomingGrainCallFilter {
    Task Invoke(IIncomingGrainCallContext context);
}

/// <summary>Runs around every call that leaves, in registered order.</summary>
public interface IOutgoingGrainCallFilter {
    Task Invoke(IOutgoingGrainCallContext context);
}
