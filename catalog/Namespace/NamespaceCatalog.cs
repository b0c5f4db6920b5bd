using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// The files of scopes: groups of changes by their single writer, and every read of names, versions and manifests. No read
/// calls a grain.
/// </summary>
public sealed class NamespaceCatalog(CatalogDatabase database)
{
    /// <summary>Pass as the expected sequence when the caller does not know the head.</summary>
    public const long UnknownSequence = -1;

    private static readonly Sql SelectHead = new("SELECT sequence FROM scope_head WHERE scope = ?1");

    /// <summary>
    /// Applies a group of changes in one transaction; each is decided alone. When the head is not where the caller believes
    /// it, nothing is done and <see cref="NamespaceGroupResult.HeadMoved"/> says so.
    /// </summary>
    public Task<NamespaceGroupResult> ApplyAsync(
        TenantId tenant, ScopeId scope, long expectedSequence, IReadOnlyList<NamespaceOperation> operations, CancellationToken cancellationToken) =>
        database.WriteAsync(session => NamespaceGroup.Apply(session, tenant, scope, expectedSequence, operations), cancellationToken);

    /// <summary>Sequence number of the scope's last change; 0 when it has none, or is unknown.</summary>
    public Task<long> GetHeadAsync(ScopeId scope, CancellationToken cancellationToken) =>
        database.ReadAsync(session => session.Scalar(SelectHead, scope) ?? 0, cancellationToken);

    /// <summary>Finds a file and the copies of its first chunks: all that a GET needs, in one read.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="scope">The scope.</param>
    /// <param name="path">The file.</param>
    /// <param name="version">A version's number; null for the current one.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<FileLookup> FindAsync(TenantId tenant, ScopeId scope, FilePath path, long? version, CancellationToken cancellationToken) =>
        database.ReadAsync(session => FileReader.Find(session, tenant, scope, path, version), cancellationToken);

    /// <summary>Reads chunks of a manifest with their stored copies, in order.</summary>
    public Task<IReadOnlyList<ChunkWithCopies>> ReadChunksAsync(TenantId tenant, UploadId manifest, int fromIndex, int count, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<ChunkWithCopies>>(session => ManifestReader.ReadChunks(session, tenant, manifest, fromIndex, count), cancellationToken);

    /// <summary>Reads a page of a manifest without copies.</summary>
    public Task<IReadOnlyList<ManifestEntry>> ManifestAsync(TenantId tenant, UploadId manifest, int fromIndex, int count, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<ManifestEntry>>(session => ManifestReader.Read(session, tenant, manifest, fromIndex, count), cancellationToken);

    /// <summary>Looks a chunk's stored copies up again, when one of them has gone.</summary>
    public Task<IReadOnlyList<ChunkCopy>> GetCopiesAsync(TenantId tenant, ChunkHash hash, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<ChunkCopy>>(session => ManifestReader.Copies(session, tenant, hash), cancellationToken);

    /// <summary>
    /// One page of a listing in byte order. The cost depends on what is returned, not on where the page lies; with a
    /// delimiter, everything below a common prefix is skipped by seeking.
    /// </summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="scope">The scope.</param>
    /// <param name="prefix">Beginning of the paths; empty for all.</param>
    /// <param name="delimiter">Text that ends a common prefix; null for none.</param>
    /// <param name="after">Path or prefix after which the page begins: what the last page gave as next.</param>
    /// <param name="limit">Items and prefixes together, at least 1.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<FileListing> ListAsync(TenantId tenant, ScopeId scope, string prefix, string? delimiter, string? after, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var request = new ListingRequest(tenant, scope, prefix, string.IsNullOrEmpty(delimiter) ? null : delimiter, after, limit);
        return database.ReadAsync(session => Listing.Read(session, request), cancellationToken);
    }

    /// <summary>Kept versions of a path, newest first, tombstones included.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="scope">The scope.</param>
    /// <param name="path">The file.</param>
    /// <param name="before">Only versions with lower numbers; null for all.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<IReadOnlyList<FileVersionInfo>> VersionsAsync(TenantId tenant, ScopeId scope, FilePath path, long? before, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<FileVersionInfo>>(session => FileReader.Versions(session, tenant, scope, path, before, limit), cancellationToken);

    /// <summary>For a page of a version's chunks: every location of every state, and who references them.</summary>
    /// <returns>Null when there is no such version.</returns>
    public Task<IReadOnlyList<ExplainedChunk>?> ExplainAsync(TenantId tenant, ScopeId scope, FilePath path, long? version, int fromIndex, int count, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<ExplainedChunk>?>(session => ChunkExplainer.Explain(session, tenant, scope, path, version, fromIndex, count), cancellationToken);
}
