using System.Collections.Concurrent;
using System.Collections.Immutable;
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

    private static readonly HashSet<Type> Blittable = [
        typeof(bool), typeof(byte), typeof(sbyte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long), typeof(ulong),
        typeof(char), typeof(float), typeof(double), typeof(decimal), typeof(Guid), typeof(DateTime), typeof(DateTimeOffset), typeof(TimeSpan),
        typeof(DateOnly), typeof(TimeOnly), typeof(Int128), typeof(UInt128), typeof(Half),
    ];

    // What a collection becomes that is declared by interface and has a type without codec, such as a collection expression's.
    private static readonly Dictionary<Type, string> Substitutes = new() {
        [typeof(IEnumerable<>)] = nameof(ToList), [typeof(IReadOnlyCollection<>)] = nameof(ToList), [typeof(IReadOnlyList<>)] = nameof(ToList),
        [typeof(ICollection<>)] = nameof(ToList), [typeof(IList<>)] = nameof(ToList), [typeof(ISet<>)] = nameof(ToSet),
        [typeof(IReadOnlySet<>)] = nameof(ToSet), [typeof(IDictionary<,>)] = nameof(ToMap), [typeof(IReadOnlyDictionary<,>)] = nameof(ToMap),
    };

    /// <exception cref="CodecNotFoundException">The type may not travel.</exception>
    public static Codec Get(Type type) => Find(type) ?? throw NotFound(type);
    public static Codec<T> Of<T>() => (Codec<T>)Get(typeof(T));
    public static CodecNotFoundException NotFound(Type type) => new($"Could not find a codec for type {type}; does it lack [GenerateSerializer]?");

    /// <summary>The codec of a type, or null.</summary>
    public static Codec? Find(Type type) {
        if (All.TryGetValue(type, out var known))
            return known;
        try {
            return All.GetOrAdd(type, Create(type));
        } catch (CodecNotFoundException) { // of the type itself or of a part
            return All.GetOrAdd(type, (Codec?)null);
        }
    }

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
            return OfMembers(type, allFields: false);
        if (type.IsGenericType && CreateGeneric(type.GetGenericTypeDefinition(), type, type.GetGenericArguments()) is { } generic)
            return generic;
        return type.IsInterface || type.IsAbstract ? New(typeof(AbstractCodec<>), [type], (object?)null) : throw NotFound(type);
    }

    private static Codec? CreateGeneric(Type definition, Type type, Type[] args) {
        if (definition == typeof(Nullable<>))
            return New(typeof(NullableCodec<>), args, Get(args[0]));
        if (definition == typeof(ImmutableArray<>))
            return New(typeof(ImmutableArrayCodec<>), args, Get(args[0].MakeArrayType()), Get(args[0]));
        if (definition == typeof(KeyValuePair<,>) || typeof(ITuple).IsAssignableFrom(type))
            return OfMembers(type, allFields: true);
        if (Substitutes.TryGetValue(definition, out var substitute))
            return New(typeof(AbstractCodec<>), [type], Method(substitute, args).CreateDelegate<Func<object, object>>());
        return definition == typeof(List<>) ? Call(nameof(Lists), args) : definition == typeof(HashSet<>) ? Call(nameof(Sets), args)
            : definition == typeof(Dictionary<,>) ? Call(nameof(Maps), args) : null;
    }

    private static MethodInfo Method(string name, Type[] args)
        => typeof(Codecs).GetMethod(name, BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(args);
    private static Codec Call(string method, params Type[] args) => (Codec)Method(method, args).Invoke(null, BindingFlags.DoNotWrapExceptions, null, null, null)!;
    private static Codec New(Type definition, Type[] args, params object?[] parameters)
        => (Codec)Activator.CreateInstance(definition.MakeGenericType(args), parameters)!;
    private static Codec OfMembers(Type type, bool allFields) => New(type.IsValueType ? typeof(StructCodec<>) : typeof(ObjectCodec<>), [type], allFields);

    private static PlainCodec<T> Plain<T>(Action<Writer, T> write, Func<Reader, T> read) where T : class => new(write, read);
    private static PlainCodec<T> Blit<T>() where T : unmanaged => new((w, v) => w.Blit(v), r => r.Blit<T>());
    private static CollectionCodec<List<T>, T> Lists<T>() => new(Of<T>(), null, (_, count) => new(count));
    private static CollectionCodec<HashSet<T>, T> Sets<T>()
        => new(Of<T>(), (w, set) => Comparers.Write(w, set.Comparer), (r, count) => new(count, Comparers.Read<T>(r)));
    private static CollectionCodec<Dictionary<TKey, T>, KeyValuePair<TKey, T>> Maps<TKey, T>() where TKey : notnull
        => new(Of<KeyValuePair<TKey, T>>(), (w, map) => Comparers.Write(w, map.Comparer), (r, count) => new(count, Comparers.Read<TKey>(r)));

    private static List<T> ToList<T>(object items) => [.. (IEnumerable<T>)items];
    private static HashSet<T> ToSet<T>(object items) => [.. (IEnumerable<T>)items];
    private static Dictionary<TKey, T> ToMap<TKey, T>(object items) where TKey : notnull => new((IEnumerable<KeyValuePair<TKey, T>>)items);
}

/// <summary>Names of types in messages between silos: the alias where there is one.</summary>
internal static class TypeNames {
    private static readonly ConcurrentDictionary<string, Type> Known = new(StringComparer.Ordinal);

    public static string Format(Type type) {
        var name = type.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias ?? type.AssemblyQualifiedName!;
        Known.TryAdd(name, type);
        return name;
    }

    public static Type Parse(string name)
        => Known.GetOrAdd(name, static n => Type.GetType(n) ?? throw new SerializerException($"The type {n} is not known here."));
}
