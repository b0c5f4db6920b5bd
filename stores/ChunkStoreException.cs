using Granary.GrainInterfaces;

namespace Granary.Stores;

/// <summary>Why a store did not do what it was asked; stable, also as text in <see cref="ChunkStoreException.CodeText"/>.</summary>
public enum ChunkStoreFault
{
    /// <summary>The store could not be reached, or answered that it cannot serve now. Transient.</summary>
    Unavailable,

    /// <summary>No answer within the time of one attempt; the operation may have taken effect. Transient.</summary>
    Timeout,

    /// <summary>The store has no room. Permanent until somebody makes room: not retried.</summary>
    Full,

    /// <summary>The credentials are missing or wrong, or the store is read-only for this process.</summary>
    AccessDenied,

    /// <summary>The identity object is not where it was: unmounted, vanished, or never initialised.</summary>
    IdentityMissing,

    /// <summary>The identity object belongs to another installation or another store.</summary>
    IdentityForeign,

    /// <summary>The store is opened by another process.</summary>
    Locked,

    /// <summary>The configuration cannot work: no such bucket, a base directory that does not exist, a bad endpoint.</summary>
    Misconfigured,

    /// <summary>The store refused the bytes because they do not fit their hash, or answered against its protocol.</summary>
    Rejected,
}

/// <summary>A store could not do what it was asked. That something is absent is a value and never this exception.</summary>
public class ChunkStoreException : Exception
{
    /// <summary>Makes a fault of a store.</summary>
    /// <param name="store">The store's name.</param>
    /// <param name="fault">What kind of fault it is.</param>
    /// <param name="message">One sentence for an operator; names the place, holds no secret.</param>
    /// <param name="cause">The fault underneath, kept.</param>
    public ChunkStoreException(string store, ChunkStoreFault fault, string message, Exception? cause = null)
        : base(message, cause)
    {
        Store = store;
        Fault = fault;
    }

    /// <summary>The name of the store.</summary>
    public string Store { get; }

    /// <summary>What kind of fault it is.</summary>
    public ChunkStoreFault Fault { get; }

    /// <summary>True where a repeat a little later may succeed.</summary>
    public virtual bool IsTransient => Fault is ChunkStoreFault.Unavailable or ChunkStoreFault.Timeout;

    /// <summary>The fault as stable text: unavailable, timeout, full, access-denied, identity-missing, identity-foreign, locked, misconfigured, rejected.</summary>
    public string CodeText => Fault switch
    {
        ChunkStoreFault.Unavailable => "unavailable",
        ChunkStoreFault.Timeout => "timeout",
        ChunkStoreFault.Full => "full",
        ChunkStoreFault.AccessDenied => "access-denied",
        ChunkStoreFault.IdentityMissing => "identity-missing",
        ChunkStoreFault.IdentityForeign => "identity-foreign",
        ChunkStoreFault.Locked => "locked",
        ChunkStoreFault.Misconfigured => "misconfigured",
        _ => "rejected",
    };
}

/// <summary>The store is not there, or is not ours: nothing may be concluded from what it holds, and nothing swept.</summary>
public sealed class ChunkStoreOfflineException(string store, ChunkStoreFault fault, string message, Exception? cause = null)
    : ChunkStoreException(store, fault, message, cause);

/// <summary>A copy of a chunk is not what its name says.</summary>
/// <param name="store">The name of the store.</param>
/// <param name="key">The copy.</param>
/// <param name="actual">The hash of what was read; <c>default</c> where the length already differed.</param>
/// <param name="expectedLength">The bytes that the copy should have.</param>
/// <param name="actualLength">The bytes that were read.</param>
public sealed class ChunkCorruptException(string store, LocationKey key, ChunkHash actual, long expectedLength, long actualLength)
    : Exception(actual.IsEmpty
        ? $"Store {store}: {key} has {actualLength} bytes instead of {expectedLength}."
        : $"Store {store}: the bytes of {key} hash to {actual}.")
{
    /// <summary>The name of the store.</summary>
    public string Store { get; } = store;

    /// <summary>The copy.</summary>
    public LocationKey Key { get; } = key;

    /// <summary>The hash that the bytes should have.</summary>
    public ChunkHash Expected => Key.Hash;

    /// <summary>The hash of what was read; <c>default</c> where the length already differed.</summary>
    public ChunkHash Actual { get; } = actual;

    /// <summary>The bytes that the copy should have.</summary>
    public long ExpectedLength { get; } = expectedLength;

    /// <summary>The bytes that were read.</summary>
    public long ActualLength { get; } = actualLength;
}
