using System.Collections.Concurrent;
using System.Globalization;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Maintenance;

namespace Granary.Grains.Policies;

/// <summary>
/// Moves the least recently read chunks of a scope out of a store until the scope's own soft limit there holds (D43). What
/// another scope keeps there does not count. One walk over the scope counts and chooses the next ten thousand; the choice is
/// kept in memory and made again after a crash. Cursor: <c>TIME:HASH</c> of the chunk that was tried last.
/// </summary>
internal sealed class ShrinkScopeTask(PolicyCatalog policies, CopyCatalog copies, ChunkMover mover, ScopeRooms rooms, PolicyTask shared, TimeProvider time) : IMaintenanceTask
{
    private const int MostChosen = 10_000;

    // Choices of cancelled tasks would stay for good; a few are enough for the tasks that work at one time.
    private const int MostPlans = 16;

    private readonly ConcurrentDictionary<(long Run, int Task), Plan> _plans = new();

    /// <inheritdoc/>
    public MaintenanceTaskKind Kind => MaintenanceTaskKind.ShrinkScope;

    /// <inheritdoc/>
    public async Task<TaskTotals> MeasureAsync(MaintenanceTaskRow task, CancellationToken cancellationToken)
    {
        if (await shared.FindAttachmentAsync(task, cancellationToken) is not { SoftMaxSize: { } limit, Store: var store }
            || !await MayBeOverAsync(task, store, limit, cancellationToken))
        {
            return new TaskTotals(0, 0);
        }

        var plan = await PlanAsync(task, store, cancellationToken);
        var excess = Math.Max(0, plan.Bytes - limit);
        var (chunks, bytes) = (0L, 0L);
        foreach (var chunk in plan.Chosen)
        {
            if (bytes >= excess)
            {
                break;
            }

            bytes += chunk.Size;
            chunks++;
        }

        return new TaskTotals(chunks, excess);
    }

    /// <inheritdoc/>
    public async Task<TaskStep> StepAsync(MaintenanceTaskRow task, TaskContext context, CancellationToken cancellationToken)
    {
        if (await shared.FindAttachmentAsync(task, cancellationToken) is not { SoftMaxSize: { } limit, Store: var store })
        {
            return PolicyTask.PolicyChanged(task);
        }

        if (shared.Offline(task, store) is { } offline)
        {
            return offline;
        }

        if (!await MayBeOverAsync(task, store, limit, cancellationToken))
        {
            return End(task, []);
        }

        var plan = _plans.TryGetValue((task.Run, task.Task), out var kept) && kept.Next < kept.Chosen.Count ? kept : await PlanAsync(task, store, cancellationToken);
        var excess = plan.Bytes - limit;
        if (excess <= 0 || plan.Chosen.Count == 0)
        {
            // What could not be moved has been told one by one.
            return End(task, []);
        }

        return await MoveAsync(task, context, store, plan, excess, cancellationToken);
    }

    private async Task<TaskStep> MoveAsync(MaintenanceTaskRow task, TaskContext context, StoreId store, Plan plan, long excess, CancellationToken cancellationToken)
    {
        var page = Enough(plan.Chosen.Skip(plan.Next).Take(PolicyTask.PageSize), excess);
        var job = MoveJob.Of(task, store, ReleaseReason.ShrinkScope, task.Scope);
        var verdicts = await copies.JudgeAsync(
            [.. page.Select(chunk => new ReleaseCopy(chunk.Tenant, chunk.Hash, store, ReleaseReason.ShrinkScope, task.Scope))], cancellationToken);
        var done = await PageWork.RunAsync(
            page, context.Pace, time, (i, slots, token) => mover.MoveAsync(job, page[i], verdicts[i], slots, token), cancellationToken);
        await shared.WakeDeletesAsync(store, done, cancellationToken);
        plan.Next += done.Count;
        plan.Bytes -= done.Bytes;
        rooms.Forget(task.Scope!.Value, store);
        return PolicyTask.StepOf(done, done.Count > 0 ? CursorOf(page[done.Count - 1]) : task.Cursor ?? "", []);
    }

    /// <summary>The beginning of a list that comes to so many bytes, or all of it.</summary>
    internal static IReadOnlyList<PolicyChunk> Enough(IEnumerable<PolicyChunk> chunks, long bytes)
    {
        var enough = new List<PolicyChunk>();
        foreach (var chunk in chunks)
        {
            if (bytes <= 0)
            {
                break;
            }

            enough.Add(chunk);
            bytes -= chunk.Size;
        }

        return enough;
    }

    private TaskStep End(MaintenanceTaskRow task, IReadOnlyList<TaskFinding> findings)
    {
        _plans.TryRemove((task.Run, task.Task), out _);
        return new TaskStep(null, 0, 0, findings);
    }

    // Two sums say for most scopes that there is nothing to walk.
    private async Task<bool> MayBeOverAsync(MaintenanceTaskRow task, StoreId store, long limit, CancellationToken cancellationToken)
    {
        var sizes = await policies.SizesAsync(task.Tenant!.Value, task.Scope!.Value, store, cancellationToken);
        return Math.Min(sizes.ScopeBytes, sizes.StoreBytes) > limit;
    }

    private async Task<Plan> PlanAsync(MaintenanceTaskRow task, StoreId store, CancellationToken cancellationToken)
    {
        var after = string.IsNullOrEmpty(task.Cursor) ? (PolicyChunk?)null : Parse(task.Tenant!.Value, task.Cursor);
        var claim = await policies.ClaimAsync(task.Tenant!.Value, task.Scope!.Value, store, after, MostChosen, cancellationToken);
        var plan = new Plan(claim.Oldest) { Bytes = claim.Bytes };
        foreach (var old in _plans.Keys.Order().Take(Math.Max(0, _plans.Count - MostPlans)))
        {
            _plans.TryRemove(old, out _);
        }

        _plans[(task.Run, task.Task)] = plan;
        return plan;
    }

    private static string CursorOf(PolicyChunk chunk) => string.Create(CultureInfo.InvariantCulture, $"{chunk.Used.ToUnixTimeMilliseconds()}:{chunk.Hash}");

    private static PolicyChunk Parse(TenantId tenant, string cursor)
    {
        var parts = cursor.Split(':');
        return new PolicyChunk(tenant, ChunkHash.Parse(parts[1]), 0, DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(parts[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)));
    }

    private sealed class Plan(IReadOnlyList<PolicyChunk> chosen)
    {
        public IReadOnlyList<PolicyChunk> Chosen { get; } = chosen;

        public int Next { get; set; }

        public long Bytes { get; set; }
    }
}
