using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>Writes and reads values of one type.</summary>
internal abstract class Codec {
    /// <summary>Whether a value may be passed by reference inside a silo, because nobody can (or says he will) change it.</summary>
    public virtual bool Shareable => false;

    /// <summary>Writes a value whose runtime type is exactly this codec's.</summary>
    public abstract void WriteExact(Writer writer, object value);
    public abstract object ReadExact(Reader reader, int slot);

    /// <summary>Writes a value declared as this codec's type: possibly null, possibly of a derived type.</summary>
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
}

/// <summary>Values without parts: numbers, times, text.</summary>
internal sealed class PlainCodec<T>(Action<Writer, T> write, Func<Reader, T> read) : Codec<T> {
    public override bool Shareable => true;

    public override void Write(Writer writer, T value) {
        if (default(T) is null) {
            writer.Byte(value is null ? (byte)0 : (byte)1);
            if (value is null)
                return;
        }

        write(writer, value);
    }

    public override T Read(Reader reader) => default(T) is null && reader.Byte() == 0 ? default! : read(reader);
    public override void WriteExact(Writer writer, object value) => write(writer, (T)value);

    public override object ReadExact(Reader reader, int slot) {
        var value = (object)read(reader)!;
        if (slot >= 0)
            reader.Fill(slot, value);
        return value;
    }
}

/// <summary>Structs: no null, no derived types.</summary>
internal abstract class StructCodec<T> : Codec<T> where T : struct {
    public sealed override void WriteExact(Writer writer, object value) => Write(writer, (T)value);

    public sealed override object ReadExact(Reader reader, int slot) {
        var value = (object)Read(reader);
        if (slot >= 0)
            reader.Fill(slot, value);
        return value;
    }
}

/// <summary>
/// References: null, a value seen before, a value of exactly the declared type, or one of another type with its name.
/// Abstract classes and interfaces have only the last form.
/// </summary>
internal abstract class ReferenceCodec<T> : Codec<T> where T : class {
    private const byte Null = 0, Again = 1, Same = 2, Other = 3, ByReference = 4;

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
            return;
        }

        if (writer.Seen(value) is var index and >= 0) {
            writer.Byte(Again);
            writer.Count(index);
            return;
        }

        writer.Byte(type == typeof(T) ? Same : Other);
        if (type != typeof(T))
            writer.TypeName(type);
        exact.WriteExact(writer, value);
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
    public override void WriteExact(Writer writer, object value) => throw new CodecNotFoundException($"{typeof(T)} has no serializer.");
    public override object ReadExact(Reader reader, int slot) => throw new CodecNotFoundException($"{typeof(T)} has no serializer.");
}

/// <summary>Grain references travel as grain id and interface; a grain passes itself as a reference.</summary>
internal sealed class GrainReferenceCodec<T> : ReferenceCodec<T> where T : class {
    public override bool Shareable => true;

    public override void WriteExact(Writer writer, object value) {
        var reference = (GrainProxy)value;
        writer.String(reference.GrainId.ToString());
        writer.TypeName(reference.Interface);
    }

    public override object ReadExact(Reader reader, int slot) {
        var id = GrainId.Parse(reader.String());
        var value = reader.Runtime.Factory.Reference(reader.TypeName(), id);
        reader.Fill(slot, value);
        return value;
    }

    protected override object Normalize(object value)
        => value is IGrainBase grain ? CallRuntime.Of(value).Factory.Reference(typeof(T), grain.GrainContext.GrainId) : value;
}
