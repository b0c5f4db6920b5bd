using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Net;
using System.Reflection;
using System.Runtime.CompilerServices;
using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>The codec of each type; types that may not travel are refused here, in one place.</summary>
internal static class Codecs {
    private static readonly ConcurrentDictionary<Type, Codec?> All = new(new Dictionary<Type, Codec?> {
        [typeof(string)] = Plain((w, v) => w.String(v), r => r.String()),
        [typeof(Uri)] = Plain((w, v) => w.String(v.OriginalString), r => new Uri(r.String(), UriKind.RelativeOrAbsolute)),
        [typeof(Version)] = Plain((w, v) => w.String(v.ToString()), r => Version.Parse(r.String())),
        [typeof(IPAddress)] = Plain((w, v) => w.String(v.ToString()), r => IPAddress.Parse(r.String())),
        [typeof(IPEndPoint)] = Plain((w, v) => w.String(v.ToString()), r => IPEndPoint.Parse(r.String())),
        [typeof(SiloAddress)] = Plain((w, v) => w.String(v.ToParsableString()), r => SiloAddress.FromParsableString(r.String())),
        [typeof(ReadOnlyMemory<byte>)] = new PlainCodec<ReadOnlyMemory<byte>>((w, v) => w.Bytes(v.Span), r => r.Bytes().ToArray()),
        [typeof(object)] = new AbstractCodec<object>(null),
    });

    private static readonly HashSet<Type> Blittable =
    [
        typeof(bool), typeof(byte), typeof(sbyte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long), typeof(ulong),
        typeof(char), typeof(float), typeof(double), typeof(decimal), typeof(Guid), typeof(DateTime), typeof(DateTimeOffset), typeof(TimeSpan),
        typeof(DateOnly), typeof(TimeOnly), typeof(Int128), typeof(UInt128), typeof(Half),
    ];

    /// <summary>The codec of a type.</summary>
    /// <exception cref="CodecNotFoundException">The type may not travel.</exception>
    public static Codec Get(Type type) => Find(type) ?? throw NotFound(type);

    /// <summary>The codec of a type, or null.</summary>
    public static Codec? Find(Type type) {
        if (All.TryGetValue(type, out var known))
            return known;
        try {
            return All.GetOrAdd(type, Create(type));
        } catch (CodecNotFoundException) // of the type itself or of a part
          {
            return All.GetOrAdd(type, (Codec?)null);
        }
    }

    public static Codec<T> Of<T>() => (Codec<T>)Get(typeof(T));
    public static CodecNotFoundException NotFound(Type type) => new($"Could not find a codec for type {type}; does it lack [GenerateSerializer]?");
    private static PlainCodec<T> Plain<T>(Action<Writer, T> write, Func<Reader, T> read) where T : class => new(write, read);

    private static Codec Create(Type type) {
        if (type.IsEnum || Blittable.Contains(type))
            return Call(nameof(Blit), type);
        if (type.IsArray)
            return type.GetArrayRank() == 1 ? New(typeof(ArrayCodec<>), [type.GetElementType()!], Get(type.GetElementType()!)) : throw NotFound(type);
        if (typeof(IAddressable).IsAssignableFrom(type))
            return New(typeof(GrainReferenceCodec<>), [type]);
        if (typeof(Exception).IsAssignableFrom(type))
            return ExceptionCodec<Exception>.Supports(type) ? New(typeof(ExceptionCodec<>), [type]) : throw NotFound(type);
        if (type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false) && !type.IsAbstract)
            return New(type.IsValueType ? typeof(ObjectStructCodec<>) : typeof(ObjectCodec<>), [type], false);
        if (type.IsGenericType && CreateGeneric(type.GetGenericTypeDefinition(), type, type.GetGenericArguments()) is { } generic)
            return generic;
        return type.IsInterface || type.IsAbstract ? New(typeof(AbstractCodec<>), [type], (object?)null) : throw NotFound(type);
    }

    private static Codec? CreateGeneric(Type definition, Type type, Type[] args) {
        if (definition == typeof(Nullable<>))
            return New(typeof(NullableCodec<>), args, Get(args[0]));
        if (definition == typeof(Dictionary<,>))
            return New(typeof(DictionaryCodec<,>), args, Get(args[0]), Get(args[1]));
        if (definition == typeof(HashSet<>))
            return New(typeof(HashSetCodec<>), args, Get(args[0]));
        if (definition == typeof(ImmutableArray<>))
            return New(typeof(ImmutableArrayCodec<>), args, Get(args[0]));
        if (definition == typeof(KeyValuePair<,>) || typeof(ITuple).IsAssignableFrom(type))
            return New(type.IsValueType ? typeof(ObjectStructCodec<>) : typeof(ObjectCodec<>), [type], true);
        if (SubstituteFor(definition) is { } substitute) {
            var convert = typeof(Codecs).GetMethod(substitute, BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(args);
            return New(typeof(AbstractCodec<>), [type], convert.CreateDelegate<Func<object, object>>());
        }

        return definition == typeof(List<>) ? Call(nameof(Lists), args)
            : definition == typeof(Queue<>) ? Call(nameof(Queues), args)
            : definition == typeof(Stack<>) ? Call(nameof(Stacks), args)
            : definition == typeof(ReadOnlyCollection<>) ? Call(nameof(ReadOnlyCollections), args)
            : definition == typeof(ImmutableList<>) ? Call(nameof(ImmutableLists), args)
            : definition == typeof(ImmutableHashSet<>) ? Call(nameof(ImmutableSets), args)
            : definition == typeof(ImmutableDictionary<,>) ? Call(nameof(ImmutableMaps), args)
            : definition == typeof(SortedDictionary<,>) ? Call(nameof(SortedMaps), args)
            : null;
    }

    /// <summary>What a collection becomes that is declared by interface and has a type without codec, such as a collection expression's.</summary>
    private static string? SubstituteFor(Type definition)
        => definition == typeof(IEnumerable<>) || definition == typeof(IReadOnlyCollection<>) || definition == typeof(IReadOnlyList<>)
            || definition == typeof(ICollection<>) || definition == typeof(IList<>) ? nameof(ToList)
            : definition == typeof(ISet<>) || definition == typeof(IReadOnlySet<>) ? nameof(ToSet)
            : definition == typeof(IDictionary<,>) || definition == typeof(IReadOnlyDictionary<,>) ? nameof(ToMap)
            : null;

    private static List<T> ToList<T>(object items) => [.. (IEnumerable<T>)items];
    private static HashSet<T> ToSet<T>(object items) => [.. (IEnumerable<T>)items];
    private static Dictionary<TKey, T> ToMap<TKey, T>(object items) where TKey : notnull => new((IEnumerable<KeyValuePair<TKey, T>>)items);

    private static Codec New(Type definition, Type[] args, params object?[] parameters)
        => (Codec)Activator.CreateInstance(definition.MakeGenericType(args), parameters)!;

    private static Codec Call(string method, params Type[] args)
        => (Codec)typeof(Codecs).GetMethod(method, BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(args)
            .Invoke(null, BindingFlags.DoNotWrapExceptions, null, null, null)!;

    private static PlainCodec<T> Blit<T>() where T : unmanaged => new((w, v) => w.Blit(v), r => r.Blit<T>());
    private static SequenceCodec<List<T>, T> Lists<T>() => new(Of<T>(), items => items);
    private static SequenceCodec<Queue<T>, T> Queues<T>() => new(Of<T>(), items => new(items));
    private static SequenceCodec<Stack<T>, T> Stacks<T>() => new(Of<T>(), items => new(Enumerable.Reverse(items)));
    private static SequenceCodec<ReadOnlyCollection<T>, T> ReadOnlyCollections<T>() => new(Of<T>(), items => new(items));
    private static SequenceCodec<ImmutableList<T>, T> ImmutableLists<T>() => new(Of<T>(), items => [.. items]);
    private static SequenceCodec<ImmutableHashSet<T>, T> ImmutableSets<T>() => new(Of<T>(), items => [.. items]);

    private static SequenceCodec<ImmutableDictionary<TKey, T>, KeyValuePair<TKey, T>> ImmutableMaps<TKey, T>() where TKey : notnull
        => new(Of<KeyValuePair<TKey, T>>(), ImmutableDictionary.CreateRange);

    private static SequenceCodec<SortedDictionary<TKey, T>, KeyValuePair<TKey, T>> SortedMaps<TKey, T>() where TKey : notnull
        => new(Of<KeyValuePair<TKey, T>>(), items => new(items.ToDictionary()));
}

/// <summary>Names of types in messages between silos: the alias where there is one.</summary>
internal static class TypeNames {
    private static readonly ConcurrentDictionary<string, Type> Known = new(StringComparer.Ordinal);

    public static string Format(Type type) {
        var name = type.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias ?? type.AssemblyQualifiedName!;
        Known.TryAdd(name, type);
        return name;
    }

    /// <summary>Reads a name; the type must be one that a codec exists for.</summary>
    public static Type Parse(string name) => Known.GetOrAdd(name, static n => Type.GetType(n)
        ?? throw new SerializerException($"The type {n} is not known here."));
}
