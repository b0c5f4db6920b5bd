using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;

namespace Orleans.Runtime;

/// <summary>A grain reference: the interface in front, the grain id behind. Equal when the grain ids are.</summary>
#pragma warning disable CA1852 // The generated proxies derive from it.
internal class GrainProxy : DispatchProxy {
#pragma warning restore CA1852
    public CallRuntime Runtime { get; private set; } = null!;
    public GrainId GrainId { get; private set; }
    public Type Interface { get; private set; } = null!;

    public static GrainProxy Template(Type grainInterface, CallRuntime runtime) {
        if (!grainInterface.IsInterface)
            throw new ArgumentException($"{grainInterface} is no grain interface.");
        var proxy = (GrainProxy)Create(grainInterface, typeof(GrainProxy));
        (proxy.Runtime, proxy.Interface) = (runtime, grainInterface);
        return proxy;
    }

    public GrainProxy For(GrainId id) {
        var copy = (GrainProxy)MemberwiseClone();
        copy.GrainId = id;
        return copy;
    }

    public override bool Equals(object? obj) => obj is GrainProxy other && other.GrainId == GrainId;
    public override int GetHashCode() => GrainId.GetHashCode();
    public override string ToString() => $"GrainReference:{GrainId}";
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => Runtime.Invoke(this, GrainMethod.Of(targetMethod!), args ?? []);
}

/// <summary>Gives references.</summary>
internal sealed class GrainFactory(CallRuntime runtime, GrainTypes types) : IClusterClient {
    private readonly ConcurrentDictionary<Type, GrainProxy> _templates = [];
    public IServiceProvider ServiceProvider => runtime.Services;

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithIntegerKey
        => ByKey<TGrainInterface>(primaryKey.ToString("X", CultureInfo.InvariantCulture));

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithStringKey {
        ArgumentException.ThrowIfNullOrWhiteSpace(primaryKey);
        return ByKey<TGrainInterface>(primaryKey);
    }

    public TGrainInterface GetGrain<TGrainInterface>(GrainId grainId) where TGrainInterface : IAddressable
        => (TGrainInterface)(object)Reference(typeof(TGrainInterface), grainId);

    public GrainProxy Reference(Type grainInterface, GrainId id)
        => _templates.GetOrAdd(grainInterface, static (type, runtime) => GrainProxy.Template(type, runtime), runtime).For(id);

    private TGrainInterface ByKey<TGrainInterface>(string key)
        => (TGrainInterface)(object)Reference(typeof(TGrainInterface), new(types.Implementation(typeof(TGrainInterface)), IdSpan.Create(key)));
}
