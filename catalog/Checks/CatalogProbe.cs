namespace Granary.Catalog;

/// <summary>A write and a read that change nothing, for health checks.</summary>
public static class CatalogProbe
{
    private static readonly Sql TouchVersion = new("UPDATE topology SET version = version");

    private static readonly Sql SelectVersion = new("SELECT version FROM topology");

    /// <summary>Writes a row as it is, and reads it.</summary>
    public static long Touch(CatalogSession session)
    {
        session.Execute(TouchVersion);
        return Look(session);
    }

    /// <summary>Reads the row; never less than what an earlier <see cref="Touch"/> returned.</summary>
    public static long Look(CatalogSession session) => session.Scalar(SelectVersion) ?? 0;
}
