namespace Orleans.Serialization;

internal sealed class NullableCodec<T>(Codec<T> inner) : Codec<T?> where T : struct {
    public override bool Shareable => inner.Shareable;

    public override void Write(Writer writer, T? value) {
        writer.Byte(value.HasValue ? (byte)1 : (byte)0);
        if (value.HasValue)
            inner.Write(writer, value.Value);
    }

    public override T? Read(Reader reader) => reader.Byte() == 0 ? null : inner.Read(reader);
    public override void WriteExact(Writer writer, object value) => inner.WriteExact(writer, value);
    public override object ReadExact(Reader reader, int slot) => inner.ReadExact(reader, slot);
}

internal sealed class ArrayCodec<T>(Codec<T> item) : ReferenceCodec<T[]> {
    public override void WriteExact(Writer writer, object value) {
        var array = (T[])value;
        writer.Count(array.Length);
        if (array is byte[] bytes) {
            bytes.CopyTo(writer.Take(bytes.Length));
            return;
        }

        foreach (var element in array)
            item.Write(writer, element);
    }

    public override object ReadExact(Reader reader, int slot) {
        var array = new T[reader.Count()];
        reader.Fill(slot, array);
        if (array is byte[] bytes) {
            reader.Take(bytes.Length).CopyTo(bytes);
            return array;
        }

        for (var i = 0; i < array.Length; i++)
            array[i] = item.Read(reader);
        return array;
    }
}

/// <summary>Sequences: written element by element, made from the elements.</summary>
internal sealed class SequenceCodec<TSequence, T>(Codec<T> item, Func<List<T>, TSequence> create) : ReferenceCodec<TSequence>
    where TSequence : class, IEnumerable<T> {
    public override void WriteExact(Writer writer, object value) {
        var sequence = (TSequence)value;
        writer.Count(sequence.Count());
        foreach (var element in sequence)
            item.Write(writer, element);
    }

    public override object ReadExact(Reader reader, int slot) {
        var count = reader.Count();
        var items = new List<T>(count);
        if (typeof(TSequence) == typeof(List<T>))
            reader.Fill(slot, items);
        for (var i = 0; i < count; i++)
            items.Add(item.Read(reader));
        object result = typeof(TSequence) == typeof(List<T>) ? items : create(items);
        reader.Fill(slot, result);
        return result;
    }
}

internal sealed class ImmutableArrayCodec<T>(Codec<T> item) : StructCodec<System.Collections.Immutable.ImmutableArray<T>> {
    public override bool Shareable => item.Shareable;

    public override void Write(Writer writer, System.Collections.Immutable.ImmutableArray<T> value) {
        writer.Count(value.IsDefault ? 0 : value.Length + 1);
        foreach (var element in value.IsDefault ? [] : value)
            item.Write(writer, element);
    }

    public override System.Collections.Immutable.ImmutableArray<T> Read(Reader reader) {
        var count = reader.Count();
        if (count == 0)
            return default;
        var array = new T[count - 1];
        for (var i = 0; i < array.Length; i++)
            array[i] = item.Read(reader);
        return System.Runtime.InteropServices.ImmutableCollectionsMarshal.AsImmutableArray(array);
    }
}

/// <summary>Hash sets and dictionaries with the default comparer or, for text, ordinal with or without case; others are refused.</summary>
internal static class Comparers {
    public static void Write<TKey>(Writer writer, IEqualityComparer<TKey> comparer) {
        if (ReferenceEquals(comparer, EqualityComparer<TKey>.Default) || ReferenceEquals(comparer, StringComparer.Ordinal))
            writer.Byte(0);
        else if (ReferenceEquals(comparer, StringComparer.OrdinalIgnoreCase))
            writer.Byte(1);
        else
            throw new CodecNotFoundException($"Could not find a codec for comparer {comparer.GetType()}.");
    }

    public static IEqualityComparer<TKey>? Read<TKey>(Reader reader)
        => reader.Byte() == 1 ? (IEqualityComparer<TKey>)StringComparer.OrdinalIgnoreCase : null;
}

internal sealed class DictionaryCodec<TKey, TValue>(Codec<TKey> keys, Codec<TValue> values) : ReferenceCodec<Dictionary<TKey, TValue>>
    where TKey : notnull {
    public override void WriteExact(Writer writer, object value) {
        var map = (Dictionary<TKey, TValue>)value;
        Comparers.Write(writer, map.Comparer);
        writer.Count(map.Count);
        foreach (var (key, element) in map) {
            keys.Write(writer, key);
            values.Write(writer, element);
        }
    }

    public override object ReadExact(Reader reader, int slot) {
        var map = new Dictionary<TKey, TValue>(Comparers.Read<TKey>(reader));
        reader.Fill(slot, map);
        for (var left = reader.Count(); left > 0; left--)
            map.Add(keys.Read(reader), values.Read(reader));
        return map;
    }
}

internal sealed class HashSetCodec<T>(Codec<T> item) : ReferenceCodec<HashSet<T>> {
    public override void WriteExact(Writer writer, object value) {
        var set = (HashSet<T>)value;
        Comparers.Write(writer, set.Comparer);
        writer.Count(set.Count);
        foreach (var element in set)
            item.Write(writer, element);
    }

    public override object ReadExact(Reader reader, int slot) {
        var set = new HashSet<T>(Comparers.Read<T>(reader));
        reader.Fill(slot, set);
        for (var left = reader.Count(); left > 0; left--)
            set.Add(item.Read(reader));
        return set;
    }
}
