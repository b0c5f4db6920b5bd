namespace Granary.Silo.Configuration;

/// <summary>Where the silo keeps what it keeps, and what stores may be made.</summary>
public sealed class StorageOptions
{
    /// <summary>Buffers that all transfers share, in bytes: smaller than one chunk of 64 MiB would block the largest chunks.</summary>
    public const long LeastBuffer = 64L << 20;

    /// <summary>Folder of the catalog, the keys and the local store. Default <c>data</c>.</summary>
    public required string Data { get; init; }

    /// <summary>Bytes of chunk buffers that all transfers of this silo share. Default 256 MiB.</summary>
    public required long BufferBytes { get; init; }

    /// <summary>Reads of a chunk from another machine after which it gets a nearer copy (G9); 0 for never. Default 8.</summary>
    public required int HotReads { get; init; }

    /// <summary>Folders under which local stores may be made. Default <c>DATA/stores</c>.</summary>
    public required IReadOnlyList<string> StoreRoots { get; init; }

    /// <summary>S3 endpoints (<c>https://host[:port]</c>) that stores may use. Default empty: any.</summary>
    public required IReadOnlyList<string> S3Endpoints { get; init; }

    /// <summary>Whether this silo makes and owns a local store. Default true; workers have none.</summary>
    public required bool LocalStore { get; init; }

    /// <summary>
    /// MariaDB connection string of the catalog and of Orleans' tables, with server, user, password and database; null: files
    /// of the data folder (SQLite).
    /// </summary>
    public required string? Database { get; init; }

    /// <summary>Catalog file.</summary>
    public string CatalogFile => Path.Combine(Data, "catalog.db");

    /// <summary>File of Orleans' own tables.</summary>
    public string OrleansFile => Path.Combine(Data, "orleans.db");

    /// <summary>Reads and checks the settings.</summary>
    /// <param name="source">Environment and options.</param>
    /// <param name="defaultData">Data folder where none is given.</param>
    public static StorageOptions Read(SettingSource source, string defaultData)
    {
        var data = Path.GetFullPath(source.Text("GRANARY_DATA", defaultData));
        return new StorageOptions
        {
            Data = data,
            BufferBytes = source.Size("GRANARY_BUFFER_BYTES", 256L << 20, LeastBuffer),
            HotReads = source.Number("GRANARY_HOT_READS", 8, 0, 1_000_000),
            StoreRoots = ReadRoots(source, Path.Combine(data, "stores")),
            S3Endpoints = ReadEndpoints(source),
            Database = source.Secret("GRANARY_DATABASE"),
            LocalStore = source.Word("GRANARY_LOCAL_STORE", "true", "true", "false") == "true",
        };
    }

    private static List<string> ReadRoots(SettingSource source, string fallback)
    {
        var given = source.List("GRANARY_STORE_ROOTS", Path.PathSeparator);
        var roots = new List<string>();
        foreach (var root in given)
        {
            if (Path.IsPathFullyQualified(root))
            {
                roots.Add(Path.GetFullPath(root));
            }
            else
            {
                source.Fail("GRANARY_STORE_ROOTS", root, "give absolute folders, separated by colons");
            }
        }

        return given.Count == 0 ? [fallback] : roots;
    }

    private static List<string> ReadEndpoints(SettingSource source)
    {
        var endpoints = new List<string>();
        foreach (var item in source.List("GRANARY_S3_ENDPOINTS", ','))
        {
            if (Uri.TryCreate(item, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
            {
                endpoints.Add(item.TrimEnd('/'));
            }
            else
            {
                source.Fail("GRANARY_S3_ENDPOINTS", item, "give endpoints such as https://s3.example.org, separated by commas");
            }
        }

        return endpoints;
    }
}
