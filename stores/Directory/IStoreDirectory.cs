using System.Diagnostics.CodeAnalysis;
using Granary.GrainInterfaces;

namespace Granary.Stores;

/// <summary>The stores that this silo has open, and what it knows of their health. Reading it costs nothing.</summary>
public interface IStoreDirectory
{
    /// <summary>State of every store that this silo should have open, by id.</summary>
    IReadOnlyList<StoreStatus> Stores { get; }

    /// <summary>The open store for requests of clients; false when it is not open here. A store may be open and not usable.</summary>
    bool TryGet(StoreId id, [NotNullWhen(true)] out IChunkStore? store);

    /// <summary>The open store for background work, with slots of its own.</summary>
    bool TryGetMaintenance(StoreId id, [NotNullWhen(true)] out IChunkStore? store);

    /// <summary>The same for work of an urgency; what has no slots of its own for that gives what it has.</summary>
    bool TryGetMaintenance(StoreId id, WorkUrgency urgency, [NotNullWhen(true)] out IChunkStore? store) => TryGetMaintenance(id, out store);

    /// <summary>True when the store is open and has not failed in the last ten seconds (design, Choosing where to write).</summary>
    bool IsUsable(StoreId id);

    /// <summary>Says that an operation failed; the store is passed over for ten seconds. One that has no room still serves reads.</summary>
    void ReportFailure(StoreId id, Exception failure);
}

/// <summary>How a store is.</summary>
public enum StoreHealth
{
    /// <summary>Open, no recent failure.</summary>
    Online = 0,

    /// <summary>Open, but an operation failed or timed out a moment ago.</summary>
    Failing = 1,

    /// <summary>Not open: missing, not ours, locked, or its settings cannot work. It is tried again every few seconds.</summary>
    Offline = 2,
}

/// <summary>What is known of one store.</summary>
/// <param name="Store">The store.</param>
/// <param name="Name">Its name.</param>
/// <param name="Health">How it is.</param>
/// <param name="Code">Stable code of the last fault (<see cref="ChunkStoreException.CodeText"/>); null while online.</param>
/// <param name="Reason">One sentence for an operator; null while online.</param>
/// <param name="Since">When it became so.</param>
public sealed record StoreStatus(StoreId Store, string Name, StoreHealth Health, string? Code, string? Reason, DateTimeOffset Since);
