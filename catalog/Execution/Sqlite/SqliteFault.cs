using SQLitePCL;

namespace Granary.Catalog.Sqlite;

/// <summary>Turns SQLite's result codes into the catalog's exceptions (https://www.sqlite.org/rescode.html).</summary>
internal static class SqliteFault
{
    /// <summary>The exception for a result code of a connection.</summary>
    public static CatalogException From(sqlite3? db, int code, string doing)
    {
        var detail = db is null ? raw.sqlite3_errstr(code).utf8_to_string() : raw.sqlite3_errmsg(db).utf8_to_string();
        var extended = db is null ? code : raw.sqlite3_extended_errcode(db);
        var message = $"SQLite failed while {doing}: {detail} (code {extended}).";
        return (code & 0xff) switch
        {
            raw.SQLITE_CONSTRAINT => new CatalogConflictException(message),
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED => new CatalogBusyException(message),
            raw.SQLITE_FULL => new CatalogUnavailableException($"The disk of the catalog is full. {message}"),
            raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => new CatalogUnavailableException($"The catalog's file is damaged. {message}"),
            raw.SQLITE_IOERR or raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN or raw.SQLITE_NOMEM or raw.SQLITE_PERM =>
                new CatalogUnavailableException(message),
            _ => new CatalogException(message, isTransient: false),
        };
    }
}
