using System.Collections.Concurrent;

namespace Granary.Stores;

/// <summary>An open folder.</summary>
/// <param name="Descriptor">Its descriptor; whoever opened it closes it.</param>
/// <param name="Path">Its path below the root.</param>
/// <param name="IsNew">True when its entry in its parents may not be durable yet.</param>
internal readonly record struct OpenFolder(int Descriptor, string Path, bool IsNew);

/// <summary>
/// Opens the folders of chunks, making those that are missing. A new folder's entry must be durable before a chunk in it
/// counts, also for a second put that finds the folder while the first one is still making it durable.
/// </summary>
internal sealed class LocalFolders(LocalRoot root, LocalFaults faults, int mode)
{
    /// <summary>Folders that were made and whose entry is not known to be durable.</summary>
    private readonly ConcurrentDictionary<string, bool> _new = new(StringComparer.Ordinal);

    /// <summary>Opens a folder; makes it first where it is missing.</summary>
    public OpenFolder Open(string path)
    {
        var descriptor = Posix.Open(root.Descriptor, path, Posix.ReadOnly | Posix.Directory);
        if (descriptor >= 0)
            return new(descriptor, path, IsNew: !_new.IsEmpty && IsOrLiesInNew(path));
        var error = Posix.Error;
        if (error != Posix.ENOENT)
            throw faults.Of("opening", path, error);
        root.EnsureOurs();
        Make(path);
        descriptor = Posix.Open(root.Descriptor, path, Posix.ReadOnly | Posix.Directory);
        return descriptor >= 0 ? new(descriptor, path, IsNew: true) : throw faults.Of("opening", path, Posix.Error);
    }

    /// <summary>Syncs the parents of a folder that is new. Called after the chunk's own sync, which often has done it already.</summary>
    public void MakeDurable(OpenFolder folder)
    {
        if (!folder.IsNew)
            return;
        for (var path = folder.Path; path.Length > 0; path = Parent(path))
        {
            if (!_new.ContainsKey(path))
                continue;
            Sync(Parent(path));
            _new.TryRemove(path, out _);
        }
    }

    /// <summary>Syncs a folder, or does nothing when it does not exist.</summary>
    public void SyncIfThere(string path)
    {
        var descriptor = Posix.Open(root.Descriptor, path, Posix.ReadOnly | Posix.Directory);
        if (descriptor < 0)
        {
            var error = Posix.Error;
            if (error is Posix.ENOENT or Posix.ENOTDIR)
                return;
            throw faults.Of("opening", path, error);
        }

        SyncAndClose(descriptor, path);
    }

    private void Make(string path)
    {
        _new.TryAdd(path, true);
        if (Posix.MakeDirectory(root.Descriptor, path, mode) == 0)
            return;
        var error = Posix.Error;
        if (error == Posix.EEXIST)
            return;
        if (error != Posix.ENOENT || Parent(path).Length == 0)
            throw faults.Of("making", path, error);
        Make(Parent(path));
        if (Posix.MakeDirectory(root.Descriptor, path, mode) != 0 && Posix.Error != Posix.EEXIST)
            throw faults.Of("making", path, Posix.Error);
    }

    private bool IsOrLiesInNew(string path)
    {
        for (; path.Length > 0; path = Parent(path))
        {
            if (_new.ContainsKey(path))
                return true;
        }

        return false;
    }

    private void Sync(string path)
    {
        var descriptor = Posix.Open(root.Descriptor, path.Length == 0 ? "." : path, Posix.ReadOnly | Posix.Directory);
        if (descriptor < 0)
            throw faults.Of("opening", path, Posix.Error);
        SyncAndClose(descriptor, path);
    }

    private void SyncAndClose(int descriptor, string path)
    {
        var result = Posix.Sync(descriptor);
        var error = Posix.Error;
        Posix.Close(descriptor);
        if (result != 0)
            throw faults.Of("syncing", path, error);
    }

    private static string Parent(string path)
    {
        var slash = path.LastIndexOf('/');
        return slash < 0 ? "" : path[..slash];
    }
}
