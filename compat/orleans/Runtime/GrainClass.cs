using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Configuration;
using Orleans.Placement;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>One grain class: its rules, how it is made.</summary>
internal sealed class GrainClass {
    private readonly ConstructorInvoker _constructor;
    private readonly Func<Activation, object?>[] _arguments;

    public GrainClass(Type type, GrainCollectionOptions collection) {
        Type = type;
        Reentrant = type.IsDefined(typeof(ReentrantAttribute), inherit: true);
        PrefersLocal = type.GetCustomAttribute<PlacementAttribute>()?.PlacementStrategy is PreferLocalPlacement;
        var limit = type.GetCustomAttribute<CollectionAgeLimitAttribute>();
        CollectionAge = limit is { AlwaysActive: true } ? TimeSpan.MaxValue
            : limit?.AgeLimit ?? collection.ClassSpecificCollectionAge.GetValueOrDefault(type.FullName!, collection.CollectionAge);
        var constructors = type.GetConstructors();
        var constructor = constructors.FirstOrDefault(c => c.IsDefined(typeof(ActivatorUtilitiesConstructorAttribute)))
            ?? constructors.MaxBy(c => c.GetParameters().Length)
            ?? throw new OrleansConfigurationException($"The grain class {type} has no public constructor.");
        _constructor = ConstructorInvoker.Create(constructor);
        _arguments = [.. constructor.GetParameters().Select(Argument)];
    }

    public Type Type { get; }
    public bool Reentrant { get; }
    public bool PrefersLocal { get; }
    public TimeSpan CollectionAge { get; }
    public object Create(Activation activation) => _constructor.Invoke(Array.ConvertAll(_arguments, argument => argument(activation)).AsSpan());

    private static Func<Activation, object?> Argument(ParameterInfo parameter) {
        var type = parameter.ParameterType;
        if (parameter.GetCustomAttribute<PersistentStateAttribute>() is { } state)
            return Storage.PersistentState.Factory(parameter, state);
        if (type == typeof(IGrainContext))
            return activation => activation;
        if (parameter.GetCustomAttribute<FromKeyedServicesAttribute>() is { } keyed)
            return activation => activation.ActivationServices.GetRequiredKeyedService(type, keyed.Key);
        return parameter.HasDefaultValue
            ? activation => activation.ActivationServices.GetService(type) ?? parameter.DefaultValue
            : activation => activation.ActivationServices.GetRequiredService(type);
    }
}

/// <summary>Which class implements which interface, in all assemblies of the process that use grains.</summary>
internal sealed class GrainTypes {
    private static readonly Lazy<Type[]> Classes = new(Scan);
    private readonly ConcurrentDictionary<Type, GrainType> _implementations = [];
    private readonly ConcurrentDictionary<GrainType, Type> _byName = [];

    /// <summary>The class of an interface: the only one, or else the one named after it.</summary>
    /// <exception cref="ArgumentException">There is none, or it is not clear which.</exception>
    public GrainType Implementation(Type grainInterface) => _implementations.GetOrAdd(grainInterface, static wanted => {
        var found = Classes.Value.Where(wanted.IsAssignableFrom).ToList();
        return Name(found.Count == 1 ? found[0] : found.Find(c => "I" + c.Name == wanted.Name)
            ?? throw new ArgumentException($"{(found.Count == 0 ? "No" : "More than one")} grain class implements {wanted}."));
    });

    public Type Class(GrainType name) => _byName.GetOrAdd(name, static wanted => Array.Find(Classes.Value, c => Name(c) == wanted)
        ?? throw new ArgumentException($"There is no grain class {wanted}."));

    /// <summary>Refuses to start with a method whose values could never travel.</summary>
    public static void Check() {
        var interfaces = Classes.Value.SelectMany(c => c.GetInterfaces()).Where(i => i != typeof(IGrain) && typeof(IGrain).IsAssignableFrom(i)).Distinct();
        var complaints = interfaces.SelectMany(i => i.GetMethods()).SelectMany(GrainMethod.Complaints).ToList();
        if (complaints.Count > 0)
            throw new OrleansConfigurationException("Types in grain interfaces that cannot be serialized:\n" + string.Join('\n', complaints));
    }

    private static GrainType Name(Type type) {
        var name = type.Name.ToLowerInvariant();
        return GrainType.Create(name.EndsWith("grain", StringComparison.Ordinal) && name.Length > 5 ? name[..^5] : name);
    }

    private static Type[] Scan() {
        var self = typeof(GrainTypes).Assembly.GetName().Name!;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var queue = new Queue<Assembly>(AppDomain.CurrentDomain.GetAssemblies().Where(a => !a.IsDynamic));
        var found = new List<Type>();
        while (queue.TryDequeue(out var assembly)) {
            if (!seen.Add(assembly.FullName!) || IsForeign(assembly.GetName().Name!))
                continue;
            var references = assembly.GetReferencedAssemblies();
            if (assembly.GetName().Name != self && references.All(r => r.Name != self))
                continue; // Neither has grains nor leads to some.
            found.AddRange(assembly.GetTypes());
            foreach (var reference in references.Where(r => !IsForeign(r.Name!) && !seen.Contains(r.FullName)))
                queue.Enqueue(Assembly.Load(reference));
        }
        foreach (var type in found.Where(t => t.IsDefined(typeof(AliasAttribute), inherit: false)))
            _ = TypeNames.Format(type);
        return [.. found.Where(t => t is { IsClass: true, IsAbstract: false } && typeof(IGrain).IsAssignableFrom(t) && !t.IsSubclassOf(typeof(DispatchProxy)))];
    }

    private static bool IsForeign(string name) => name.StartsWith("System", StringComparison.Ordinal) || name.StartsWith("Microsoft", StringComparison.Ordinal)
        || name.StartsWith("xunit", StringComparison.OrdinalIgnoreCase) || name is "mscorlib" or "netstandard" or "testhost";
}
