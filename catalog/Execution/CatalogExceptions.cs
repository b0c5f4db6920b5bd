namespace Granary.Catalog;

/// <summary>The catalog could not do what was asked. Expected refusals are values, never this.</summary>
public class CatalogException : Exception
{
    /// <summary>With the reason and its cause.</summary>
    public CatalogException(string message, bool isTransient, Exception? inner = null)
        : base(message, inner) => IsTransient = isTransient;

    /// <summary>Worth repeating after a moment.</summary>
    public bool IsTransient { get; }
}

/// <summary>Too much waits already; nothing was done.</summary>
public sealed class CatalogBusyException(string message, Exception? inner = null) : CatalogException(message, isTransient: true, inner);

/// <summary>
/// The database cannot be used: disk full, I/O error, damaged, closed. Whether a write took effect is unknown only when
/// <see cref="OutcomeUnknown"/> says so.
/// </summary>
public sealed class CatalogUnavailableException(string message, bool outcomeUnknown = false, Exception? inner = null)
    : CatalogException(message, isTransient: false, inner)
{
    /// <summary>The commit itself failed on its way to disk: look before repeating.</summary>
    public bool OutcomeUnknown { get; } = outcomeUnknown;
}

/// <summary>
/// Another transaction changed, since it was read, what this one decided upon: the whole work runs again. Callers of the
/// catalog never see it; SQLite, with its one writer, never meets it.
/// </summary>
internal sealed class CatalogRaceException(string message) : CatalogException(message, isTransient: true);

/// <summary>A row was changed by somebody else, or a unique value exists already.</summary>
public sealed class CatalogConflictException(string message, Exception? inner = null) : CatalogException(message, isTransient: false, inner);

/// <summary>The database's schema is not one this program can work with.</summary>
public sealed class CatalogMigrationException(string message, Exception? inner = null) : CatalogException(message, isTransient: false, inner);
