using System.Data.Common;
using System.Reflection;
using Inner = MySql.Data.MySqlClient;

namespace MySqlConnector;

/// <summary>Numbers of errors, as far as somebody asks for them by name.</summary>
public enum MySqlErrorCode {
    None = 0,
    DuplicateKeyEntry = 1062,
    LockWaitTimeout = 1205,
    LockDeadlock = 1213,
    UnableToConnectToHost = 1042,
    CommandTimeoutExpired = -1,
}

public sealed class MySqlException : DbException {
    internal MySqlException(Inner.MySqlException inner) : base(inner.Message, inner) => Number = NumberOf(inner);

    internal MySqlException(string message, int number, Exception inner) : base(message, inner) => Number = number;

    public int Number { get; }
    public new MySqlErrorCode ErrorCode => (MySqlErrorCode)Number;
    public override string? SqlState => Number switch { 1213 => "40001", 1205 => "HY000", 1062 => "23000", 1040 => "08004", _ => null };

    public override bool IsTransient => Number is
        1040 or 1042 or 1047 or 1053 or 1129 or 1152 or 1159 or 1160 or 1161 or 1184 or 1203 or 1205 or 1213 or 1927 or 1969 or 2002 or 2003 or 2006 or 2013 or 2055;

    /// <summary>Runs something of MySql.Data, and gives its failures the types of this package.</summary>
    internal static T Guard<T>(Func<T> call) {
        try {
            return call();
        } catch (Inner.MySqlException failure) {
            throw new MySqlException(failure);
        } catch (Exception failure) when (failure is not (ArgumentException or InvalidCastException or NotSupportedException or OutOfMemoryException) && (failure is not InvalidOperationException || failure is ObjectDisposedException)) {
            // MySql.Data meets a connection that is broken in the middle of a message in many ways.
            throw new MySqlException("Lost connection to the server during a query: " + failure.Message, 2013, failure);
        }
    }

    // It wraps what the network said, or leaves the number out.
    internal static int NumberOf(Inner.MySqlException failure) {
        if (failure.Number != 0)
            return failure.Number;
        for (Exception? cause = failure.InnerException; cause is not null; cause = cause.InnerException)
            if (cause is Inner.MySqlException { Number: not 0 } known)
                return known.Number;
        return failure.InnerException is TimeoutException ? (int)MySqlErrorCode.CommandTimeoutExpired : 2013;
    }
}

/// <summary>Fields and properties of MySql.Data 8.0.16 that it shows nobody.</summary>
internal static class Inside {
    private const BindingFlags All = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    public static object? Hidden(this object of, string name) => Field(of.GetType(), name).GetValue(of);

    public static void Hide(this object of, string name, object value) => Field(of.GetType(), name).SetValue(of, value);

    private static FieldInfo Field(Type type, string name) {
        for (var at = type; at is not null; at = at.BaseType)
            if ((at.GetField(name, All) ?? at.GetField($"<{name}>k__BackingField", All)) is { } field)
                return field;
        throw new MissingFieldException(type.FullName, name);
    }
}
