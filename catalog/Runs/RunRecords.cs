using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>A run to create.</summary>
public sealed record NewRun : RunOrder
{
    /// <summary>Why.</summary>
    public required RunTrigger Trigger { get; init; }

    /// <summary>What kind of run.</summary>
    public RunKind Kind { get; init; }

    /// <summary>Who asked; <c>granary</c> for itself. At most 200 characters.</summary>
    public string Actor { get; init; } = "granary";

    /// <summary>Its tasks, in the order in which they are shown and numbered.</summary>
    public required IReadOnlyList<NewRunTask> Tasks { get; init; }
}

/// <summary>A task of a run to create.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Phase">Tasks of a phase begin when all of earlier phases have ended; from 0.</param>
/// <param name="Tenant">Whose chunks; null for all.</param>
/// <param name="Scope">The scope whose policy it is.</param>
/// <param name="Store">The store that it concerns.</param>
public sealed record NewRunTask(MaintenanceTaskKind Kind, int Phase, TenantId? Tenant = null, ScopeId? Scope = null, StoreId? Store = null);

/// <summary>What does a task: the maintenance grain of a tenant, a scope or a store.</summary>
public enum RunTaskOwnerKind
{
    /// <summary>The tenant's.</summary>
    Tenant = 0,

    /// <summary>The scope's.</summary>
    Scope = 1,

    /// <summary>The store's.</summary>
    Store = 2,
}

/// <summary>The maintenance grain that does a task.</summary>
/// <param name="Kind">Which kind of grain.</param>
/// <param name="Id">Id of the tenant, scope or store.</param>
public readonly record struct RunTaskOwner(RunTaskOwnerKind Kind, long Id)
{
    /// <summary>The tenant's grain.</summary>
    public static RunTaskOwner Of(TenantId tenant) => new(RunTaskOwnerKind.Tenant, tenant.Value);

    /// <summary>The scope's grain.</summary>
    public static RunTaskOwner Of(ScopeId scope) => new(RunTaskOwnerKind.Scope, scope.Value);

    /// <summary>The store's grain.</summary>
    public static RunTaskOwner Of(StoreId store) => new(RunTaskOwnerKind.Store, store.Value);

    /// <summary>Who does a task (design, section 4).</summary>
    /// <exception cref="ArgumentException">The task does not say whose or where.</exception>
    public static RunTaskOwner Of(NewRunTask task) => task switch
    {
        { Kind: MaintenanceTaskKind.Populate or MaintenanceTaskKind.Drain or MaintenanceTaskKind.ShrinkScope, Scope: { } scope } => Of(scope),
        { Kind: MaintenanceTaskKind.Collect or MaintenanceTaskKind.ExpireVersions or MaintenanceTaskKind.ExpireUploads, Tenant: { } tenant } => Of(tenant),
        { Kind: MaintenanceTaskKind.ShrinkStore or MaintenanceTaskKind.Verify or MaintenanceTaskKind.Sweep or MaintenanceTaskKind.Scrub or MaintenanceTaskKind.EmptyStore, Store: { } store } => Of(store),
        { Kind: MaintenanceTaskKind.Fsck, Store: { } store } => Of(store),
        { Kind: MaintenanceTaskKind.Fsck, Tenant: { } tenant } => Of(tenant),
        _ => throw new ArgumentException($"A task {task.Kind} needs its tenant, scope or store.", nameof(task)),
    };
}

/// <summary>One task as the grain that does it sees it.</summary>
public sealed record MaintenanceTaskRow : RunOrder
{
    /// <summary>Its run.</summary>
    public required long Run { get; init; }

    /// <summary>Its number in the run, from 0.</summary>
    public required int Task { get; init; }

    /// <summary>What it does.</summary>
    public required MaintenanceTaskKind Kind { get; init; }

    /// <summary>Why the run was created.</summary>
    public RunTrigger Trigger { get; init; }

    /// <summary>Where it goes on; null at the beginning.</summary>
    public string? Cursor { get; init; }

    /// <summary>Chunks done so far.</summary>
    public long DoneChunks { get; init; }

    /// <summary>Chunks that were due when it was measured; null before.</summary>
    public long? TotalChunks { get; init; }

    /// <summary>Bytes done so far.</summary>
    public long DoneBytes { get; init; }

    /// <summary>Bytes that were due when it was measured; null before.</summary>
    public long? TotalBytes { get; init; }

    /// <summary>Errors so far.</summary>
    public long Failed { get; init; }

    /// <summary>Where it is.</summary>
    public RunTaskState State { get; init; }

    /// <summary>Milliseconds of its steps and the rests between them.</summary>
    public long WorkedMilliseconds { get; init; }

    /// <summary>When its first step was saved.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>Not to be tried before.</summary>
    public DateTimeOffset Due { get; init; }

    /// <summary>Why nothing is possible now; null while it works.</summary>
    public string? Waiting { get; init; }

    /// <summary>Since when nothing is possible.</summary>
    public DateTimeOffset? WaitingSince { get; init; }

    /// <summary>Counts its saved steps; a step counts only when it was begun on the newest one.</summary>
    public long Version { get; init; }
}

/// <summary>What is due: chunks and bytes.</summary>
/// <param name="Chunks">Chunks, or copies.</param>
/// <param name="Bytes">Their bytes together.</param>
public sealed record TaskTotals(long Chunks, long Bytes);

/// <summary>What one step of a task did.</summary>
/// <param name="Cursor">Where the next step goes on, at most 4,000 characters; null: the task is finished.</param>
/// <param name="Chunks">Chunks done in this step.</param>
/// <param name="Bytes">Bytes done in this step.</param>
/// <param name="Findings">What was found in this step.</param>
/// <param name="RetryAfter">Nothing (more) is possible now, as when a store is offline: the next step is not tried before.</param>
public sealed record TaskStep(string? Cursor, long Chunks, long Bytes, IReadOnlyList<TaskFinding> Findings, TimeSpan? RetryAfter = null)
{
    /// <summary>With <see cref="RetryAfter"/>: one sentence that says what is waited for, shown in the run.</summary>
    public string? Waiting { get; init; }

    /// <summary>
    /// Work that must take effect exactly when the step is counted: it runs in the transaction that saves the step.
    /// </summary>
    internal Action<CatalogSession>? Apply { get; init; }
}

/// <summary>Something that a run found.</summary>
/// <param name="Kind">How much it weighs.</param>
/// <param name="Code">Stable, lower case with dashes, at most 64 characters.</param>
/// <param name="Message">One sentence for people; cut at 1,000 characters.</param>
/// <param name="Chunk">The chunk that it is about.</param>
/// <param name="Store">The store.</param>
/// <param name="Scope">The scope.</param>
/// <param name="Location">The copy.</param>
public sealed record TaskFinding(
    FindingKind Kind,
    string Code,
    string Message,
    ChunkHash? Chunk = null,
    StoreId? Store = null,
    ScopeId? Scope = null,
    LocationId? Location = null);
