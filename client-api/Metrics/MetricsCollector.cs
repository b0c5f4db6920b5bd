using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Granary.ClientApi.Metrics;

/// <summary>
/// Collects every instrument of the meters <c>Granary.*</c> and writes them as Prometheus text. Adding is one lookup and one
/// interlocked add; the number of label sets of an instrument is bounded. Instruments of one name are one metric: each open
/// store has its own.
/// </summary>
public sealed class MetricsCollector : IDisposable
{
    /// <summary>Prefix of the meters that are collected.</summary>
    public const string MeterPrefix = "Granary.";

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, MetricSeries> _series = new(StringComparer.Ordinal);
    private readonly Lock _observing = new();

    /// <summary>Begins to collect.</summary>
    public MetricsCollector()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith(MeterPrefix, StringComparison.Ordinal))
                listener.EnableMeasurementEvents(instrument, _series.GetOrAdd(instrument.Name, static (_, made) => new MetricSeries(made), instrument));
        };
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => ((MetricSeries?)state)?.Record(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, state) => ((MetricSeries?)state)?.Record(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => ((MetricSeries?)state)?.Record(value, tags));
        _listener.SetMeasurementEventCallback<float>(static (_, value, tags, state) => ((MetricSeries?)state)?.Record(value, tags));
        _listener.Start();
    }

    /// <summary>Everything as Prometheus text, ordered by name.</summary>
    public string Write()
    {
        var text = new PrometheusText();
        lock (_observing)
        {
            foreach (var series in _series.Values)
                series.BeginObserving();
            _listener.RecordObservableInstruments();
            foreach (var series in _series.Values.OrderBy(series => series.Name, StringComparer.Ordinal))
            {
                text.Head(series.Name, series.Type, series.Help);
                series.Write(text);
            }
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();
}
