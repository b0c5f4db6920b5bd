using System.Diagnostics.Metrics;
using Granary.GrainInterfaces;

namespace Granary.Grains.Maintenance;

/// <summary>Counts the steps of runs that this process did, so that operators see who works.</summary>
internal sealed class StepMeter : IDisposable
{
    private readonly Meter _meter = new("Granary.Maintenance");
    private readonly Counter<long> _steps;
    private readonly Counter<long> _bytes;

    public StepMeter()
    {
        _steps = _meter.CreateCounter<long>("granary.maintenance.steps", "{step}", "Steps of maintenance runs done by this silo.");
        _bytes = _meter.CreateCounter<long>("granary.maintenance.bytes", "By", "Bytes of chunks that steps of maintenance runs did on this silo.");
    }

    /// <summary>Counts a step.</summary>
    public void Done(MaintenanceTaskKind kind, long bytes)
    {
        var tag = KeyValuePair.Create("kind", (object?)kind.ToString());
        _steps.Add(1, tag);
        _bytes.Add(bytes, tag);
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
