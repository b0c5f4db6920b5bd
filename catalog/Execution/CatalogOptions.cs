using System.ComponentModel.DataAnnotations;

namespace Granary.Catalog;

/// <summary>Settings of the metadata database.</summary>
public sealed class CatalogOptions
{
    /// <summary>SQLite: path of the database file. Its folder must exist; the file is made when it is missing.</summary>
    public string DataSource { get; set; } = "";

    /// <summary>
    /// MariaDB: connection string with server, user and database; then <see cref="DataSource"/> is not used. Default null:
    /// SQLite.
    /// </summary>
    public string? MariaDb { get; set; }

    /// <summary>Threads that read, each with a connection of its own. Default 4.</summary>
    [Range(1, 64)]
    public int Readers { get; set; } = 4;

    /// <summary>MariaDB: threads that write, each with a connection and a transaction of its own. SQLite has one. Default 12.</summary>
    [Range(1, 256)]
    public int Writers { get; set; } = 12;

    /// <summary>Waiting reads or writes beyond which a new one is refused as busy. Default 20,000.</summary>
    [Range(1, 1_000_000)]
    public int QueueLimit { get; set; } = 20_000;

    /// <summary>SQLite: writes that share one commit at most. Default 512.</summary>
    [Range(1, 10_000)]
    public int MaxGroup { get; set; } = 512;
}
