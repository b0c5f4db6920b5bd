using System.ComponentModel;

namespace Granary.Stores;

/// <summary>Turns error numbers of the system into faults of a store.</summary>
internal sealed class LocalFaults(string store)
{
    public string Store { get; } = store;

    /// <summary>A failed system call.</summary>
    public ChunkStoreException Of(string doing, string what, int error)
    {
        var fault = error switch
        {
            Posix.ENOSPC or Posix.EDQUOT => ChunkStoreFault.Full,
            Posix.EROFS or Posix.EACCES or Posix.EPERM => ChunkStoreFault.AccessDenied,
            Posix.ETIMEDOUT => ChunkStoreFault.Timeout,
            _ => ChunkStoreFault.Unavailable,
        };
        return new(Store, fault, $"Store {Store}: {doing} {what} failed: {Posix.Describe(error)}.", Cause(error));
    }

    /// <summary>The base directory or its identity is not there, or cannot be looked at.</summary>
    public ChunkStoreOfflineException Offline(string what, int error)
    {
        var fault = error switch
        {
            0 or Posix.ENOENT or Posix.ENOTDIR => ChunkStoreFault.IdentityMissing,
            Posix.EACCES or Posix.EPERM => ChunkStoreFault.AccessDenied,
            _ => ChunkStoreFault.Unavailable,
        };
        return new(Store, fault, error == 0 ? $"Store {Store}: {what}." : $"Store {Store}: {what} ({Posix.Describe(error)}).", Cause(error));
    }

    /// <summary>Another directory lies at the path.</summary>
    public ChunkStoreOfflineException Replaced(string what) => new(Store, ChunkStoreFault.IdentityMissing, $"Store {Store}: {what}.");

    public ChunkStoreException Misconfigured(string what) => new(Store, ChunkStoreFault.Misconfigured, $"Store {Store}: {what}.");

    private static Win32Exception? Cause(int error) => error == 0 ? null : new Win32Exception(error);
}
