using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Granary.ClientApi.Metrics;

/// <summary>One instrument and the values of all its label sets.</summary>
internal sealed class MetricSeries
{
    /// <summary>Label sets of one instrument; further ones are counted together, so that memory stays bounded.</summary>
    private const int MaxLabelSets = 1_000;

    private const string Overflow = "otherwise=\"too many label sets\"";

    /// <summary>Bounds in the unit of the instrument; made for seconds.</summary>
    private static readonly double[] s_bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    private readonly ConcurrentDictionary<string, MetricCell> _cells = new(StringComparer.Ordinal);
    private readonly bool _isHistogram;
    private readonly bool _isObserved;
    private readonly bool _isSet;
    private readonly MetricCell _plain;

    public MetricSeries(Instrument instrument)
    {
        var kind = instrument.GetType().Name;
        _isHistogram = kind.StartsWith("Histogram", StringComparison.Ordinal);
        _isObserved = instrument.IsObservable;
        var isCounter = kind.StartsWith("Counter", StringComparison.Ordinal) || kind.StartsWith("ObservableCounter", StringComparison.Ordinal);
        _isSet = kind.StartsWith("Gauge", StringComparison.Ordinal);
        Type = _isHistogram ? "histogram" : isCounter ? "counter" : "gauge";
        Name = PrometheusText.Name(instrument.Name, instrument.Unit, isCounter);
        Help = instrument.Description;
        _plain = new MetricCell(_isHistogram ? s_bounds.Length + 1 : 0);
    }

    public string Name { get; }

    public string Type { get; }

    public string? Help { get; }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var cell = Find(tags);
        cell.Seen = true;
        if (_isHistogram)
            cell.Observe(value, s_bounds);
        else if (_isSet)
            cell.Set(value);
        else
            cell.Add(value);
    }

    /// <summary>What is not observed again now is no longer there.</summary>
    public void BeginObserving()
    {
        if (!_isObserved)
            return;
        Forget(_plain);
        foreach (var cell in _cells.Values)
            Forget(cell);

        // Observations of several instruments of one name add up.
        static void Forget(MetricCell cell)
        {
            cell.Seen = false;
            cell.Set(0);
        }
    }

    public void Write(PrometheusText text)
    {
        if (_plain.Seen)
            Write(text, "", _plain);
        foreach (var (labels, cell) in _cells.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            if (cell.Seen)
                Write(text, labels, cell);
        }
    }

    private void Write(PrometheusText text, string labels, MetricCell cell)
    {
        if (!_isHistogram)
        {
            text.Sample(Name, labels, null, cell.Value);
            return;
        }

        var total = 0L;
        for (var i = 0; i <= s_bounds.Length; i++)
        {
            total += cell.Bucket(i);
            var bound = i < s_bounds.Length ? s_bounds[i] : double.PositiveInfinity;
            text.Sample(Name + "_bucket", labels, $"le=\"{PrometheusText.Number(bound)}\"", total);
        }

        text.Sample(Name + "_sum", labels, null, cell.Value);
        text.Sample(Name + "_count", labels, null, total);
    }

    private MetricCell Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
            return _plain;
        var labels = PrometheusText.Labels(tags);
        if (_cells.TryGetValue(labels, out var cell))
            return cell;
        if (_cells.Count >= MaxLabelSets)
            labels = Overflow;
        return _cells.GetOrAdd(labels, static (_, buckets) => new MetricCell(buckets), _isHistogram ? s_bounds.Length + 1 : 0);
    }
}

/// <summary>The value of one label set.</summary>
internal sealed class MetricCell(int buckets)
{
    private readonly long[] _buckets = new long[buckets];
    private long _bits;

    public bool Seen { get; set; }

    public double Value => BitConverter.Int64BitsToDouble(Interlocked.Read(ref _bits));

    public long Bucket(int index) => Interlocked.Read(ref _buckets[index]);

    public void Set(double value) => Interlocked.Exchange(ref _bits, BitConverter.DoubleToInt64Bits(value));

    public void Add(double value)
    {
        var seen = Interlocked.Read(ref _bits);
        while (true)
        {
            var next = BitConverter.DoubleToInt64Bits(BitConverter.Int64BitsToDouble(seen) + value);
            var before = Interlocked.CompareExchange(ref _bits, next, seen);
            if (before == seen)
                return;
            seen = before;
        }
    }

    public void Observe(double value, double[] bounds)
    {
        var index = Array.BinarySearch(bounds, value);
        Interlocked.Increment(ref _buckets[index < 0 ? ~index : index]);
        Add(value);
    }
}
