using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>The statements on current versions, kept versions, tombstones and the change log of one scope.</summary>
internal static class FileTable
{
    private static readonly Sql SelectCurrent = new($"SELECT {FileRow.Columns} FROM file WHERE tenant = ?1 AND scope = ?2 AND path = ?3")
    {
        Many = new(3, $"SELECT path, {FileRow.Columns} FROM file FORCE INDEX (PRIMARY) WHERE tenant = ?1 AND scope = ?2 AND path IN (?*)"),
    };

    private static readonly Sql ReplaceCurrent = new(
        $"REPLACE INTO file (tenant, scope, path, {FileRow.Columns}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)");

    private static readonly Sql DeleteCurrent = new("DELETE FROM file WHERE tenant = ?1 AND scope = ?2 AND path = ?3");

    private static readonly Sql SelectVersion = new(
        $"SELECT {FileRow.Columns}, deleted FROM file_version WHERE tenant = ?1 AND scope = ?2 AND path = ?3 AND version = ?4");

    private static readonly Sql SelectCurrentNumber = new("SELECT version FROM file WHERE tenant = ?1 AND scope = ?2 AND path = ?3");

    private static readonly Sql SelectLastNumber = new(
        "SELECT version FROM file_version WHERE tenant = ?1 AND scope = ?2 AND path = ?3 ORDER BY version DESC LIMIT 1")
    {
        Many = new(3, "SELECT path, MAX(version) FROM file_version FORCE INDEX (PRIMARY) WHERE tenant = ?1 AND scope = ?2 AND path IN (?*) GROUP BY path"),
    };

    private static readonly Sql SelectOld = new("""
        SELECT version, size, manifest, superseded FROM file_version
        WHERE tenant = ?1 AND scope = ?2 AND path = ?3 AND version <= ?4
        ORDER BY version LIMIT ?5
        """);

    private static readonly Sql InsertVersion = new($"""
        INSERT INTO file_version (tenant, scope, path, {FileRow.Columns}, deleted, superseded, expirable)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
        """);

    private static readonly Sql UpdateExpirable = new("""
        UPDATE file_version SET expirable = superseded
        WHERE tenant = ?1 AND scope = ?2 AND path = ?3 AND version = ?4 AND expirable IS NULL
        """);

    private static readonly Sql UpdateProtected = new(
        "UPDATE file_version SET expirable = NULL WHERE tenant = ?1 AND scope = ?2 AND path = ?3 AND version = ?4");

    private static readonly Sql DeleteVersion = new("DELETE FROM file_version WHERE tenant = ?1 AND scope = ?2 AND path = ?3 AND version = ?4");

    private static readonly Sql InsertChange = new("""
        INSERT INTO change (tenant, scope, sequence, time, kind, path, old_path, version, size, actor)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
        """);

    /// <summary>The current version of a path, or null.</summary>
    public static FileRow? FindCurrent(CatalogSession session, TenantId tenant, ScopeId scope, byte[] path)
    {
        using var rows = session.Query(SelectCurrent, tenant, scope, path);
        return rows.Read() ? FileRow.Read(rows, 0, path) : null;
    }

    /// <summary><see cref="FindCurrent"/> and <see cref="LastKeptNumber"/> are going to be asked.</summary>
    public static void Expect(CatalogSession session, TenantId tenant, ScopeId scope, byte[] path)
    {
        session.Expect(SelectCurrent, tenant, scope, path);
        session.Expect(SelectLastNumber, tenant, scope, path);
    }

    /// <summary>A kept version or tombstone, or null.</summary>
    public static FileRow? FindKept(CatalogSession session, TenantId tenant, ScopeId scope, byte[] path, long version)
    {
        using var rows = session.Query(SelectVersion, tenant, scope, path, version);
        return rows.Read() ? FileRow.Read(rows, 0, path, rows.Flag(11)) : null;
    }

    /// <summary>The highest number among kept versions and tombstones; 0 when there is none.</summary>
    public static long LastKeptNumber(CatalogSession session, TenantId tenant, ScopeId scope, byte[] path) =>
        session.Scalar(SelectLastNumber, tenant, scope, path) ?? 0;

    /// <summary>Writes the current version of a path.</summary>
    public static void PutCurrent(CatalogSession session, TenantId tenant, ScopeId scope, FileRow row) =>
        session.Post(
            ReplaceCurrent, tenant, scope, row.Path, row.Version, row.Size, row.Etag, row.EtagText, row.Sha256, row.ChunkCount,
            row.ContentType, row.ModifiedTicks, row.Committed, row.Manifest, row.Sequence);

    /// <summary>Removes the current version of a path.</summary>
    public static void RemoveCurrent(CatalogSession session, TenantId tenant, ScopeId scope, byte[] path) =>
        session.Post(DeleteCurrent, tenant, scope, path);

    /// <summary>The newest number of a path, of a version or a tombstone; 0 when it never had one.</summary>
    public static long NewestNumber(CatalogSession session, TenantId tenant, ScopeId scope, byte[] path) =>
        session.Scalar(SelectCurrentNumber, tenant, scope, path) ?? LastKeptNumber(session, tenant, scope, path);

    /// <summary>Keeps a superseded version, or a tombstone.</summary>
    /// <param name="session">The transaction.</param>
    /// <param name="tenant">The tenant.</param>
    /// <param name="scope">The scope.</param>
    /// <param name="row">The version.</param>
    /// <param name="expirable">True when its number does not protect it any more.</param>
    public static void Keep(CatalogSession session, TenantId tenant, ScopeId scope, FileRow row, bool expirable) =>
        session.Post(
            InsertVersion, tenant, scope, row.Path, row.Version, row.Size, row.Etag, row.EtagText, row.Sha256, row.ChunkCount,
            row.ContentType, row.ModifiedTicks, row.Committed, row.Manifest, row.Sequence, row.Deleted, session.Now, expirable ? (DateTimeOffset?)session.Now : null);

    /// <summary>The number of a kept version protects it no more: from now on its time decides.</summary>
    public static void LetExpire(CatalogSession session, TenantId tenant, ScopeId scope, byte[] path, long version) =>
        session.Execute(UpdateExpirable, tenant, scope, path, version);

    /// <summary>A kept version is protected (again), by its number or by a hold.</summary>
    public static void Protect(CatalogSession session, TenantId tenant, ScopeId scope, byte[] path, long version) =>
        session.Execute(UpdateProtected, tenant, scope, path, version);

    /// <summary>
    /// Kept versions up to a number that were superseded before a time, oldest first. Stops at the first that was not, so
    /// that a commit does not read what days still protect.
    /// </summary>
    public static List<OldVersion> FindOld(CatalogSession session, TenantId tenant, ScopeId scope, byte[] path, long upTo, DateTimeOffset before, int limit)
    {
        var found = new List<OldVersion>();
        using var rows = session.Query(SelectOld, tenant, scope, path, upTo, limit);
        while (rows.Read() && rows.Time(3) < before)
        {
            found.Add(new OldVersion(rows.Long(0), rows.Long(1), rows.BytesOrNull(2)));
        }

        return found;
    }

    /// <summary>Removes one kept version.</summary>
    public static void RemoveKept(CatalogSession session, TenantId tenant, ScopeId scope, byte[] path, long version) =>
        session.Post(DeleteVersion, tenant, scope, path, version);

    /// <summary>Appends to the change log.</summary>
    public static void AppendChange(CatalogSession session, TenantId tenant, ScopeId scope, long sequence, ChangeKind kind, byte[] path, byte[]? oldPath, long version, long size, string by) =>
        session.Post(InsertChange, tenant, scope, sequence, session.Now, (int)kind, path, oldPath, version, size, by);
}

/// <summary>A kept version that retention lets go.</summary>
internal readonly record struct OldVersion(long Version, long Size, byte[]? Manifest);

/// <summary>What a change did.</summary>
public enum ChangeKind
{
    /// <summary>The path had no current version.</summary>
    Created = 1,

    /// <summary>The path got a new version.</summary>
    Updated = 2,

    /// <summary>The path was deleted.</summary>
    Deleted = 3,

    /// <summary>The file came from another path, which was deleted.</summary>
    Moved = 4,
}
