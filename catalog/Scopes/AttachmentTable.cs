using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Rows of attachment, and the rules an attachment keeps (D5, D9, D32, D38, D52, D55).</summary>
internal static class AttachmentTable
{
    private static readonly Sql SelectOne = new("SELECT state, read_only, write_only, drain FROM attachment WHERE scope = ?1 AND store = ?2");

    private static readonly Sql ReplaceOne = new("""
        REPLACE INTO attachment (scope, store, upload_priority, download_priority, populate, drain, drain_to, read_only, write_only, soft_max_size, state)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
        """);

    // state: 0 active, else leaving; the number tells one attempt to detach from another.
    private static readonly Sql UpdateState = new("UPDATE attachment SET state = ?3 WHERE scope = ?1 AND store = ?2 AND state = ?4");

    private static readonly Sql DeleteLeaving = new("DELETE FROM attachment WHERE scope = ?1 AND store = ?2 AND state = ?3");

    private static readonly Sql DeleteOfScope = new("DELETE FROM attachment WHERE scope = ?1");

    private static readonly Sql DeleteOfStore = new("DELETE FROM attachment WHERE store = ?1");

    private static readonly Sql CountOthers = new("SELECT COUNT(*) FROM attachment WHERE store = ?1 AND scope <> ?2");

    private static readonly Sql SelectAllowed = new("""
        SELECT s.instance_wide FROM store s JOIN tenant_store t ON t.store = s.id AND t.tenant = ?2 WHERE s.id = ?1 AND s.state = 0
        """);

    private static readonly Sql SelectDrainingTo = new("SELECT 1 FROM attachment WHERE scope = ?1 AND drain_to = ?2 AND store <> ?2");

    /// <summary>State of an attachment; null when the store is not attached.</summary>
    public static AttachmentState? FindState(CatalogSession session, ScopeId scope, StoreId store) =>
        FindAttempt(session, scope, store) is { } attempt ? (attempt == 0 ? AttachmentState.Active : AttachmentState.Leaving) : null;

    /// <summary>The attempt to detach that an attachment is in, 0 when it is active; null when the store is not attached.</summary>
    public static long? FindAttempt(CatalogSession session, ScopeId scope, StoreId store) => session.Scalar(SelectOne, scope, store);

    /// <summary>Attaches a store or replaces the attachment's settings, if every rule holds.</summary>
    public static AdminOutcome Put(CatalogSession session, TenantId tenant, ScopeId scope, AttachmentSettings settings)
    {
        var state = FindAttempt(session, scope, settings.Store);
        if (CheckValues(settings) is { } invalid)
        {
            return invalid;
        }

        if (state is null && CheckStore(session, tenant, scope, settings.Store) is { } refused)
        {
            return refused;
        }

        if (CheckTargets(session, scope, settings) is { } wrongTarget)
        {
            return wrongTarget;
        }

        Write(session, scope, settings, state ?? 0);
        if (!settings.Populate)
        {
            PopulateProgressTable.Forget(session, scope, settings.Store);
        }

        TopologyTables.Bump(session);
        return new AdminOutcome(state is null ? AdminStatus.Created : AdminStatus.Done);
    }

    /// <summary>Whether a tenant's scope may attach a store; null when it may.</summary>
    public static AdminOutcome? CheckStore(CatalogSession session, TenantId tenant, ScopeId scope, StoreId store)
    {
        var instanceWide = session.Scalar(SelectAllowed, store, tenant);
        if (instanceWide is null)
        {
            return AdminOutcome.Refuse(AdminStatus.NotFound, "There is no such store that this tenant may attach.", "store");
        }

        return instanceWide == 0 && session.Scalar(CountOthers, store, scope) > 0
            ? AdminOutcome.Refuse(AdminStatus.Conflict, "The store is not instance-wide and another scope uses it already.", "store")
            : null;
    }

    /// <summary>Writes a row without checks.</summary>
    public static void Write(CatalogSession session, ScopeId scope, AttachmentSettings settings, long attempt = 0) =>
        session.Execute(
            ReplaceOne, scope, settings.Store, settings.UploadPriority, settings.DownloadPriority, settings.Populate, settings.Drain,
            settings.DrainTo?.Value, settings.ReadOnly, settings.WriteOnly, settings.SoftMaxSize, attempt);

    /// <summary>Moves an attachment from one attempt to detach (0: active) to another; false when it was not in the first.</summary>
    public static bool Move(CatalogSession session, ScopeId scope, StoreId store, long from, long to) =>
        session.Execute(UpdateState, scope, store, to, from) != 0;

    /// <summary>Removes an attachment that is leaving by this very attempt.</summary>
    public static bool RemoveLeaving(CatalogSession session, ScopeId scope, StoreId store, long attempt)
    {
        if (attempt == 0 || session.Execute(DeleteLeaving, scope, store, attempt) == 0)
        {
            return false;
        }

        PopulateProgressTable.Forget(session, scope, store);
        return true;
    }

    /// <summary>Removes all attachments of a scope.</summary>
    public static void RemoveOfScope(CatalogSession session, ScopeId scope)
    {
        session.Execute(DeleteOfScope, scope);
        PopulateProgressTable.ForgetScope(session, scope);
    }

    /// <summary>Removes all attachments of a store.</summary>
    public static int RemoveOfStore(CatalogSession session, StoreId store)
    {
        PopulateProgressTable.ForgetStore(session, store);
        return session.Execute(DeleteOfStore, store);
    }

    /// <summary>Another attachment of the scope drains to this store.</summary>
    public static bool IsDrainTarget(CatalogSession session, ScopeId scope, StoreId store) => session.Exists(SelectDrainingTo, scope, store);

    private static AdminOutcome? CheckValues(AttachmentSettings settings)
    {
        if (settings.Populate && (settings.Drain || settings.ReadOnly))
        {
            return AdminOutcome.Invalid("A store that is populated is neither drained nor read-only.", "populate");
        }

        if (settings.DrainTo is not null && !settings.Drain)
        {
            return AdminOutcome.Invalid("A target of draining goes with draining.", "drain");
        }

        if (settings.DrainTo == settings.Store)
        {
            return AdminOutcome.Invalid("A store is not drained to itself.", "drain");
        }

        return settings.SoftMaxSize < 0 ? AdminOutcome.Invalid("A soft limit is 0 or more bytes.", "softMaxSize") : null;
    }

    private static AdminOutcome? CheckTargets(CatalogSession session, ScopeId scope, AttachmentSettings settings)
    {
        if (settings.DrainTo is { } target)
        {
            using var rows = session.Query(SelectOne, scope, target);
            if (!rows.Read() || rows.Long(0) != (long)AttachmentState.Active)
            {
                return AdminOutcome.Invalid("The scope has no such store to drain to.", "drain");
            }

            if (rows.Flag(1) || rows.Flag(2))
            {
                return AdminOutcome.Invalid("The store to drain to is read-only or write-only in this scope.", "drain");
            }

            if (rows.Flag(3))
            {
                return AdminOutcome.Invalid("The store to drain to is drained itself in this scope.", "drain");
            }
        }

        return (settings.ReadOnly || settings.WriteOnly || settings.Drain) && IsDrainTarget(session, scope, settings.Store)
            ? AdminOutcome.Refuse(
                AdminStatus.Conflict, "Another store of the scope is drained to this one.", settings.ReadOnly ? "readOnly" : settings.WriteOnly ? "writeOnly" : "drain")
            : null;
    }
}
