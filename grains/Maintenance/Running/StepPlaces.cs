using System.Collections.Concurrent;
using Granary.Catalog;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Granary.Grains.Maintenance;

/// <summary>
/// Gives steps to the silo that <see cref="StepPlacement"/> names. A silo that cannot be reached is passed over for a while,
/// and the step is done here: maintenance never stops for want of a worker.
/// </summary>
internal sealed partial class StepPlaces(
    TopologyCache topology, ILocalSiloDetails silo, TimeProvider time, ILogger<StepPlaces> logger, IStepSilos? silos = null)
{
    /// <summary>How long a silo is passed over that could not be reached.</summary>
    public static readonly TimeSpan PassOver = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, DateTimeOffset> _unreachable = new(StringComparer.Ordinal);

    /// <summary>Lets another silo do the step; null when it is to be done here.</summary>
    public async Task<RunStepDone?> TryElsewhereAsync(MaintenanceTaskRow task, CancellationToken cancellationToken)
    {
        if (silos is null)
        {
            return null;
        }

        var now = time.GetUtcNow();
        var living = (await silos.ListAsync(cancellationToken)).Where(one => !_unreachable.TryGetValue(one.Silo, out var until) || until <= now).ToList();
        var owner = task.Store is { } store ? (await topology.GetAsync(cancellationToken)).Store(store)?.Silo : null;
        var chosen = StepPlacement.Choose(task, owner, living, silo.Name);
        if (chosen == silo.Name || living.Find(one => one.Silo == chosen) is not { } place)
        {
            return null;
        }

        var done = await silos.RunAsync(place, task.Run, task.Task, task.Version, cancellationToken);
        if (done is null)
        {
            LogUnreachable(chosen, task.Run, task.Task);
            _unreachable[chosen] = now + PassOver;
        }

        return done;
    }

    [LoggerMessage(4236, LogLevel.Information, "Silo {Silo} could not be asked for a step of run {Run}, task {Task}: it is done here.")]
    private partial void LogUnreachable(string silo, long run, int task);
}
