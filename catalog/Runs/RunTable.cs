using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Rows of run.</summary>
internal static class RunTable
{
    private const string Columns = """
        r.id, r.kind, r.cause, r.state, r.tenant, r.scope, r.store, r.dry_run, r.keep_source, r.rehash, r.repair, r.actor, r.findings, r.created, r.started, r.ended,
        (SELECT COUNT(*) FROM run_task t WHERE t.run = r.id),
        (SELECT COUNT(*) FROM run_task t WHERE t.run = r.id AND t.is_open = 0),
        (SELECT COALESCE(SUM(t.done_chunks), 0) FROM run_task t WHERE t.run = r.id),
        (SELECT COALESCE(SUM(t.total_chunks), 0) FROM run_task t WHERE t.run = r.id),
        (SELECT COALESCE(SUM(t.done_bytes), 0) FROM run_task t WHERE t.run = r.id),
        (SELECT COALESCE(SUM(t.total_bytes), 0) FROM run_task t WHERE t.run = r.id),
        (SELECT COALESCE(SUM(t.failed), 0) FROM run_task t WHERE t.run = r.id)
        """;

    private static readonly Sql InsertRun = new("""
        INSERT INTO run (id, kind, cause, state, phase, tenant, scope, store, dry_run, keep_source, rehash, repair, actor, created, started, ended)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?15)
        """);

    private static readonly Sql SelectWaiting = new("""
        SELECT id, tenant, scope, store FROM run
        WHERE state = 0 AND started IS NULL AND kind = ?1 AND cause = ?2 AND dry_run = ?3 AND keep_source = ?4
        ORDER BY id
        """);

    private static readonly Sql SelectOpenOfKind = new("SELECT 1 FROM run WHERE state <= 1 AND kind = ?1");

    private static readonly Sql SelectRun = new($"SELECT {Columns} FROM run r WHERE r.id = ?1");

    private static readonly Sql SelectRuns = new($"SELECT {Columns} FROM run r WHERE r.id < ?1 ORDER BY r.id DESC LIMIT ?2");

    private static readonly Sql SelectState = new("SELECT state, phase FROM run WHERE id = ?1 /*lock*/");

    private static readonly Sql UpdateState = new("UPDATE run SET state = ?2 WHERE id = ?1");

    private static readonly Sql UpdateEnd = new("UPDATE run SET state = ?2, ended = ?3 WHERE id = ?1");

    private static readonly Sql UpdatePhase = new("UPDATE run SET phase = ?2 WHERE id = ?1");

    private static readonly Sql UpdateStarted = new("UPDATE run SET started = ?2 WHERE id = ?1 AND started IS NULL");

    private static readonly Sql CancelTasks = new("UPDATE run_task SET state = 4, is_open = 0, ended = ?2 WHERE run = ?1 AND is_open = 1");

    private static readonly Sql SelectOld = new("SELECT id FROM run WHERE state >= 2 AND ended < ?1 ORDER BY id LIMIT 1");

    private static readonly Sql SelectOldRoutine = new(
        "SELECT id FROM run WHERE state = 3 AND cause = 4 AND findings = 0 AND ended < ?1 ORDER BY id LIMIT 1");

    private static readonly Sql SelectFindingPage = new("SELECT number FROM run_finding WHERE run = ?1 ORDER BY number LIMIT 1 OFFSET ?2");

    private static readonly Sql DeleteFindings = new("DELETE FROM run_finding WHERE run = ?1 AND number <= ?2");

    private static readonly Sql DeleteTasks = new("DELETE FROM run_task WHERE run = ?1");

    private static readonly Sql DeleteRun = new("DELETE FROM run WHERE id = ?1");

    /// <summary>Creates a run and its tasks; one without tasks has ended with that.</summary>
    public static long Create(CatalogSession session, NewRun run)
    {
        var id = session.NextId("run");
        var empty = run.Tasks.Count == 0;
        session.Execute(
            InsertRun,
            id,
            (int)run.Kind,
            (int)run.Trigger,
            (int)(empty ? RunState.Done : RunState.Running),
            empty ? 0 : run.Tasks.Min(static task => task.Phase),
            run.Tenant?.Value,
            run.Scope?.Value,
            run.Store?.Value,
            run.DryRun,
            run.KeepSource,
            run.Data,
            run.Repair,
            run.Actor,
            session.Now,
            empty ? (DateTimeOffset?)session.Now : null);
        for (var i = 0; i < run.Tasks.Count; i++)
        {
            RunTaskTable.Insert(session, id, i, run.Tasks[i], run.Trigger);
        }

        return id;
    }

    /// <summary>An equal run that has not begun and is not paused.</summary>
    public static long? FindWaiting(CatalogSession session, NewRun run)
    {
        using var rows = session.Query(SelectWaiting, (int)run.Kind, (int)run.Trigger, run.DryRun, run.KeepSource);
        while (rows.Read())
        {
            if (rows.LongOrNull(1) == run.Tenant?.Value && rows.LongOrNull(2) == run.Scope?.Value && rows.LongOrNull(3) == run.Store?.Value)
            {
                return rows.Long(0);
            }
        }

        return null;
    }

    /// <summary>Whether a run of a kind has not ended.</summary>
    public static bool IsOpen(CatalogSession session, RunKind kind) => session.Exists(SelectOpenOfKind, (int)kind);

    /// <summary>Locks a run; null when it is gone.</summary>
    public static (RunState State, long Phase)? Lock(CatalogSession session, long run)
    {
        using var rows = session.Query(SelectState, run);
        return rows.Read() ? ((RunState)rows.Int(0), rows.Long(1)) : null;
    }

    public static void MarkStarted(CatalogSession session, long run) => session.Execute(UpdateStarted, run, session.Now);

    public static void BeginPhase(CatalogSession session, long run, long phase) => session.Execute(UpdatePhase, run, phase);

    public static void End(CatalogSession session, long run, RunState state) => session.Execute(UpdateEnd, run, (int)state, session.Now);

    public static AdminResult Change(CatalogSession session, long run, RunState from, RunState to)
    {
        if (Lock(session, run) is not { } current)
        {
            return NoSuchRun();
        }

        if (current.State == from)
        {
            session.Execute(UpdateState, run, (int)to);
            return AdminResult.Done;
        }

        return current.State == to ? AdminResult.Done : HasEnded(current.State);
    }

    public static AdminResult Cancel(CatalogSession session, long run)
    {
        if (Lock(session, run) is not { } current)
        {
            return NoSuchRun();
        }

        if (current.State == RunState.Cancelled)
        {
            return AdminResult.Done;
        }

        if (current.State is RunState.Done or RunState.Failed)
        {
            return HasEnded(current.State);
        }

        session.Execute(CancelTasks, run, session.Now);
        End(session, run, RunState.Cancelled);
        return AdminResult.Done;
    }

    public static IReadOnlyList<RunInfo> List(CatalogSession session, long? before, int limit)
    {
        var found = new List<RunInfo>();
        using var rows = session.Query(SelectRuns, before ?? long.MaxValue, limit);
        while (rows.Read())
        {
            found.Add(Read(rows));
        }

        return found;
    }

    public static RunDetails? FindDetails(CatalogSession session, long run)
    {
        RunInfo info;
        using (var rows = session.Query(SelectRun, run))
        {
            if (!rows.Read())
            {
                return null;
            }

            info = Read(rows);
        }

        return new RunDetails(info, RunTaskTable.OfRun(session, run));
    }

    public static int Prune(CatalogSession session, int limit)
    {
        var due = session.Scalar(SelectOld, session.Now - RunCatalog.Retention) ?? session.Scalar(SelectOldRoutine, session.Now - RunCatalog.RoutineRetention);
        if (due is not { } run)
        {
            return 0;
        }

        if (session.Scalar(SelectFindingPage, run, limit) is { } upTo)
        {
            return session.Execute(DeleteFindings, run, upTo);
        }

        return session.Execute(DeleteFindings, run, long.MaxValue) + session.Execute(DeleteTasks, run) + session.Execute(DeleteRun, run);
    }

    private static AdminResult NoSuchRun() => AdminResult.Refused(AdminStatus.NotFound, "There is no such run.");

    private static AdminResult HasEnded(RunState state) => AdminResult.Refused(
        AdminStatus.Conflict, $"The run has ended ({(state == RunState.Cancelled ? "cancelled" : state == RunState.Done ? "done" : "failed")}).");

    private static RunInfo Read(SqlRows rows) => new()
    {
        Id = rows.Long(0),
        Kind = (RunKind)rows.Int(1),
        Trigger = (RunTrigger)rows.Int(2),
        State = (RunState)rows.Int(3),
        Tenant = rows.LongOrNull(4) is { } tenant ? new TenantId(tenant) : null,
        Scope = rows.LongOrNull(5) is { } scope ? new ScopeId(scope) : null,
        Store = rows.LongOrNull(6) is { } store ? new StoreId(store) : null,
        DryRun = rows.Flag(7),
        KeepSource = rows.Flag(8),
        Data = rows.Flag(9),
        Repair = rows.Flag(10),
        Actor = rows.Text(11),
        Findings = rows.Long(12),
        Created = rows.Time(13),
        Started = rows.TimeOrNull(14),
        Ended = rows.TimeOrNull(15),
        Tasks = rows.Long(16),
        TasksEnded = rows.Long(17),
        DoneChunks = rows.Long(18),
        TotalChunks = rows.Long(19),
        DoneBytes = rows.Long(20),
        TotalBytes = rows.Long(21),
        Errors = rows.Long(22),
    };
}
