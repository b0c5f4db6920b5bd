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
    /// <summary>A folder that deletes take away each time it was made: so many in a row are no accident.</summary>
    public const int MostAttempts = 100;

    // Folders that were made and whose entry is not known to be durable, each with a mark of who made it last.
    private readonly ConcurrentDictionary<string, object> _new = new(StringComparer.Ordinal);

    /// <summary>Opens a folder; makes it first where it is missing. A delete may take it away again while it is empty.</summary>
    public OpenFolder Open(string path)
    {
        for (var attempt = 0; ; attempt++)
        {
            var descriptor = Posix.Open(root.Descriptor, path, Posix.ReadOnly | Posix.Directory);
            if (descriptor >= 0)
                return new(descriptor, path, IsNew: attempt > 0 || (!_new.IsEmpty && IsOrLiesInNew(path)));
            var error = Posix.Error;
            if (error != Posix.ENOENT || attempt == MostAttempts)
                throw faults.Of("opening", path, error);
            root.EnsureOurs();
            Make(path);
        }
    }

    /// <summary>Syncs the parents of a folder that is new. Called after the chunk's own sync, which often has done it already.</summary>
    public void MakeDurable(OpenFolder folder)
    {
        if (!folder.IsNew)
            return;
        for (var path = folder.Path; path.Length > 0; path = Parent(path))
        {
            if (!_new.TryGetValue(path, out var made))
                continue;
            Sync(Parent(path));

            // Made anew since: whoever did has a sync of its own to do.
            _new.TryRemove(new(path, made));
        }
    }

    /// <summary>
    /// Removes a folder that has become empty, and its parents that this empties; never <c>chunks</c> itself. A put that has
    /// opened it finds out when it makes its file there, and begins anew: a folder with a file in it cannot be removed.
    /// </summary>
    public void RemoveIfEmpty(string path)
    {
        while (path.Contains('/', StringComparison.Ordinal) && Posix.RemoveFolder(root.Descriptor, path) == 0)
            path = Parent(path);
    }

    /// <summary>Makes durable what was removed from a folder, which may have been removed itself since.</summary>
    public void SyncRemoval(string path)
    {
        var descriptor = Posix.Open(root.Descriptor, path.Length == 0 ? "." : path, Posix.ReadOnly | Posix.Directory);
        if (descriptor < 0)
        {
            var error = Posix.Error;
            if (error is Posix.ENOENT or Posix.ENOTDIR)
            {
                // Its own removal came later, and is in the folder above.
                if (path.Length > 0)
                    SyncRemoval(Parent(path));
                return;
            }

            throw faults.Of("opening", path, error);
        }

        SyncAndClose(descriptor, path);
    }

    private void Make(string path)
    {
        _new[path] = new object();
        if (Posix.MakeDirectory(root.Descriptor, path, mode) == 0)
            return;
        var error = Posix.Error;
        if (error == Posix.EEXIST)
            return;
        if (error != Posix.ENOENT || Parent(path).Length == 0)
            throw faults.Of("making", path, error);
        Make(Parent(path));

        // Absent again: the parent was removed meanwhile, and the caller comes back.
        if (Posix.MakeDirectory(root.Descriptor, path, mode) != 0 && Posix.Error is not (Posix.EEXIST or Posix.ENOENT))
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
