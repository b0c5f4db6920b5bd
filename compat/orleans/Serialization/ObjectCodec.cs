using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace Orleans.Serialization;

/// <summary>One member that travels.</summary>
internal abstract class Member<T> {
    /// <summary>Whether the member cannot change after construction, nor can its value.</summary>
    public abstract bool Fixed { get; }
    public abstract void Write(Writer writer, ref T owner);
    public abstract void Read(Reader reader, ref T owner);
}

internal sealed class Member<T, TValue>(Codec<TValue> codec, FieldInfo? backing, PropertyInfo? property) : Member<T> {
    private delegate TValue Getter(ref T owner);
    private delegate void Setter(ref T owner, TValue value);
    private readonly Getter _get = Compile<Getter>(backing, property?.GetMethod, [typeof(T).MakeByRefType()], OpCodes.Ldfld);
    private readonly Setter _set = Compile<Setter>(backing, property?.SetMethod, [typeof(T).MakeByRefType(), typeof(TValue)], OpCodes.Stfld);
    public override bool Fixed => backing is { } f && (f.IsInitOnly || typeof(T).IsValueType) && codec.Shareable;
    public override void Write(Writer writer, ref T owner) => codec.Write(writer, _get(ref owner));
    public override void Read(Reader reader, ref T owner) => _set(ref owner, codec.Read(reader));

    // Read-only fields and private members are reachable only by a method that skips visibility checks.
    private static TDelegate Compile<TDelegate>(FieldInfo? field, MethodInfo? accessor, Type[] parameters, OpCode access) where TDelegate : Delegate {
        var reading = parameters.Length == 1;
        var method = new DynamicMethod("member", reading ? typeof(TValue) : typeof(void), parameters, typeof(T), skipVisibility: true);
        var il = method.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        if (!typeof(T).IsValueType)
            il.Emit(OpCodes.Ldind_Ref);
        if (!reading)
            il.Emit(OpCodes.Ldarg_1);
        if (field is not null)
            il.Emit(access, field);
        else
            il.Emit(OpCodes.Call, accessor ?? throw new CodecNotFoundException($"A member of {typeof(T)} has an id but cannot be set."));
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<TDelegate>();
    }
}

/// <summary>The members of a type with ids, in the order of inheritance and then of ids.</summary>
internal sealed class Members<T> {
    private const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
    private readonly Member<T>[] _members;
    private readonly bool _complete;
    private readonly bool _immutable = typeof(T).IsDefined(typeof(ImmutableAttribute), inherit: false);
    private volatile bool _asking;
    private bool? _fixed;

    public Members(bool allFields) {
        var found = new List<Member<T>>();
        var fields = 0;
        var chain = new Stack<Type>();
        for (var type = typeof(T); type is not null && !IsRoot(type); type = type.BaseType)
            chain.Push(type);
        foreach (var type in chain) {
            if (!allFields && !IsMarked(type))
                throw Codecs.NotFound(type);
            fields += type.GetFields(Declared).Length;
            found.AddRange(allFields ? type.GetFields(Declared).Select(f => Create(f, null)) : Annotated(type));
        }
        _members = [.. found];
        _complete = _members.Length == fields;
    }

    /// <summary>Whether values cannot change, so that a copy would be no different. A type that holds itself counts as changing.</summary>
    public bool Fixed {
        get {
            if (_fixed is not null || _asking)
                return _fixed ?? false;
            _asking = true;
            _fixed = _complete && Array.TrueForAll(_members, m => m.Fixed);
            _asking = false;
            return _fixed.Value;
        }
    }

    /// <summary>Looks at the members first, so that a type that could not travel is refused even where it would be shared.</summary>
    public bool Shareable => Fixed || _immutable;

    public void Write(Writer writer, ref T value) {
        foreach (var member in _members)
            member.Write(writer, ref value);
    }

    public void Read(Reader reader, ref T value) {
        foreach (var member in _members)
            member.Read(reader, ref value);
    }

    private static bool IsMarked(Type type) => type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false);

    /// <summary>Where the members of interest begin; exceptions of the framework bring none.</summary>
    private static bool IsRoot(Type type)
        => type == typeof(object) || type == typeof(ValueType) || (typeof(Exception).IsAssignableFrom(type) && !IsMarked(type));

    private static IEnumerable<Member<T>> Annotated(Type type) {
        var attribute = type.GetCustomAttribute<GenerateSerializerAttribute>(inherit: false)!;
        var primary = PrimaryParameters(type, attribute.IncludePrimaryConstructorParameters);
        var all = new List<(int Group, long Id, MemberInfo Member)>();
        foreach (var member in type.GetFields(Declared).Cast<MemberInfo>().Concat(type.GetProperties(Declared))) {
            var position = primary.IndexOf(member.Name);
            if (member.GetCustomAttribute<IdAttribute>() is { } id)
                all.Add((1, id.Id, member));
            else if (member is PropertyInfo && position >= 0)
                all.Add((0, position, member));
            else if (member is PropertyInfo { GetMethod.IsPublic: true, SetMethod: not null } && attribute.GenerateFieldIds == GenerateFieldIds.PublicProperties)
                all.Add((2, 0, member));
        }
        return all.OrderBy(m => m.Group).ThenBy(m => m.Id).ThenBy(m => m.Member.Name, StringComparer.Ordinal).Select(m => m.Member is FieldInfo field
            ? Create(field, null)
            : Create(type.GetField($"<{m.Member.Name}>k__BackingField", Declared), (PropertyInfo)m.Member));
    }

    /// <summary>Positional parameters of a record: the compiler gives it a Deconstruct with their names.</summary>
    private static List<string> PrimaryParameters(Type type, bool include) {
        var deconstruct = type.GetMethods(Declared).FirstOrDefault(m => m.Name == "Deconstruct" && m.IsDefined(typeof(CompilerGeneratedAttribute)));
        var parameters = deconstruct?.GetParameters()
            ?? (include ? type.GetConstructors(Declared).MaxBy(c => c.GetParameters().Length)?.GetParameters() : null);
        return [.. parameters?.Select(p => p.Name!) ?? []];
    }

    private static Member<T> Create(FieldInfo? field, PropertyInfo? property) {
        var type = field?.FieldType ?? property!.PropertyType;
        return (Member<T>)Activator.CreateInstance(typeof(Member<,>).MakeGenericType(typeof(T), type), Codecs.Get(type), field, property)!;
    }
}

/// <summary>Classes with <see cref="GenerateSerializerAttribute"/>, and tuples.</summary>
internal sealed class ObjectCodec<T>(bool allFields) : ReferenceCodec<T> where T : class {
    private readonly Lazy<Members<T>> _members = new(() => new Members<T>(allFields));
    public override bool Shareable => _members.Value.Shareable;

    public override void WriteExact(Writer writer, object value) {
        var typed = (T)value;
        _members.Value.Write(writer, ref typed);
    }

    public override object ReadExact(Reader reader, int slot) {
        var value = Blank<T>.New();
        reader.Fill(slot, value);
        _members.Value.Read(reader, ref value);
        return value;
    }
}

/// <summary>Structs with <see cref="GenerateSerializerAttribute"/>, and tuples.</summary>
internal sealed class StructCodec<T>(bool allFields) : Codec<T> where T : struct {
    private readonly Lazy<Members<T>> _members = new(() => new Members<T>(allFields));
    public override bool Shareable => _members.Value.Shareable;
    public override void Write(Writer writer, T value) => _members.Value.Write(writer, ref value);

    public override T Read(Reader reader) {
        var value = default(T);
        _members.Value.Read(reader, ref value);
        return value;
    }
}
