using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Orleans.Serialization;

/// <summary>
/// Exceptions of the framework travel with type, message, stack, cause and code; their further properties are lost.
/// The product's own travel, with the members that have ids, when they carry <see cref="GenerateSerializerAttribute"/>; others are refused.
/// </summary>
internal sealed class ExceptionCodec<T> : ReferenceCodec<T> where T : Exception {
    private static readonly string[] KnownNamespaces = ["System", "Microsoft", "Azure"];
    private readonly Lazy<Members<T>?> _members = new(()
        => typeof(T).IsDefined(typeof(GenerateSerializerAttribute), inherit: false) ? new Members<T>(allFields: false) : null);

    public static bool Supports(Type type) => type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false)
        || Array.Exists(KnownNamespaces, prefix => type.Namespace?.StartsWith(prefix, StringComparison.Ordinal) == true);

    public override void WriteExact(Writer writer, object value) {
        var typed = (T)value;
        writer.String(typed.Message);
        writer.String(typed.StackTrace ?? "");
        writer.Blit(typed.HResult);
        var causes = typed is AggregateException aggregate ? [.. aggregate.InnerExceptions] : typed.InnerException is { } inner ? new[] { inner } : [];
        Codecs.Of<Exception[]>().Write(writer, causes);
        _members.Value?.Write(writer, ref typed);
    }

    public override object ReadExact(Reader reader, int slot) {
        var value = Blank<T>.New();
        reader.Fill(slot, value);
        MessageOf(value) = reader.String();
        var stack = reader.String();
        value.HResult = reader.Blit<int>();
        var causes = Codecs.Of<Exception[]>().Read(reader);
        if (value is AggregateException)
            value = (T)(Exception)new AggregateException(MessageOf(value), causes);
        else if (causes.Length > 0)
            CauseOf(value) = causes[0];
        if (stack.Length > 0)
            ExceptionDispatchInfo.SetRemoteStackTrace(value, stack);
        _members.Value?.Read(reader, ref value);
        reader.Fill(slot, value);
        return value;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_message")]
    private static extern ref string MessageOf(Exception exception);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_innerException")]
    private static extern ref Exception CauseOf(Exception exception);
}
