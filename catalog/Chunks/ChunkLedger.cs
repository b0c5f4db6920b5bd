using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// References to chunks: one per upload and distinct chunk, counted on the chunk and per scope, always in the transaction
/// that writes the referring row (design, Writing 1 and 7).
/// </summary>
internal static class ChunkLedger
{
    private static readonly Sql SelectChunk = new("SELECT size FROM chunk WHERE tenant = ?1 AND hash = ?2 /*lock*/")
    {
        // In the order of the key, as all locks on chunks.
        Many = new(2, "SELECT hash, size FROM chunk FORCE INDEX (PRIMARY) WHERE tenant = ?1 AND hash IN (?*) ORDER BY hash /*lock*/"),
    };

    private static readonly Sql SelectScopeRefs = new("SELECT refs FROM scope_chunk WHERE tenant = ?1 AND chunk = ?2 AND scope = ?3");

    private static readonly Sql SelectReference = new("SELECT 1 FROM chunk_reference WHERE tenant = ?1 AND chunk = ?2 AND upload = ?3");

    private static readonly Sql InsertReference = new("INSERT INTO chunk_reference (tenant, chunk, upload) VALUES (?1, ?2, ?3)");

    private static readonly Sql DeleteReference = new("DELETE FROM chunk_reference WHERE tenant = ?1 AND chunk = ?2 AND upload = ?3");

    private static readonly Sql InsertChunk = new("INSERT INTO chunk (tenant, hash, size, refs, unreferenced_since) VALUES (?1, ?2, ?3, 1, NULL)");

    private static readonly Sql CountChunk = new("UPDATE chunk SET refs = refs + 1, unreferenced_since = NULL WHERE tenant = ?1 AND hash = ?2");

    // unreferenced_since first: MariaDB evaluates assignments from left to right, with the new values.
    private static readonly Sql UncountChunk = new(
        "UPDATE chunk SET unreferenced_since = CASE WHEN refs = 1 THEN ?3 ELSE NULL END, refs = refs - 1 WHERE tenant = ?1 AND hash = ?2");

    private static readonly Sql InsertScopeChunk = new("INSERT INTO scope_chunk (tenant, chunk, scope, refs) VALUES (?1, ?2, ?3, 1)");

    private static readonly Sql CountScopeChunk = new("UPDATE scope_chunk SET refs = refs + 1 WHERE tenant = ?1 AND chunk = ?2 AND scope = ?3");

    private static readonly Sql UncountScopeChunk = new("UPDATE scope_chunk SET refs = refs - 1 WHERE tenant = ?1 AND chunk = ?2 AND scope = ?3 AND refs > 1");

    private static readonly Sql DeleteScopeChunk = new("DELETE FROM scope_chunk WHERE tenant = ?1 AND chunk = ?2 AND scope = ?3");

    /// <summary>Locks the chunk and reads its length; null when it is unknown.</summary>
    public static long? LockSize(CatalogSession session, TenantId tenant, byte[] hash) => session.Scalar(SelectChunk, tenant, hash);

    /// <summary>Locks chunks in ascending order, the order in which everybody does.</summary>
    public static void LockAll(CatalogSession session, TenantId tenant, IEnumerable<byte[]> hashes)
    {
        var ordered = new List<byte[]>();
        foreach (var hash in hashes.Order(ByteOrder.Instance))
        {
            if (ordered.Count == 0 || !hash.AsSpan().SequenceEqual(ordered[^1]))
            {
                ordered.Add(hash);
            }
        }

        ordered.ForEach(hash => ExpectLock(session, tenant, hash));
        ordered.ForEach(hash => LockSize(session, tenant, hash));
    }

    /// <summary><see cref="LockSize"/> is going to be asked; the order of these calls is that of the locks.</summary>
    public static void ExpectLock(CatalogSession session, TenantId tenant, byte[] hash) => session.Expect(SelectChunk, tenant, hash);

    /// <summary>Uploads and versions of a scope that reference a chunk.</summary>
    public static long ScopeRefs(CatalogSession session, TenantId tenant, ScopeId scope, byte[] hash) =>
        session.Scalar(SelectScopeRefs, tenant, hash, scope) ?? 0;

    /// <summary>Whether an upload references a chunk.</summary>
    public static bool IsReferenced(CatalogSession session, TenantId tenant, byte[] hash, byte[] upload) =>
        session.Exists(SelectReference, tenant, hash, upload);

    /// <summary>Adds an upload's reference to a chunk, which must not be there yet, and makes the chunk where it is unknown.</summary>
    public static void AddReference(CatalogSession session, TenantId tenant, ScopeId scope, byte[] hash, long size, byte[] upload, bool chunkExists, bool scopeHasIt)
    {
        session.Post(InsertReference, tenant, hash, upload);
        if (chunkExists)
        {
            session.Post(CountChunk, tenant, hash);
        }
        else
        {
            session.Post(InsertChunk, tenant, hash, size);
        }

        if (scopeHasIt)
        {
            session.Post(CountScopeChunk, tenant, hash, scope);
        }
        else
        {
            session.Post(InsertScopeChunk, tenant, hash, scope);
            UsageLedger.AddUnique(session, tenant, scope, size, 1);
        }
    }

    /// <summary>Takes an upload's reference away; nothing where there is none (any more).</summary>
    /// <returns>True when this was the scope's last reference to the chunk: the caller takes it out of the unique bytes.</returns>
    public static bool RemoveReference(CatalogSession session, TenantId tenant, ScopeId scope, byte[] hash, byte[] upload)
    {
        if (session.Execute(DeleteReference, tenant, hash, upload) == 0)
        {
            return false;
        }

        session.Post(UncountChunk, tenant, hash, session.Now);
        return session.Execute(UncountScopeChunk, tenant, hash, scope) == 0
            && session.Execute(DeleteScopeChunk, tenant, hash, scope) != 0;
    }
}

/// <summary>Hashes in the order of their bytes, as both databases order them.</summary>
internal sealed class ByteOrder : IComparer<byte[]>
{
    public static readonly ByteOrder Instance = new();

    public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
}
