using Granary.GrainInterfaces;

namespace Granary.ClientApi.Content;

/// <summary>
/// How often chunks were read from afar, on this silo, in memory only. A read counts half as much after each half-life.
/// Bounded: when it is full the coldest half is forgotten, which is what has been read once.
/// </summary>
/// <param name="threshold">Reads that make a chunk hot.</param>
/// <param name="halfLife">After how long a read counts half.</param>
/// <param name="time">The clock.</param>
internal sealed class ChunkHeat(int threshold, TimeSpan halfLife, TimeProvider time)
{
    /// <summary>Most chunks that are watched; about 100 bytes each.</summary>
    public const int Capacity = 65_536;

    // What was read N times in a row has cooled a little since the first of them.
    private const double Slack = 0.5;

    private readonly Lock _gate = new();
    private readonly Dictionary<(TenantId Tenant, ChunkHash Hash), (double Heat, long At)> _heats = [];

    /// <summary>Chunks that are watched.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _heats.Count;
        }
    }

    /// <summary>Counts a read.</summary>
    /// <returns>True when the chunk has just become hot; its count then begins anew, so that a failed copy is not asked for at once again.</returns>
    public bool Note(TenantId tenant, ChunkHash hash)
    {
        var now = time.GetTimestamp();
        lock (_gate)
        {
            var heat = _heats.TryGetValue((tenant, hash), out var last) ? Cooled(last, now) + 1 : 1;
            if (heat >= threshold - Slack)
            {
                _heats.Remove((tenant, hash));
                return true;
            }

            if (_heats.Count >= Capacity)
                ForgetCold(now);
            _heats[(tenant, hash)] = (heat, now);
            return false;
        }
    }

    private void ForgetCold(long now)
    {
        var coldest = _heats.OrderBy(entry => Cooled(entry.Value, now)).Take(Capacity / 2).Select(static entry => entry.Key).ToList();
        coldest.ForEach(key => _heats.Remove(key));
    }

    private double Cooled((double Heat, long At) last, long now) => last.Heat * Math.Pow(0.5, time.GetElapsedTime(last.At, now) / halfLife);
}
