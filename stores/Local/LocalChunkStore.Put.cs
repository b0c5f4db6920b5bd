using Granary.GrainInterfaces.Diagnostics;

namespace Granary.Stores;

/// <content>
/// One put: 1. open the folder, making it where it is missing; 2. write a temporary file there and sync it; 3. rename it;
/// 4. sync the folder; 5. see that the directory at the store's path is still the one written to.
/// </content>
internal sealed partial class LocalChunkStore
{
    /// <summary>What the names of temporary files begin and end with; no chunk's name does.</summary>
    private const string TemporaryPrefix = ".put-", TemporarySuffix = ".tmp";

    private enum FileWrite
    {
        Done,

        /// <summary>The file system does not write around its cache.</summary>
        NotDirect,

        /// <summary>A delete has taken the folder away while it was empty.</summary>
        FolderGone,
    }

    private bool Put(LocationKey key, ChunkBuffer content, CancellationToken ct)
    {
        var temporary = $"{TemporaryPrefix}{_epoch}-{Interlocked.Increment(ref _temporaries):x}{TemporarySuffix}";
        for (var attempt = 1; ; attempt++)
        {
            // 1.
            var folder = _folders.Open(key.Folder);
            try
            {
                // 2.
                if (!WriteTemporary(folder.Descriptor, temporary, content))
                {
                    _root.EnsureOurs();
                    if (attempt == LocalFolders.MostAttempts)
                        throw _faults.Of("creating", temporary, Posix.ENOENT);
                    continue;
                }

                Name(folder, temporary, key, ct);
            }
            catch
            {
                _folders.RemoveIfEmpty(key.Folder);
                throw;
            }
            finally
            {
                Posix.Close(folder.Descriptor);
            }

            // 5.
            _root.EnsureOurs();
            return true;
        }
    }

    private void Name(OpenFolder folder, string temporary, LocationKey key, CancellationToken ct)
    {
        try
        {
            ct.ThrowIfCancellationRequested();

            // 3.
            FaultPoint.Reached("store.before-rename");
            if (Posix.Rename(folder.Descriptor, temporary, folder.Descriptor, key.FileName) != 0)
                throw _faults.Of("naming", key.FileName, Posix.Error);
        }
        catch
        {
            RemoveTemporary(folder.Descriptor, temporary);
            throw;
        }

        // 4.
        FaultPoint.Reached("store.before-folder-sync");
        if (Posix.Sync(folder.Descriptor) != 0)
            throw _faults.Of("syncing", key.Folder, Posix.Error);
        _folders.MakeDurable(folder);
    }

    /// <summary>False when the folder has gone: nothing was written.</summary>
    private bool WriteTemporary(int folder, string name, ChunkBuffer content)
    {
        if (_direct && content.Length >= DirectBytes)
        {
            if (TryWrite(folder, name, content, direct: true) is var written and not FileWrite.NotDirect)
                return written == FileWrite.Done;
            _direct = false;
            LogNotDirect(Traits.Name);
        }

        return TryWrite(folder, name, content, direct: false) == FileWrite.Done;
    }

    /// <summary>Writes and syncs a file. Leaves nothing behind unless it is done.</summary>
    private FileWrite TryWrite(int folder, string name, ChunkBuffer content, bool direct)
    {
        var file = Posix.Open(folder, name, Posix.WriteOnly | Posix.Create | Posix.Exclusive | (direct ? Posix.Direct : 0), FileMode);
        if (file < 0)
        {
            var error = Posix.Error;

            // An open that is refused for its flags may have created the file.
            if (direct)
                RemoveTemporary(folder, name);
            return direct && error == Posix.EINVAL ? FileWrite.NotDirect
                : error == Posix.ENOENT ? FileWrite.FolderGone
                : throw FailedWrite("creating", name, error);
        }

        var written = false;
        try
        {
            if (!Write(file, content, direct))
            {
                var error = Posix.Error;
                return direct && error is Posix.EINVAL or Posix.EOPNOTSUPP ? FileWrite.NotDirect : throw FailedWrite("writing", name, error);
            }

            if (Posix.Sync(file) != 0)
                throw FailedWrite("syncing", name, Posix.Error);
            written = true;
            return FileWrite.Done;
        }
        finally
        {
            Posix.Close(file);
            if (!written)
                RemoveTemporary(folder, name);
        }
    }

    private static bool Write(int file, ChunkBuffer content, bool direct)
    {
        var left = content.Length;
        Span<IoVector> parts = content.RawPieces.Count <= 64 ? stackalloc IoVector[content.RawPieces.Count] : new IoVector[content.RawPieces.Count];
        var count = 0;
        foreach (var piece in content.RawPieces)
        {
            if (left == 0)
                break;
            var length = Math.Min(left, piece.Memory.Length);
            left -= length;

            // The last block is written whole, its end zeroed by Seal, and cut off again below.
            parts[count++] = new(piece.Address, (nuint)(direct ? (length + BufferPiece.Alignment - 1) & -BufferPiece.Alignment : length));
        }

        if (Posix.WriteAll(file, parts[..count], 0) != 0)
            return false;
        return !direct || content.Length % BufferPiece.Alignment == 0 || Posix.Truncate(file, content.Length) == 0;
    }

    /// <summary>Removes what a failed put wrote; where that fails too, the next opener looks for it.</summary>
    private void RemoveTemporary(int folder, string name)
    {
        if (Posix.Unlink(folder, name) != 0 && Posix.Error != Posix.ENOENT)
            _leftSomething = true;
    }

    /// <summary>A folder that went away under a put means that the whole store may have.</summary>
    private ChunkStoreException FailedWrite(string doing, string name, int error)
    {
        if (error == Posix.ENOENT)
            _root.EnsureOurs();
        return _faults.Of(doing, name, error);
    }
}
