using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Rows of run_task.</summary>
internal static class RunTaskTable
{
    private const string Columns = """
        t.run, t.task, t.kind, t.tenant, t.scope, t.store, r.cause, r.dry_run, r.keep_source, r.repair, r.rehash, t.position, t.version,
        t.total_chunks, t.total_bytes, t.done_chunks, t.done_bytes, t.failed, t.state, t.worked, t.due, t.waiting, t.waiting_since, t.started, t.ended
        """;

    private static readonly Sql SelectNext = new($"""
        SELECT {Columns} FROM run_task t JOIN run r ON r.id = t.run
        WHERE t.is_open = 1 AND t.owner = ?1 AND t.owner_id = ?2 AND r.state = 0 AND t.phase = r.phase
        ORDER BY t.urgency, t.run, t.task LIMIT ?3
        """);

    private static readonly Sql SelectOfRun = new($"SELECT {Columns} FROM run_task t JOIN run r ON r.id = t.run WHERE t.run = ?1 ORDER BY t.task");

    private static readonly Sql SelectOne = new($"SELECT {Columns} FROM run_task t JOIN run r ON r.id = t.run WHERE t.run = ?1 AND t.task = ?2");

    private static readonly Sql SelectOpen = new($"""
        SELECT {Columns} FROM run_task t JOIN run r ON r.id = t.run
        WHERE t.run = ?1 AND t.task = ?2 AND t.version = ?3 AND t.is_open = 1 AND r.state = 0 AND t.phase = r.phase
        """);

    private static readonly Sql SelectVersion = new("SELECT version FROM run_task WHERE run = ?1 AND task = ?2 /*lock*/");

    private static readonly Sql SelectOwners = new("""
        SELECT DISTINCT t.owner, t.owner_id FROM run_task t JOIN run r ON r.id = t.run
        WHERE t.is_open = 1 AND r.state = 0 AND t.phase = r.phase
        """);

    private static readonly Sql SelectOwnersOfRun = new("""
        SELECT DISTINCT t.owner, t.owner_id FROM run_task t JOIN run r ON r.id = t.run
        WHERE t.run = ?1 AND t.is_open = 1 AND r.state = 0 AND t.phase = r.phase
        """);

    private static readonly Sql InsertTask = new("""
        INSERT INTO run_task (run, task, kind, phase, owner, owner_id, urgency, tenant, scope, store)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
        """);

    private static readonly Sql UpdateTotals = new("""
        UPDATE run_task SET total_chunks = ?4, total_bytes = ?5, version = version + 1, state = 1, started = COALESCE(started, ?6)
        WHERE run = ?1 AND task = ?2 AND version = ?3 AND is_open = 1
        """);

    private static readonly Sql UpdateStep = new("""
        UPDATE run_task
        SET version = version + 1, state = ?4, is_open = ?5, position = ?6, done_chunks = done_chunks + ?7, done_bytes = done_bytes + ?8,
            failed = failed + ?9, worked = worked + ?10, due = ?11, waiting = ?12, waiting_since = ?13, started = COALESCE(started, ?14), ended = ?15
        WHERE run = ?1 AND task = ?2 AND version = ?3
        """);

    public static void Insert(CatalogSession session, long run, int number, NewRunTask task, RunTrigger trigger)
    {
        var owner = RunTaskOwner.Of(task);
        session.Execute(
            InsertTask,
            run,
            number,
            (int)task.Kind,
            task.Phase,
            (int)owner.Kind,
            owner.Id,
            Urgency(task.Kind, trigger),
            task.Tenant?.Value,
            task.Scope?.Value,
            task.Store?.Value);
    }

    public static IReadOnlyList<MaintenanceTaskRow> Next(CatalogSession session, RunTaskOwner owner, int limit)
    {
        using var rows = session.Query(SelectNext, (int)owner.Kind, owner.Id, limit);
        return ReadAll(rows);
    }

    public static IReadOnlyList<MaintenanceTaskRow> OfRun(CatalogSession session, long run)
    {
        using var rows = session.Query(SelectOfRun, run);
        return ReadAll(rows);
    }

    public static MaintenanceTaskRow? Find(CatalogSession session, long run, int task)
    {
        using var rows = session.Query(SelectOne, run, task);
        return rows.Read() ? Read(rows) : null;
    }

    public static MaintenanceTaskRow? FindOpen(CatalogSession session, long run, int task, long version)
    {
        using var rows = session.Query(SelectOpen, run, task, version);
        return rows.Read() ? Read(rows) : null;
    }

    /// <summary>Locks a task and reads which step was saved last; null when it is gone.</summary>
    public static long? LockVersion(CatalogSession session, long run, int task) => session.Scalar(SelectVersion, run, task);

    public static IReadOnlyList<RunTaskOwner> Owners(CatalogSession session, long? run)
    {
        var found = new List<RunTaskOwner>();
        using var rows = run is { } id ? session.Query(SelectOwnersOfRun, id) : session.Query(SelectOwners);
        while (rows.Read())
        {
            found.Add(new RunTaskOwner((RunTaskOwnerKind)rows.Int(0), rows.Long(1)));
        }

        return found;
    }

    public static MaintenanceTaskRow? Measured(CatalogSession session, MaintenanceTaskRow task, TaskTotals totals)
    {
        RunTable.MarkStarted(session, task.Run);
        return session.Execute(UpdateTotals, task.Run, task.Task, task.Version, totals.Chunks, totals.Bytes, session.Now) == 0
            ? null
            : Find(session, task.Run, task.Task);
    }

    public static void Save(CatalogSession session, MaintenanceTaskRow task, TaskStep step, RunTaskState state, TimeSpan worked, WaitMark wait)
    {
        var open = state is RunTaskState.Waiting or RunTaskState.Running;
        session.Execute(
            UpdateStep,
            task.Run,
            task.Task,
            task.Version,
            (int)state,
            open,
            step.Cursor,
            step.Chunks,
            step.Bytes,
            step.Findings.Count(static finding => finding.Kind == FindingKind.Error),
            (long)worked.TotalMilliseconds,
            wait.Due,
            wait.Reason,
            wait.Since,
            session.Now,
            open ? null : (DateTimeOffset?)session.Now);
    }

    // Limits first, then what somebody waits for, then routine, scrub last.
    private static int Urgency(MaintenanceTaskKind kind, RunTrigger trigger) => (kind, trigger) switch
    {
        (MaintenanceTaskKind.Scrub, _) => 3,
        (_, RunTrigger.Limit) => 0,
        (_, RunTrigger.Schedule) => 2,
        _ => 1,
    };

    private static List<MaintenanceTaskRow> ReadAll(SqlRows rows)
    {
        var found = new List<MaintenanceTaskRow>();
        while (rows.Read())
        {
            found.Add(Read(rows));
        }

        return found;
    }

    private static MaintenanceTaskRow Read(SqlRows rows) => new()
    {
        Run = rows.Long(0),
        Task = rows.Int(1),
        Kind = (MaintenanceTaskKind)rows.Int(2),
        Tenant = rows.LongOrNull(3) is { } tenant ? new TenantId(tenant) : null,
        Scope = rows.LongOrNull(4) is { } scope ? new ScopeId(scope) : null,
        Store = rows.LongOrNull(5) is { } store ? new StoreId(store) : null,
        Trigger = (RunTrigger)rows.Int(6),
        DryRun = rows.Flag(7),
        KeepSource = rows.Flag(8),
        Repair = rows.Flag(9),
        Data = rows.Flag(10),
        Cursor = rows.TextOrNull(11),
        Version = rows.Long(12),
        TotalChunks = rows.LongOrNull(13),
        TotalBytes = rows.LongOrNull(14),
        DoneChunks = rows.Long(15),
        DoneBytes = rows.Long(16),
        Failed = rows.Long(17),
        State = (RunTaskState)rows.Int(18),
        WorkedMilliseconds = rows.Long(19),
        Due = rows.Time(20),
        Waiting = rows.TextOrNull(21),
        WaitingSince = rows.TimeOrNull(22),
        Started = rows.TimeOrNull(23),
        Ended = rows.TimeOrNull(24),
    };
}

/// <summary>What a task waits for.</summary>
/// <param name="Due">Not to be tried before.</param>
/// <param name="Reason">Why; null when it does not wait.</param>
/// <param name="Since">Since when nothing is possible.</param>
internal readonly record struct WaitMark(DateTimeOffset Due, string? Reason, DateTimeOffset? Since)
{
    /// <summary>Waits for nothing.</summary>
    public static WaitMark None { get; } = new(DateTimeOffset.UnixEpoch, null, null);
}
