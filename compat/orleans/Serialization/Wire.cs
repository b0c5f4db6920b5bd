using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>Collects one message. With sharing (the receiver is in this silo) values that nobody changes go beside the bytes, by reference.</summary>
internal sealed class Writer(bool sharing) {
    private byte[] _buffer = new byte[128];
    private int _length;
    private List<object>? _seen;
    public bool Sharing { get; } = sharing;
    public List<object> Shared { get; } = [];
    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, _length);

    public Span<byte> Take(int count) {
        if (_buffer.Length - _length < count)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + count));
        _length += count;
        return _buffer.AsSpan(_length - count, count);
    }

    public void Byte(byte value) => Take(1)[0] = value;
    public void Patch(int position, int value) => MemoryMarshal.Write(_buffer.AsSpan(position), in value);
    public void Blit<T>(in T value) where T : unmanaged => MemoryMarshal.Write(Take(Unsafe.SizeOf<T>()), in value);

    public bool Flag(bool value) {
        Byte(value ? (byte)1 : (byte)0);
        return value;
    }

    public void Count(int value) {
        var rest = (uint)value;
        for (; rest > 0x7F; rest >>= 7)
            Byte((byte)(rest | 0x80));
        Byte((byte)rest);
    }

    public void Bytes(ReadOnlySpan<byte> value) {
        Count(value.Length);
        value.CopyTo(Take(value.Length));
    }

    public void String(string value) {
        var count = Encoding.UTF8.GetByteCount(value);
        Count(count);
        Encoding.UTF8.GetBytes(value, Take(count));
    }

    public void Share(object value) {
        Count(Shared.Count);
        Shared.Add(value);
    }

    public void TypeName(Type type) {
        if (Sharing)
            Share(type);
        else
            String(TypeNames.Format(type));
    }

    /// <summary>Index of an object that this message already holds, or -1 after remembering it.</summary>
    public int Seen(object value) {
        _seen ??= [];
        for (var i = 0; i < _seen.Count; i++) {
            if (ReferenceEquals(_seen[i], value))
                return i;
        }
        _seen.Add(value);
        return -1;
    }
}

/// <summary>Reads one message; grain references in it are bound to the receiver.</summary>
internal sealed class Reader(ReadOnlyMemory<byte> data, List<object>? shared, CallRuntime runtime) {
    private readonly List<object?> _seen = [];
    private int _position;
    public CallRuntime Runtime { get; } = runtime;

    public ReadOnlySpan<byte> Take(int count) {
        _position += count;
        return data.Span.Slice(_position - count, count);
    }

    public byte Byte() => Take(1)[0];
    public T Blit<T>() where T : unmanaged => MemoryMarshal.Read<T>(Take(Unsafe.SizeOf<T>()));
    public ReadOnlySpan<byte> Bytes() => Take(Count());
    public string String() => Encoding.UTF8.GetString(Bytes());
    public object Share() => shared![Count()];
    public Type TypeName() => shared is null ? TypeNames.Parse(String()) : (Type)Share();

    public int Count() {
        uint value = 0;
        for (var shift = 0; ; shift += 7) {
            var next = Byte();
            value |= (uint)(next & 0x7F) << shift;
            if (next < 0x80)
                return (int)value;
        }
    }

    public int Reserve() {
        _seen.Add(null);
        return _seen.Count - 1;
    }

    public void Fill(int index, object value) => _seen[index] = value;
    public object Seen(int index) => _seen[index] ?? throw new SerializerException("A value refers to itself where that cannot be restored.");
}
