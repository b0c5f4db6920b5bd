using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Legal holds on single files (S22); a hold on a whole scope is one of its settings. Setting one waits for a commit that
/// runs: when it is acknowledged, nothing of the file is pruned any more.
/// </summary>
public sealed class HoldCatalog(CatalogDatabase database)
{
    /// <summary>Characters of a reason.</summary>
    public const int MaxReason = 500;

    private static readonly Sql LockHead = new("SELECT sequence FROM scope_head WHERE scope = ?1 /*lock*/");

    private static readonly Sql SelectActive = new("SELECT id FROM scope WHERE id = ?1 AND tenant = ?2 AND state = 0 /*lock*/");

    /// <summary>Sets a hold on a path that has or had a file.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="scope">The scope.</param>
    /// <param name="path">The file.</param>
    /// <param name="by">Name of the credential.</param>
    /// <param name="reason">Why; null leaves the reason of a hold that is there.</param>
    /// <param name="operation">Idempotency key.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Created; Done when it was held already; NotFound when nothing of the path is kept.</returns>
    public async Task<AdminResult> PutAsync(
        TenantId tenant, ScopeId scope, FilePath path, string by, string? reason, OperationKey? operation, CancellationToken cancellationToken)
    {
        var outcome = await database.WriteAsync(
            session => AdminOutcome.RunOnce(session, tenant, operation, () => Put(session, tenant, scope, path.ToUtf8(), by, reason)), cancellationToken);
        return outcome.ToResult();
    }

    /// <summary>Ends a hold; what retention no longer protects goes in the background.</summary>
    public async Task<AdminResult> RemoveAsync(TenantId tenant, ScopeId scope, FilePath path, OperationKey? operation, CancellationToken cancellationToken)
    {
        var outcome = await database.WriteAsync(
            session => AdminOutcome.RunOnce(session, tenant, operation, () => Remove(session, tenant, scope, path.ToUtf8())), cancellationToken);
        return outcome.ToResult();
    }

    /// <summary>The hold of one file, or null.</summary>
    public Task<FileHold?> FindAsync(TenantId tenant, ScopeId scope, FilePath path, CancellationToken cancellationToken) =>
        database.ReadAsync(session => HoldTable.Find(session, tenant, scope, path.ToUtf8()), cancellationToken);

    /// <summary>A page of a scope's held files in the byte order of their paths.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="scope">The scope.</param>
    /// <param name="after">The path after which the page begins; null from the first.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<IReadOnlyList<FileHold>> ListAsync(TenantId tenant, ScopeId scope, FilePath? after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<FileHold>>(session => HoldTable.List(session, tenant, scope, after?.ToUtf8() ?? [], limit), cancellationToken);

    private static AdminOutcome Put(CatalogSession session, TenantId tenant, ScopeId scope, byte[] path, string by, string? reason)
    {
        if (reason?.Length > MaxReason)
        {
            return AdminOutcome.Invalid($"A reason has at most {MaxReason} characters.", "reason");
        }

        session.Exists(LockHead, scope);
        if (!session.Exists(SelectActive, scope, tenant))
        {
            return AdminOutcome.Refuse(AdminStatus.NotFound, "There is no such scope.");
        }

        if (FileTable.NewestNumber(session, tenant, scope, path) == 0)
        {
            return AdminOutcome.Refuse(AdminStatus.NotFound, "There is no such file, and no version of one.");
        }

        return HoldTable.Put(session, tenant, scope, path, by, reason) ? new AdminOutcome(AdminStatus.Created) : AdminOutcome.Done;
    }

    private static AdminOutcome Remove(CatalogSession session, TenantId tenant, ScopeId scope, byte[] path)
    {
        session.Exists(LockHead, scope);
        if (!session.Exists(SelectActive, scope, tenant))
        {
            return AdminOutcome.Refuse(AdminStatus.NotFound, "There is no such scope.");
        }

        if (!HoldTable.Remove(session, tenant, scope, path))
        {
            return AdminOutcome.Refuse(AdminStatus.NotFound, "The file is not under legal hold.");
        }

        VersionWalks.Begin(session, tenant, scope, path);
        return AdminOutcome.Done;
    }
}
