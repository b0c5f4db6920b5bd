using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Orleans.Runtime;

internal enum EnvelopeKind { Request, Result, Error, Cancel, Probe }

/// <summary>What travels between silos and clients.</summary>
internal sealed record Envelope {
    public required EnvelopeKind Kind { get; init; }
    public required long Id { get; init; }
    public required SiloAddress From { get; init; }
    public required GrainId Grain { get; init; }
    public GrainId? Source { get; init; }
    public string? Method { get; init; }
    public ReadOnlyMemory<byte> Body { get; init; }
    public TimeSpan Patience { get; init; } // what is left of the caller's
    public bool Cancellable { get; init; }
    public int Forwards { get; init; }
}

/// <summary>The silos at one version of the table.</summary>
internal sealed record ClusterView(long Version, ImmutableDictionary<SiloAddress, MembershipEntry> Entries) {
    public ImmutableArray<SiloAddress> Active { get; } = [.. Entries.Values.Where(e => e.Status == SiloStatus.Active).Select(e => e.SiloAddress).Order()];
    public bool IsGone(SiloAddress silo) => !Entries.TryGetValue(silo, out var entry) || entry.Status == SiloStatus.Dead;
}

/// <summary>Membership, directory of activations and message passing: all that silos share.</summary>
internal interface ICluster {
    ClusterView View { get; }
    event Action<ClusterView>? Changed;
    void Join(CallRuntime endpoint, MembershipEntry? entry); // clients have no entry
    void Update(SiloAddress silo, SiloStatus status);
    void Leave(SiloAddress endpoint); // with all that the directory says of it
    SiloAddress? Find(GrainId grain);
    SiloAddress Register(GrainId grain, SiloAddress silo); // gives the silo that has the grain, which may be another
    void Unregister(GrainId grain, SiloAddress silo);
    bool Post(SiloAddress to, Envelope envelope); // false when nobody listens there
    Silo? Local(SiloAddress silo); // a silo of this process
}

/// <summary>Silos inside one process: one for a host of its own, several in a test cluster.</summary>
internal sealed class InMemoryCluster : ICluster {
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<SiloAddress, CallRuntime> _endpoints = [];
    private readonly ConcurrentDictionary<GrainId, SiloAddress> _directory = [];
    public ClusterView View { get; private set; } = new(0, ImmutableDictionary<SiloAddress, MembershipEntry>.Empty);
    public event Action<ClusterView>? Changed;

    public void Join(CallRuntime endpoint, MembershipEntry? entry) {
        _endpoints[endpoint.Address] = endpoint;
        if (entry is not null)
            Change(entries => entries.SetItem(entry.SiloAddress, entry));
    }

    public void Update(SiloAddress silo, SiloStatus status)
        => Change(entries => entries.TryGetValue(silo, out var old) ? entries.SetItem(silo, old.With(status)) : entries);

    public void Leave(SiloAddress endpoint) {
        _endpoints.TryRemove(endpoint, out _);
        if (endpoint.IsClient)
            return;
        foreach (var pair in _directory.Where(pair => pair.Value.Equals(endpoint)))
            _directory.TryRemove(pair);
        Update(endpoint, SiloStatus.Dead);
    }

    public SiloAddress? Find(GrainId grain) => _directory.TryGetValue(grain, out var silo) && !View.IsGone(silo) ? silo : null;
    public SiloAddress Register(GrainId grain, SiloAddress silo) => _directory.AddOrUpdate(grain, silo, (_, old) => View.IsGone(old) ? silo : old);
    public void Unregister(GrainId grain, SiloAddress silo) => _directory.TryRemove(KeyValuePair.Create(grain, silo));
    public Silo? Local(SiloAddress silo) => _endpoints.GetValueOrDefault(silo) as Silo;

    public bool Post(SiloAddress to, Envelope envelope) {
        if (!_endpoints.TryGetValue(to, out var endpoint))
            return false;
        ThreadPool.UnsafeQueueUserWorkItem(static work => work.endpoint.Receive(work.envelope), (endpoint, envelope), preferLocal: true);
        return true;
    }

    private void Change(Func<ImmutableDictionary<SiloAddress, MembershipEntry>, ImmutableDictionary<SiloAddress, MembershipEntry>> edit) {
        lock (_gate)
            View = new ClusterView(View.Version + 1, edit(View.Entries));
        Changed?.Invoke(View);
    }
}

/// <summary>Rendezvous hashing: every silo computes the same owner, and one that leaves or joins moves only its share.</summary>
internal static class Rendezvous {
    public static SiloAddress Owner(GrainId grain, ImmutableArray<SiloAddress> silos) => silos.Length == 1 ? silos[0]
        : silos.MaxBy(silo => Mix(grain.GetUniformHashCode() ^ Mix((uint)silo.GetConsistentHashCode())))!;

    private static uint Mix(uint h) {
        h = (h ^ (h >> 16)) * 0x85EBCA6B;
        h = (h ^ (h >> 13)) * 0xC2B2AE35;
        return h ^ (h >> 16);
    }
}
