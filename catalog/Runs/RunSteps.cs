using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Saves a step, and ends what it was the last of. Lock order: the run, then its task; whatever the step itself changes
/// comes after.
/// </summary>
internal static class RunSteps
{
    private const string NothingPossible = "Nothing is possible at the moment.";

    private static readonly Sql SelectOpenPhase = new("SELECT MIN(phase) FROM run_task WHERE run = ?1 AND is_open = 1");

    private static readonly Sql SelectFailed = new("SELECT COALESCE(SUM(failed), 0) FROM run_task WHERE run = ?1");

    public static StepSaved Save(CatalogSession session, MaintenanceTaskRow task, TaskStep step, TimeSpan worked)
    {
        // 1. Only a step that was begun on the newest saved one counts.
        var (state, phase) = RunTable.Lock(session, task.Run) ?? (RunState.Cancelled, 0);
        if (RunTaskTable.LockVersion(session, task.Run, task.Task) != task.Version)
        {
            return new StepSaved(null, state, PhaseEnded: false);
        }

        // 2. What was done is counted also when the run was paused or cancelled meanwhile: it was done.
        var findings = step.RetryAfter is null ? step.Findings : RunFindings.WithoutRepeated(session, task.Run, task.Task, step.Findings);
        var counted = step with { Findings = findings };
        var taskState = StateAfter(task, counted, state);
        RunTable.MarkStarted(session, task.Run);
        RunTaskTable.Save(session, task, counted, taskState, worked, WaitAfter(session, task, counted));
        RunFindings.Add(session, task.Run, task.Task, findings);
        step.Apply?.Invoke(session);

        // 3. The last task of a phase lets the next phase begin, the last of all ends the run.
        var phaseEnded = false;
        if (step.Cursor is null && state is RunState.Running or RunState.Paused)
        {
            (state, phaseEnded) = Advance(session, task.Run, phase, state);
        }

        return new StepSaved(RunTaskTable.Find(session, task.Run, task.Task), state, phaseEnded);
    }

    private static RunTaskState StateAfter(MaintenanceTaskRow task, TaskStep step, RunState run)
    {
        if (step.Cursor is null && step.RetryAfter is null)
        {
            return task.Failed > 0 || step.Findings.Any(static finding => finding.Kind == FindingKind.Error) ? RunTaskState.Failed : RunTaskState.Done;
        }

        return run == RunState.Cancelled ? RunTaskState.Cancelled : RunTaskState.Running;
    }

    private static WaitMark WaitAfter(CatalogSession session, MaintenanceTaskRow task, TaskStep step)
    {
        if (step.RetryAfter is not { } retryAfter)
        {
            return WaitMark.None;
        }

        var progressed = step.Chunks > 0 || step.Cursor != task.Cursor;
        return new WaitMark(session.Now + retryAfter, step.Waiting ?? NothingPossible, progressed ? session.Now : task.WaitingSince ?? session.Now);
    }

    private static (RunState State, bool PhaseEnded) Advance(CatalogSession session, long run, long phase, RunState state)
    {
        if (session.Scalar(SelectOpenPhase, run) is { } next)
        {
            if (next > phase)
            {
                RunTable.BeginPhase(session, run, next);
            }

            return (state, next > phase);
        }

        var ended = session.Scalar(SelectFailed, run) > 0 ? RunState.Failed : RunState.Done;
        RunTable.End(session, run, ended);
        return (ended, false);
    }
}
