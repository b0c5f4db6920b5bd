using System.ComponentModel.DataAnnotations;

namespace Granary.Catalog;

/// <summary>Settings of the metadata database.</summary>
public sealed class CatalogOptions
{
    /// <summary>Path of the database file. Its folder must exist; the file is made when it is missing.</summary>
    [Required]
    public string DataSource { get; set; } = "";

    /// <summary>Threads that read, each with a connection of its own. Default 4.</summary>
    [Range(1, 64)]
    public int Readers { get; set; } = 4;

    /// <summary>Waiting reads or writes beyond which a new one is refused as busy. Default 20,000.</summary>
    [Range(1, 1_000_000)]
    public int QueueLimit { get; set; } = 20_000;

    /// <summary>Writes that share one commit at most. Default 512.</summary>
    [Range(1, 10_000)]
    public int MaxGroup { get; set; } = 512;
}
