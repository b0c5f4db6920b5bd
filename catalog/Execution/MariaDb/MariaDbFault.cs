using MySqlConnector;

namespace Granary.Catalog.MariaDb;

/// <summary>What a failure of the server means for the transaction it met.</summary>
internal enum MariaDbFaultKind
{
    /// <summary>Another transaction was in the way: deadlock, wait for a lock timed out, a row that was missing is there now.</summary>
    Race,

    /// <summary>The connection is gone; the server rolls back what was not committed.</summary>
    Lost,

    /// <summary>The server cannot do it now: not reached, full, read-only, too many connections, not allowed.</summary>
    Unavailable,

    /// <summary>The statement is wrong, or the values are.</summary>
    Refused,
}

/// <summary>A failure of the server, sorted by what is to be done (https://mariadb.com/kb/en/mariadb-error-code-reference).</summary>
internal sealed class MariaDbException(string message, MariaDbFaultKind kind, int number, Exception inner)
    : CatalogException(message, isTransient: kind is not MariaDbFaultKind.Refused, inner)
{
    /// <summary>A unique value exists already.</summary>
    public const int Duplicate = 1062;

    public MariaDbFaultKind Kind { get; } = kind;

    public int Number { get; } = number;

    /// <summary>Sorts a failure.</summary>
    public static MariaDbException From(MySqlException failure, string doing) =>
        new($"MariaDB failed while {doing}: {failure.Message} (error {failure.Number}).", KindOf(failure.Number), failure.Number, failure);

    /// <summary>The exception that callers see when nothing more is tried.</summary>
    public CatalogException ToPublic(bool outcomeUnknown = false) => Kind switch
    {
        _ when outcomeUnknown => new CatalogUnavailableException($"Whether the transaction was committed is not known. {Message}", outcomeUnknown: true, this),
        MariaDbFaultKind.Race when Number == Duplicate => new CatalogConflictException(Message, this),
        MariaDbFaultKind.Race => new CatalogBusyException(Message, this),
        MariaDbFaultKind.Lost or MariaDbFaultKind.Unavailable => new CatalogUnavailableException(Message, outcomeUnknown: false, this),
        _ => new CatalogException(Message, isTransient: false, this),
    };

    private static MariaDbFaultKind KindOf(int number) => number switch
    {
        // 1048: a bound that was checked when it was read does not hold any more (SharedCounts). 1020: a snapshot is too old.
        1213 or 1205 or Duplicate or 1048 or 1020 or 1412 => MariaDbFaultKind.Race,

        // Network, killed, shut down, the idle transaction's end, a command that took too long.
        -1 or 0 or 1042 or 1053 or 1077 or 1079 or 1080 or 1152 or 1158 or 1159 or 1160 or 1161 or 1184 or 1927 or 2002 or 2003 or 2005 or 2006
            or 2013 or 2055 or 4031 => MariaDbFaultKind.Lost,

        // Disk, memory, connections, read-only, Galera not ready, statement time-out, rights, unknown database, crashed table.
        1021 or 1037 or 1038 or 1040 or 1044 or 1045 or 1047 or 1049 or 1114 or 1129 or 1130 or 1142 or 1143 or 1194 or 1203 or 1206 or 1226
            or 1227 or 1290 or 1317 or 1461 or 1698 or 1792 or 1836 or 1969 or 1030 or 1026 or 1016 or 1036 => MariaDbFaultKind.Unavailable,
        _ => MariaDbFaultKind.Refused,
    };
}
