using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Orleans.Serialization;

internal sealed class NullableCodec<T>(Codec<T> inner) : Codec<T?> where T : struct {
    public override bool Shareable => inner.Shareable;
    public override T? Read(Reader reader) => reader.Byte() == 0 ? null : inner.Read(reader);

    public override void Write(Writer writer, T? value) {
        if (writer.Flag(value.HasValue))
            inner.Write(writer, value.GetValueOrDefault());
    }
}

internal sealed class ArrayCodec<T>(Codec<T> item) : ReferenceCodec<T[]> {
    public override void WriteExact(Writer writer, object value) {
        if (value is byte[] bytes) {
            writer.Bytes(bytes);
            return;
        }
        var array = (T[])value;
        writer.Count(array.Length);
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

internal sealed class ImmutableArrayCodec<T>(Codec<T[]> array, Codec<T> item) : Codec<ImmutableArray<T>> {
    public override bool Shareable => item.Shareable;
    public override void Write(Writer writer, ImmutableArray<T> value) => array.Write(writer, ImmutableCollectionsMarshal.AsArray(value)!);
    public override ImmutableArray<T> Read(Reader reader) => ImmutableCollectionsMarshal.AsImmutableArray(array.Read(reader));
}

/// <summary>Lists, sets and maps. They are there before their items, which may refer to them.</summary>
internal sealed class CollectionCodec<TCollection, T>(Codec<T> item, Action<Writer, TCollection>? begin, Func<Reader, int, TCollection> create)
    : ReferenceCodec<TCollection> where TCollection : class, ICollection<T> {
    public override void WriteExact(Writer writer, object value) {
        var items = (TCollection)value;
        writer.Count(items.Count);
        begin?.Invoke(writer, items);
        foreach (var element in items)
            item.Write(writer, element);
    }

    public override object ReadExact(Reader reader, int slot) {
        var count = reader.Count();
        var items = create(reader, count);
        reader.Fill(slot, items);
        for (; count > 0; count--)
            items.Add(item.Read(reader));
        return items;
    }
}

/// <summary>Sets and maps may have the default comparer or, for text, ordinal with or without case; others are refused.</summary>
internal static class Comparers {
    public static void Write<T>(Writer writer, IEqualityComparer<T> comparer) {
        if (!writer.Flag(ReferenceEquals(comparer, StringComparer.OrdinalIgnoreCase))
            && !ReferenceEquals(comparer, EqualityComparer<T>.Default) && !ReferenceEquals(comparer, StringComparer.Ordinal))
            throw Codecs.NotFound(comparer.GetType());
    }

    public static IEqualityComparer<T>? Read<T>(Reader reader) => reader.Byte() == 1 ? (IEqualityComparer<T>)StringComparer.OrdinalIgnoreCase : null;
}
