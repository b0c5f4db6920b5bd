using System.Text;

namespace Granary.Stores;

/// <summary>
/// The open base directory of a local store: held by a descriptor, locked against a second opener, and compared with what
/// lies at its path whenever something seems absent, so that a vanished or unmounted directory is offline and never empty.
/// </summary>
internal sealed class LocalRoot : IDisposable
{
    /// <summary>The lock file. It has content while the store is open, and still after a crash.</summary>
    public const string LockName = "granary-store.lock";

    private const int FileMode = 0x180; // 0600

    private readonly string _path;
    private readonly string _identityPath;
    private readonly StoreIdentity _identity;
    private readonly LocalFaults _faults;
    private readonly int _lock;
    private FileFacts _root;
    private FileFacts _identityFile;

    private LocalRoot(string path, StoreIdentity identity, LocalFaults faults, int root, int lockFile)
    {
        _path = path;
        _identityPath = path + "/" + StoreIdentity.ObjectName;
        _identity = identity;
        _faults = faults;
        Descriptor = root;
        _lock = lockFile;
    }

    /// <summary>The descriptor of the directory; all paths are relative to it.</summary>
    public int Descriptor { get; }

    /// <summary>True when the last opener did not close the store.</summary>
    public bool WasLeftOpen { get; private set; }

    /// <summary>Opens, locks and checks the directory.</summary>
    /// <exception cref="ChunkStoreException">It does not exist, is not ours, or is open elsewhere.</exception>
    public static LocalRoot Open(string path, StoreIdentity identity, LocalFaults faults)
    {
        var descriptor = OpenDirectory(path, faults);
        var lockFile = -1;
        try
        {
            // The identity comes first: nothing is written into a directory that is not ours.
            ReadIdentity(descriptor, path, identity, faults);
            lockFile = Lock(descriptor, path, faults);
            var root = new LocalRoot(path, identity, faults, descriptor, lockFile);
            root.Begin();
            return root;
        }
        catch
        {
            if (lockFile >= 0)
                Posix.Close(lockFile);
            Posix.Close(descriptor);
            throw;
        }
    }

    /// <summary>Writes the identity object into a directory that has none and no chunks; it may also be ours already.</summary>
    /// <param name="path">The directory; it must exist.</param>
    /// <param name="identity">What to write.</param>
    /// <param name="faults">Makes exceptions.</param>
    /// <param name="takeOver">True: replace whatever identity is there; an operator's explicit command.</param>
    public static void Initialize(string path, StoreIdentity identity, LocalFaults faults, bool takeOver)
    {
        var descriptor = OpenDirectory(path, faults);
        try
        {
            var exists = Posix.Stat(descriptor, StoreIdentity.ObjectName, out _) == 0;
            if (exists && !takeOver)
            {
                ReadIdentity(descriptor, path, identity, faults);
                return;
            }

            if (!exists && !takeOver)
                ExpectUnused(descriptor, path, faults);
            var lockFile = Lock(descriptor, path, faults);
            try
            {
                WriteIdentity(descriptor, identity, faults);
            }
            finally
            {
                Posix.Close(lockFile);
            }
        }
        finally
        {
            Posix.Close(descriptor);
        }
    }

    /// <summary>One system call: what lies at the path is still what was opened.</summary>
    /// <exception cref="ChunkStoreOfflineException">It is not.</exception>
    public void EnsureOurs()
    {
        if (Posix.Stat(Posix.CurrentDirectory, _identityPath, out var found) != 0 || !found.IsSame(_identityFile))
            Check();
    }

    /// <summary>Looks at the directory and reads its identity object.</summary>
    /// <exception cref="ChunkStoreOfflineException">It is missing or not ours.</exception>
    public void Check()
    {
        if (Posix.Stat(Posix.CurrentDirectory, _path, out var root) != 0)
            throw _faults.Offline($"the directory {_path} is not there", Posix.Error);
        if (!root.IsSame(_root))
            throw _faults.Replaced($"the directory {_path} is not the one that was opened: unmounted, or replaced");
        ReadIdentity(Descriptor, _path, _identity, _faults);
        if (Posix.Stat(Descriptor, StoreIdentity.ObjectName, out var file) == 0)
            _identityFile = file;
    }

    /// <summary>Marks the store as closed in order, when everything begun was finished.</summary>
    public void MarkClean()
    {
        _ = Posix.Truncate(_lock, 0);
        _ = Posix.Sync(_lock);
    }

    /// <summary>Takes the identity object and the lock file away: the directory is nobody's.</summary>
    public void Leave()
    {
        foreach (var name in new[] { StoreIdentity.ObjectName, LockName })
        {
            if (Posix.Unlink(Descriptor, name) != 0 && Posix.Error != Posix.ENOENT)
                throw _faults.Of("deleting", name, Posix.Error);
        }

        if (Posix.Sync(Descriptor) != 0)
            throw _faults.Of("syncing", ".", Posix.Error);
    }

    public void Dispose()
    {
        Posix.Close(_lock);
        Posix.Close(Descriptor);
    }

    private void Begin()
    {
        if (Posix.Stat(Descriptor, out _root) != 0 || Posix.Stat(Descriptor, StoreIdentity.ObjectName, out _identityFile) != 0)
            throw _faults.Of("looking at", _path, Posix.Error);
        if (Posix.Stat(_lock, out var state) != 0)
            throw _faults.Of("looking at", LockName, Posix.Error);
        WasLeftOpen = state.Length > 0;
        WriteFile(_lock, "open\n"u8, LockName, _faults);
    }

    private static int OpenDirectory(string path, LocalFaults faults)
    {
        var descriptor = Posix.Open(Posix.CurrentDirectory, path, Posix.ReadOnly | Posix.Directory);
        if (descriptor < 0)
            throw faults.Offline($"the directory {path} cannot be opened", Posix.Error);
        return descriptor;
    }

    private static unsafe void ReadIdentity(int root, string path, StoreIdentity identity, LocalFaults faults)
    {
        var file = Posix.Open(root, StoreIdentity.ObjectName, Posix.ReadOnly | Posix.NoFollow);
        if (file < 0)
            throw faults.Offline($"{path}/{StoreIdentity.ObjectName} is missing, so this may be an empty mount point", Posix.Error);
        try
        {
            Span<byte> bytes = stackalloc byte[StoreIdentity.MaxBytes];
            long read;
            fixed (byte* start = bytes)
                read = Posix.ReadAll(file, [new IoVector((nint)start, (nuint)bytes.Length)], 0);
            if (read < 0)
                throw faults.Offline($"{path}/{StoreIdentity.ObjectName} cannot be read", Posix.Error);
            identity.Expect(bytes[..(int)read], faults.Store, $"{path}/{StoreIdentity.ObjectName}");
        }
        finally
        {
            Posix.Close(file);
        }
    }

    private static void ExpectUnused(int root, string path, LocalFaults faults)
    {
        if (Posix.Stat(root, "chunks", out _) == 0)
            throw faults.Offline($"{path} holds chunks but no {StoreIdentity.ObjectName}; taking it over is an explicit command", 0);
        for (var parent = Path.GetDirectoryName(path); parent is not null; parent = Path.GetDirectoryName(parent))
        {
            if (Posix.Stat(Posix.CurrentDirectory, Path.Combine(parent, StoreIdentity.ObjectName), out _) == 0)
                throw faults.Misconfigured($"{path} lies inside the store at {parent}");
        }
    }

    private static void WriteIdentity(int root, StoreIdentity identity, LocalFaults faults)
    {
        const string Temporary = ".granary-store.json.tmp";
        _ = Posix.Unlink(root, Temporary);
        var file = Posix.Open(root, Temporary, Posix.WriteOnly | Posix.Create | Posix.Exclusive, FileMode);
        if (file < 0)
            throw faults.Of("creating", StoreIdentity.ObjectName, Posix.Error);
        try
        {
            WriteFile(file, identity.ToBytes(), StoreIdentity.ObjectName, faults);
        }
        finally
        {
            Posix.Close(file);
        }

        if (Posix.Rename(root, Temporary, root, StoreIdentity.ObjectName) != 0 || Posix.Sync(root) != 0)
            throw faults.Of("creating", StoreIdentity.ObjectName, Posix.Error);
    }

    private static unsafe void WriteFile(int file, ReadOnlySpan<byte> bytes, string name, LocalFaults faults)
    {
        fixed (byte* start = bytes)
        {
            if (Posix.WriteAll(file, [new IoVector((nint)start, (nuint)bytes.Length)], 0) != 0 || Posix.Sync(file) != 0)
                throw faults.Of("writing", name, Posix.Error);
        }
    }

    private static int Lock(int root, string path, LocalFaults faults)
    {
        var file = Posix.Open(root, LockName, Posix.ReadWrite | Posix.Create | Posix.NoFollow, FileMode);
        if (file < 0)
            throw faults.Of("opening", LockName, Posix.Error);
        if (Posix.Lock(file, Posix.LockExclusive | Posix.LockNonBlocking) == 0)
            return file;
        var error = Posix.Error;
        Posix.Close(file);
        throw error == Posix.EAGAIN
            ? new ChunkStoreException(faults.Store, ChunkStoreFault.Locked, $"Store {faults.Store}: another process has {path} open.")
            : faults.Of("locking", LockName, error);
    }
}
