using System.Diagnostics.CodeAnalysis;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Stores;

namespace Granary.Grains.Maintenance;

/// <summary>Stores for tasks, and what a task says when its store is not open here.</summary>
internal sealed class OpenStores(IStoreDirectory directory, StoreCatalog stores)
{
    /// <summary>When a task looks again for a store that is offline.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>The store, for background work; else the step that waits for it.</summary>
    public bool TryOpen(MaintenanceTaskRow task, [NotNullWhen(true)] out IChunkStore? store, [NotNullWhen(false)] out TaskStep? waiting)
    {
        var id = task.Store!.Value;
        waiting = null;
        if (directory.TryGetMaintenance(id, TaskPacing.UrgencyOf(task), out store))
        {
            return true;
        }

        var status = directory.Stores.FirstOrDefault(status => status.Store == id);
        waiting = new TaskStep(task.Cursor, 0, 0, [], RetryAfter) { Waiting = status?.Reason ?? "The store is not open on this silo." };
        return false;
    }

    /// <summary>What the catalog counts in a store.</summary>
    public async Task<TaskTotals> CountAsync(MaintenanceTaskRow task, CancellationToken cancellationToken) =>
        await stores.GetSpaceAsync(task.Store!.Value, cancellationToken) is { } space ? new TaskTotals(space.Chunks, space.Used) : new TaskTotals(0, 0);
}
