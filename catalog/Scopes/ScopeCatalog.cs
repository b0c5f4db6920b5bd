using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Scopes: settings, attachments and deletion. Files are <see cref="NamespaceCatalog"/>'s.</summary>
public sealed partial class ScopeCatalog(CatalogDatabase database, TopologyCache topology)
{
    private const string DefaultStore = "local";
    private const int DefaultPriority = 100;

    private static readonly Sql SelectTenant = new("SELECT id FROM tenant WHERE id = ?1 AND state = 0");

    private static readonly Sql SelectByName = new("SELECT id FROM scope WHERE tenant = ?1 AND name = ?2");

    private static readonly Sql SelectActive = new("SELECT id FROM scope WHERE id = ?1 AND tenant = ?2 AND state = 0");

    private static readonly Sql InsertScope = new(
        "INSERT INTO scope (id, tenant, name, quota, keep_versions, keep_days, created, legal_hold) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");

    private static readonly Sql InsertHead = new("INSERT INTO scope_head (scope, sequence) VALUES (?1, 0)");

    private static readonly Sql LockHead = new("SELECT sequence FROM scope_head WHERE scope = ?1 /*lock*/");

    private static readonly Sql UpdateScope = new("UPDATE scope SET quota = ?2, keep_versions = ?3, keep_days = ?4, legal_hold = ?5 WHERE id = ?1");

    private static readonly Sql SelectKeep = new("SELECT keep_versions, legal_hold, holds FROM scope WHERE id = ?1 /*lock*/");

    private static readonly Sql SelectDefaultStore = new("SELECT id FROM store WHERE name = ?1 AND state = 0");

    private static readonly Sql RetireScope = new("UPDATE scope SET state = 1, name = name || '~' || id WHERE id = ?1");

    private static readonly Sql SelectKept = new("SELECT 1 FROM file_version WHERE tenant = ?1 AND scope = ?2 AND deleted = 0 LIMIT 1");

    private static readonly Sql SelectOpenUpload = new("SELECT 1 FROM upload WHERE tenant = ?1 AND scope = ?2 AND state = 0 LIMIT 1");

    /// <summary>
    /// Creates a scope and attaches the store named <c>local</c> at 100/100 where there is one that the tenant may use;
    /// otherwise it has no store, and a warning says so (D56).
    /// </summary>
    public async Task<CreatedResult<ScopeId>> CreateAsync(TenantId tenant, string name, ScopeSettings settings, OperationKey? operation, CancellationToken cancellationToken)
    {
        var outcome = await RunAsync(tenant, operation, session => Create(session, tenant, name, settings), cancellationToken);
        return outcome.ToCreated(static id => new ScopeId(id));
    }

    /// <summary>
    /// Replaces quota, retention and legal hold. Versions that retention no longer protects, or that a hold kept, go in the
    /// background.
    /// </summary>
    public async Task<AdminResult> UpdateAsync(TenantId tenant, ScopeId scope, ScopeSettings settings, OperationKey? operation, CancellationToken cancellationToken) =>
        (await RunAsync(tenant, operation, session => Update(session, tenant, scope, settings), cancellationToken)).ToResult();

    /// <summary>
    /// Marks a scope as deleting: it is out of sight at once, and its name free; background pages empty and remove it.
    /// </summary>
    /// <param name="tenant">Its tenant.</param>
    /// <param name="scope">The scope.</param>
    /// <param name="force">Also when it holds files or open uploads.</param>
    /// <param name="operation">Idempotency key.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Done when it was empty, Accepted when there is something to remove first, NotEmpty when not forced.</returns>
    public async Task<AdminResult> MarkDeletingAsync(TenantId tenant, ScopeId scope, bool force, OperationKey? operation, CancellationToken cancellationToken) =>
        (await RunAsync(tenant, operation, session => MarkDeleting(session, tenant, scope, force), cancellationToken)).ToResult();

    /// <summary>Attaches a store or replaces the attachment's settings, all rules checked in the transaction (D5, D32, D38, D52, D55).</summary>
    public async Task<AdminResult> PutAttachmentAsync(TenantId tenant, ScopeId scope, AttachmentSettings settings, OperationKey? operation, CancellationToken cancellationToken) =>
        (await RunAsync(
            tenant,
            operation,
            session => session.Exists(SelectActive, scope, tenant) ? AttachmentTable.Put(session, tenant, scope, settings) : ScopeNotFound(),
            cancellationToken)).ToResult();

    /// <summary>
    /// First step of detaching: nothing new relies on the store from now on (design, Writing 8). An attachment that is leaving
    /// already, as after a crash, goes over to the new attempt; the earlier one can no longer complete.
    /// </summary>
    public async Task<DetachAttempt> MarkLeavingAsync(TenantId tenant, ScopeId scope, StoreId store, CancellationToken cancellationToken)
    {
        var marked = await database.WriteAsync(session => MarkLeaving(session, tenant, scope, store), cancellationToken);
        await topology.RefreshAsync(cancellationToken);
        return new DetachAttempt(marked.Outcome.ToResult(), marked.Attempt);
    }

    /// <summary>Last step of detaching; Conflict when the attachment is not leaving by this attempt.</summary>
    public async Task<AdminResult> CompleteDetachAsync(
        TenantId tenant, ScopeId scope, StoreId store, long attempt, OperationKey? operation, CancellationToken cancellationToken) =>
        (await RunAsync(
            tenant,
            operation,
            session =>
            {
                if (!AttachmentTable.RemoveLeaving(session, scope, store, attempt))
                {
                    return AdminOutcome.Refuse(AdminStatus.Conflict, "The store is not being detached.", "store");
                }

                TopologyTables.Bump(session);
                return AdminOutcome.Done;
            },
            cancellationToken)).ToResult();

    /// <summary>Undoes the first step of detaching, of one attempt or, with null, of whichever there is.</summary>
    public async Task<AdminResult> PutBackAsync(TenantId tenant, ScopeId scope, StoreId store, long? attempt, CancellationToken cancellationToken) =>
        (await RunAsync(
            tenant,
            null,
            session =>
            {
                if ((attempt ?? AttachmentTable.FindAttempt(session, scope, store)) is { } leaving and not 0
                    && AttachmentTable.Move(session, scope, store, from: leaving, to: 0))
                {
                    TopologyTables.Bump(session);
                }

                return AdminOutcome.Done;
            },
            cancellationToken)).ToResult();

    private async Task<AdminOutcome> RunAsync(TenantId tenant, OperationKey? operation, Func<CatalogSession, AdminOutcome> work, CancellationToken cancellationToken)
    {
        var outcome = await database.WriteAsync(session => AdminOutcome.RunOnce(session, tenant, operation, () => work(session)), cancellationToken);
        await topology.RefreshAsync(cancellationToken);
        return outcome;
    }

    private static AdminOutcome Create(CatalogSession session, TenantId tenant, string name, ScopeSettings settings)
    {
        if (!ResourceName.IsValid(name))
        {
            return AdminOutcome.Invalid(ResourceName.Rule, "name");
        }

        if (Check(settings) is { } refused)
        {
            return refused;
        }

        if (!session.Exists(SelectTenant, tenant))
        {
            return AdminOutcome.Refuse(AdminStatus.NotFound, "There is no such tenant.");
        }

        if (session.Exists(SelectByName, tenant, name))
        {
            return AdminOutcome.Refuse(AdminStatus.Conflict, $"There is a scope named '{name}'.", "name");
        }

        var id = new ScopeId(session.NextId("scope"));
        session.Execute(InsertScope, id, tenant, name, settings.QuotaBytes, settings.KeepVersions, settings.KeepDays, session.Now, settings.LegalHold);
        session.Execute(InsertHead, id);
        UsageLedger.Insert(session, tenant, id, settings.QuotaBytes);
        var warnings = AttachDefault(session, tenant, id);
        TopologyTables.Bump(session);
        return new AdminOutcome(AdminStatus.Created, Warnings: warnings, Id: id.ToString());
    }

    private static string[]? AttachDefault(CatalogSession session, TenantId tenant, ScopeId scope)
    {
        if (session.Scalar(SelectDefaultStore, DefaultStore) is not { } id)
        {
            return [$"There is no store named '{DefaultStore}', so the scope has no store yet; attach one before writing files."];
        }

        var store = new StoreId(id);
        if (AttachmentTable.CheckStore(session, tenant, scope, store) is not null)
        {
            return [$"The store '{DefaultStore}' cannot be used for this scope, so it has no store yet; attach one before writing files."];
        }

        var settings = new AttachmentSettings { Store = store, UploadPriority = DefaultPriority, DownloadPriority = DefaultPriority };
        AttachmentTable.Write(session, scope, settings);
        return null;
    }

    private static AdminOutcome Update(CatalogSession session, TenantId tenant, ScopeId scope, ScopeSettings settings)
    {
        if (!session.Exists(SelectActive, scope, tenant))
        {
            return ScopeNotFound();
        }

        if (Check(settings) is { } refused)
        {
            return refused;
        }

        // A commit that saw the old settings is over when the new ones are acknowledged: nothing is pruned after a hold.
        session.Exists(LockHead, scope);
        if (settings.KeepVersions < Keep(session, scope).Versions)
        {
            VersionWalks.Begin(session, tenant, scope);
        }

        session.Execute(UpdateScope, scope, settings.QuotaBytes, settings.KeepVersions, settings.KeepDays, settings.LegalHold);
        UsageLedger.SetQuota(session, tenant, scope, settings.QuotaBytes);
        TopologyTables.Bump(session);
        return AdminOutcome.Done;
    }

    private static AdminOutcome MarkDeleting(CatalogSession session, TenantId tenant, ScopeId scope, bool force)
    {
        if (!session.Exists(SelectActive, scope, tenant))
        {
            return ScopeNotFound();
        }

        var (_, held, holds) = Keep(session, scope);
        if (held || holds > 0)
        {
            return AdminOutcome.Refuse(
                AdminStatus.LegalHold, held ? "The scope is under legal hold." : $"The scope has {holds} files under legal hold.");
        }

        var files = UsageLedger.Find(session, tenant, scope)?.Files ?? 0;
        var empty = files == 0 && !session.Exists(SelectKept, tenant, scope) && !session.Exists(SelectOpenUpload, tenant, scope);
        if (!empty && !force)
        {
            return AdminOutcome.Refuse(AdminStatus.NotEmpty, $"The scope still holds {files} files, earlier versions of files, or open uploads.");
        }

        session.Execute(RetireScope, scope);
        TopologyTables.Bump(session);
        return new AdminOutcome(empty ? AdminStatus.Done : AdminStatus.Accepted);
    }

    private static (int Versions, bool Held, long Holds) Keep(CatalogSession session, ScopeId scope)
    {
        using var rows = session.Query(SelectKeep, scope);
        return rows.Read() ? (rows.Int(0), rows.Flag(1), rows.Long(2)) : default;
    }

    private static (AdminOutcome Outcome, long Attempt) MarkLeaving(CatalogSession session, TenantId tenant, ScopeId scope, StoreId store)
    {
        if (!session.Exists(SelectActive, scope, tenant))
        {
            return (ScopeNotFound(), 0);
        }

        if (AttachmentTable.FindAttempt(session, scope, store) is not { } before)
        {
            return (AdminOutcome.Refuse(AdminStatus.NotFound, "The scope has no such store.", "store"), 0);
        }

        if (AttachmentTable.IsDrainTarget(session, scope, store))
        {
            return (AdminOutcome.Refuse(AdminStatus.Conflict, "Another store of the scope is drained to this one.", "store"), 0);
        }

        TopologyTables.Bump(session);
        var attempt = TopologyTables.Version(session);
        AttachmentTable.Move(session, scope, store, before, attempt);
        return (AdminOutcome.Done, attempt);
    }

    private static AdminOutcome? Check(ScopeSettings settings)
    {
        if (settings.QuotaBytes < 0)
        {
            return AdminOutcome.Invalid("A quota is 0 or more bytes.", "quotaBytes");
        }

        if (settings.KeepVersions < 1)
        {
            return AdminOutcome.Invalid("At least 1 version is kept: the current one.", "keepVersions");
        }

        return settings.KeepDays < 0 ? AdminOutcome.Invalid("Versions are kept for 0 or more days.", "keepDays") : null;
    }

    private static AdminOutcome ScopeNotFound() => AdminOutcome.Refuse(AdminStatus.NotFound, "There is no such scope.");
}
