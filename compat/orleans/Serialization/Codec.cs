using System.Reflection;
using System.Runtime.CompilerServices;
using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>
/// Writes and reads values of one type. "Exact" means a value whose runtime type is this codec's, "declared" one that may be null or of a
/// derived type.
/// </summary>
internal abstract class Codec {
    /// <summary>Whether a value may be passed by reference inside a silo, because nobody can (or says he will) change it.</summary>
    public virtual bool Shareable => false;
    public abstract void WriteExact(Writer writer, object value);
    public abstract object ReadExact(Reader reader, int slot);
    public abstract void WriteDeclared(Writer writer, object? value);
    public abstract object? ReadDeclared(Reader reader);

    /// <summary>A copy for a receiver in the same silo; refuses what could not travel to another one.</summary>
    public object? Copy(object? value, CallRuntime runtime) {
        if (value is null)
            return null;
        value = Normalize(value);
        if (Codecs.Get(value.GetType()).Shareable)
            return value;
        var writer = new Writer(sharing: true);
        WriteDeclared(writer, value);
        return ReadDeclared(new Reader(writer.Written, writer.Shared, runtime));
    }

    protected virtual object Normalize(object value) => value;
}

internal abstract class Codec<T> : Codec {
    public abstract void Write(Writer writer, T value);
    public abstract T Read(Reader reader);
    public sealed override void WriteDeclared(Writer writer, object? value) => Write(writer, (T)value!);
    public sealed override object? ReadDeclared(Reader reader) => Read(reader);
    public override void WriteExact(Writer writer, object value) => Write(writer, (T)value);

    public override object ReadExact(Reader reader, int slot) {
        object value = Read(reader)!;
        reader.Fill(slot, value);
        return value;
    }
}

/// <summary>Values without parts: numbers, times, text.</summary>
internal sealed class PlainCodec<T>(Action<Writer, T> write, Func<Reader, T> read) : Codec<T> {
    public override bool Shareable => true;
    public override T Read(Reader reader) => default(T) is not null || reader.Byte() != 0 ? read(reader) : default!;

    public override void Write(Writer writer, T value) {
        if (default(T) is not null || writer.Flag(value is not null))
            write(writer, value);
    }
}

/// <summary>
/// References: null, a value seen before, a value of exactly the declared type, or one of another type with its name.
/// Abstract classes and interfaces have only the last form.
/// </summary>
internal abstract class ReferenceCodec<T> : Codec<T> where T : class {
    private const byte Null = 0, Again = 1, Same = 2, Other = 3, ByReference = 4;
    public abstract override void WriteExact(Writer writer, object value);
    public abstract override object ReadExact(Reader reader, int slot);

    public sealed override void Write(Writer writer, T value) {
        if (value is null) {
            writer.Byte(Null);
            return;
        }
        value = (T)Normalize(value);
        var type = value.GetType();
        var exact = type == typeof(T) ? this : Codecs.Get(type);
        if (writer.Sharing && exact.Shareable) {
            writer.Byte(ByReference);
            writer.Share(value);
        } else if (writer.Seen(value) is var index and >= 0) {
            writer.Byte(Again);
            writer.Count(index);
        } else {
            writer.Byte(type == typeof(T) ? Same : Other);
            if (type != typeof(T))
                writer.TypeName(type);
            exact.WriteExact(writer, value);
        }
    }

    public sealed override T Read(Reader reader) {
        var form = reader.Byte();
        switch (form) {
            case Null: return null!;
            case Again: return (T)reader.Seen(reader.Count());
            case ByReference: return (T)reader.Share();
            default:
                var slot = reader.Reserve();
                return (T)(form == Same ? this : Codecs.Get(reader.TypeName())).ReadExact(reader, slot);
        }
    }
}

/// <summary>Declared types that have no values of their own: interfaces, abstract classes, object.</summary>
internal sealed class AbstractCodec<T>(Func<object, object>? substitute) : ReferenceCodec<T> where T : class {
    protected override object Normalize(object value) => substitute is null || Codecs.Find(value.GetType()) is not null ? value : substitute(value);
    public override void WriteExact(Writer writer, object value) => throw Codecs.NotFound(typeof(T));
    public override object ReadExact(Reader reader, int slot) => throw Codecs.NotFound(typeof(T));
}

/// <summary>Grain references travel as grain id and interface; a grain passes itself as a reference.</summary>
internal sealed class GrainReferenceCodec<T> : ReferenceCodec<T> where T : class {
    public override bool Shareable => true;

    public override void WriteExact(Writer writer, object value) {
        writer.String(((GrainProxy)value).GrainId.ToString());
        writer.TypeName(((GrainProxy)value).Interface);
    }

    public override object ReadExact(Reader reader, int slot) {
        var id = GrainId.Parse(reader.String());
        var value = reader.Runtime.Factory.Reference(reader.TypeName(), id);
        reader.Fill(slot, value);
        return value;
    }

    protected override object Normalize(object value)
        => value is IGrainBase { GrainContext: Activation activation } ? activation.Silo.Factory.Reference(typeof(T), activation.GrainId) : value;
}

/// <summary>New objects, by the constructor without parameters where there is one.</summary>
internal static class Blank<T> {
    private static readonly bool Constructible = typeof(T).IsValueType
        || typeof(T).GetConstructor(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, []) is not null;

    public static T New() => (T)(Constructible ? Activator.CreateInstance(typeof(T), nonPublic: true)! : RuntimeHelpers.GetUninitializedObject(typeof(T)));
}
