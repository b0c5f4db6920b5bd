using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Stores;
using Orleans.Runtime;

namespace Granary.Grains.Policies;

/// <summary>What the tasks of policies share: the attachment as it is now, stores that do not answer, waking who deletes bytes.</summary>
internal sealed class PolicyTask(TopologyCache topology, IStoreDirectory directory, IGrainFactory grains)
{
    /// <summary>Chunks of one page.</summary>
    public const int PageSize = 512;

    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(5);

    /// <summary>The attachment a task is about, read anew for every step, since policies change during a run; null when it is gone or leaving.</summary>
    public async Task<AttachmentSettings?> FindAttachmentAsync(MaintenanceTaskRow task, CancellationToken cancellationToken)
    {
        var current = await topology.RefreshAsync(cancellationToken);
        return task is { Scope: { } scope, Store: { } store }
            ? current.Attachments(scope).FirstOrDefault(attachment => attachment.Settings.Store == store && attachment.State == AttachmentState.Active)?.Settings
            : null;
    }

    /// <summary>A step that waits, when a store does not answer now; null when it does.</summary>
    public TaskStep? Offline(MaintenanceTaskRow task, StoreId store) =>
        directory.TryGetMaintenance(store, out _) && directory.IsUsable(store) ? null : Wait(task.Cursor, $"Store {NameOf(store)} is offline.");

    /// <summary>A step that did nothing and waits.</summary>
    public static TaskStep Wait(string? cursor, string reason) => new(cursor, 0, 0, [], TryAgain) { Waiting = reason };

    /// <summary>The last step of a task whose policy was changed meanwhile.</summary>
    public static TaskStep PolicyChanged(MaintenanceTaskRow task) =>
        new(null, 0, 0, [new TaskFinding(FindingKind.Info, "policy-changed", "The policy was changed meanwhile; nothing is left to do for it.", null, task.Store, task.Scope)]);

    /// <summary>A step from what became of a page; it waits where the page had to stop.</summary>
    public static TaskStep StepOf(PageDone page, string? cursor, IEnumerable<TaskFinding> more) =>
        page.WaitFor is { } reason
            ? new TaskStep(cursor ?? "", page.Chunks, page.Bytes, [.. page.Findings, .. more], TryAgain) { Waiting = reason }
            : new TaskStep(cursor, page.Chunks, page.Bytes, [.. page.Findings, .. more]);

    /// <summary>Lets the store's maintenance delete the bytes of copies that were let go. Told in vain costs little; a reminder makes up for one that was lost.</summary>
    public async Task WakeDeletesAsync(StoreId store, PageDone page, CancellationToken cancellationToken)
    {
        if (!page.Done.Any(static done => done.Freed))
        {
            return;
        }

        try
        {
            await grains.GetGrain<IStoreMaintenanceGrain>(GrainKeys.Store(store)).WakeAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is TimeoutException or OrleansException)
        {
            // Its reminder wakes it.
        }
    }

    /// <summary>A store's name.</summary>
    public string NameOf(StoreId store) => topology.Current.Store(store)?.Name ?? store.ToString();
}
