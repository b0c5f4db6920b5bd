using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// The catalog checked against itself, page by page, while uploads go on. What looks wrong in a snapshot is looked at again
/// under the lock of its chunk, and only that counts; sums are compared by one statement each, and put right by their
/// difference, which stays right whatever is committed in between.
/// </summary>
public sealed class FsckCatalog(CatalogDatabase database)
{
    /// <summary>Chunks of a tenant, or those that one scope references, and their bytes.</summary>
    public Task<TaskTotals> MeasureAsync(TenantId tenant, ScopeId? scope, CancellationToken cancellationToken) =>
        database.ReadAsync(session => ChunkAudit.Measure(session, tenant, scope), cancellationToken);

    /// <summary>Stored copies in one store of the chunks that a scope references, and their bytes.</summary>
    public Task<TaskTotals> MeasureAsync(StoreId store, ScopeId scope, CancellationToken cancellationToken) =>
        database.ReadAsync(session => SpaceAudit.MeasureScope(session, store, scope), cancellationToken);

    /// <summary>Recounts the references of a page of chunks, and looks whether what versions need is stored.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="scope">Only chunks that this scope references; null for all.</param>
    /// <param name="after">Chunks after this one; null from the first.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="repair">Puts right what differs.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ChunkAuditPage> ChunksAsync(TenantId tenant, ScopeId? scope, ChunkHash? after, int limit, bool repair, CancellationToken cancellationToken)
    {
        var (page, suspects) = await database.ReadAsync(session => ChunkAudit.Look(session, tenant, scope, after, limit), cancellationToken);
        var findings = new List<TaskFinding>();
        foreach (var suspect in suspects)
        {
            findings.AddRange(await database.WriteAsync(session => ChunkAudit.Decide(session, tenant, suspect, repair), cancellationToken));
        }

        return page with { Findings = findings };
    }

    /// <summary>Looks whether the manifests of a page of versions are whole and hold their chunks.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="scope">Only of this scope; null for all.</param>
    /// <param name="kept">Superseded versions that are kept; else current ones.</param>
    /// <param name="after">Versions after this one; null from the first.</param>
    /// <param name="repair">Puts right what differs.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ManifestAuditPage> ManifestsAsync(
        TenantId tenant, ScopeId? scope, bool kept, VersionPosition? after, bool repair, CancellationToken cancellationToken)
    {
        var (page, suspects) = await database.ReadAsync(session => ManifestAudit.Look(session, tenant, scope, kept, after), cancellationToken);
        var findings = new List<TaskFinding>();
        foreach (var suspect in suspects)
        {
            findings.AddRange(await database.WriteAsync(session => ManifestAudit.Decide(session, tenant, suspect, kept, repair), cancellationToken));
        }

        return page with { Findings = findings };
    }

    /// <summary>The scope after one whose usage is recounted next; null after the last.</summary>
    public Task<ScopeId?> NextScopeAsync(TenantId tenant, ScopeId after, CancellationToken cancellationToken) =>
        database.ReadAsync(session => UsageAudit.Next(session, tenant, after), cancellationToken);

    /// <summary>Recounts what quotas count; <paramref name="scope"/> null for the tenant's own sum.</summary>
    public Task<SumAudit> UsageAsync(TenantId tenant, ScopeId? scope, bool repair, CancellationToken cancellationToken) =>
        database.ReadAsync(session => UsageAudit.Look(session, tenant, scope, repair), cancellationToken);

    /// <summary>Recounts what a store is charged for and holds.</summary>
    public Task<SumAudit> SpaceAsync(StoreId store, bool repair, CancellationToken cancellationToken) =>
        database.ReadAsync(session => SpaceAudit.Look(session, store, repair), cancellationToken);
}
