using System.IO.Enumeration;
using System.Runtime.CompilerServices;

namespace Granary.Stores;

/// <content>Listing, and removing what a crash left behind: temporary files and empty folders (D24). Both walk tenant, aa, bb; both see through a descriptor that stays on the opened directory.</content>
internal sealed partial class LocalChunkStore
{
    private static readonly EnumerationOptions s_everything = new()
    {
        IgnoreInaccessible = false,
        AttributesToSkip = 0,
        RecurseSubdirectories = false,
        ReturnSpecialDirectories = false,
    };

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChunkListing> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var tenant in await FoldersAsync("chunks", prefix, ct).ConfigureAwait(false))
        {
            foreach (var first in await FoldersAsync(tenant, prefix, ct).ConfigureAwait(false))
            {
                foreach (var second in await FoldersAsync(first, prefix, ct).ConfigureAwait(false))
                {
                    foreach (var entry in await _threads.RunAsync(() => Entries(second, prefix), ct).ConfigureAwait(false))
                        yield return entry;
                }
            }
        }
    }

    private Task<List<string>> FoldersAsync(string path, string prefix, CancellationToken ct) =>
        _threads.RunAsync(() => Folders(path, prefix), ct);

    /// <summary>Folders inside a folder that may hold keys with the prefix.</summary>
    private List<string> Folders(string path, string prefix)
    {
        var found = Names(path, folders: true);
        found.RemoveAll(name =>
        {
            var folder = $"{path}/{name}/";
            return !folder.StartsWith(prefix, StringComparison.Ordinal) && !prefix.StartsWith(folder, StringComparison.Ordinal);
        });
        return found.ConvertAll(name => $"{path}/{name}");
    }

    private List<ChunkListing> Entries(string path, string prefix)
    {
        var entries = new List<ChunkListing>();
        foreach (var name in Names(path, folders: false))
        {
            var text = $"{path}/{name}";
            if (!text.StartsWith(prefix, StringComparison.Ordinal) || !LocationKey.TryParse(text, out var key))
                continue;
            if (Posix.Stat(_root.Descriptor, text, out var facts) == 0)
                entries.Add(new(key, facts.Length, facts.Modified));
            else
                ThrowUnlessAbsent("looking at", text);
        }

        return entries;
    }

    /// <summary>Names in a folder; none where it is absent, and only there.</summary>
    private List<string> Names(string path, bool folders)
    {
        try
        {
            var names = new FileSystemEnumerable<string>(
                $"/proc/self/fd/{_root.Descriptor}/{path}",
                static (ref FileSystemEntry entry) => entry.FileName.ToString(),
                s_everything)
            {
                ShouldIncludePredicate = folders
                    ? static (ref FileSystemEntry entry) => entry.IsDirectory
                    : static (ref FileSystemEntry entry) => !entry.IsDirectory,
            };
            var found = names.ToList();
            _root.EnsureOurs();
            return found;
        }
        catch (DirectoryNotFoundException)
        {
            _root.EnsureOurs();
            return [];
        }
        catch (UnauthorizedAccessException e)
        {
            throw new ChunkStoreException(Traits.Name, ChunkStoreFault.AccessDenied, $"Store {Traits.Name}: listing {path} failed: access denied.", e);
        }
        catch (IOException e)
        {
            _root.EnsureOurs();
            throw new ChunkStoreException(Traits.Name, ChunkStoreFault.Unavailable, $"Store {Traits.Name}: listing {path} failed: {e.Message}", e);
        }
    }

    /// <summary>Removes the temporary files and the empty folders of earlier runs. The lock says that nobody writes them any more.</summary>
    private bool RemoveTemporaries()
    {
        var removed = 0;
        var own = TemporaryPrefix + _epoch;
        foreach (var folder in Folders("chunks", "").SelectMany(t => Folders(t, "")).SelectMany(a => Folders(a, "")))
        {
            _closing.Token.ThrowIfCancellationRequested();
            foreach (var name in Names(folder, folders: false))
            {
                if (!name.StartsWith(TemporaryPrefix, StringComparison.Ordinal) || !name.EndsWith(TemporarySuffix, StringComparison.Ordinal)
                    || name.StartsWith(own, StringComparison.Ordinal))
                    continue;
                if (Posix.Unlink(_root.Descriptor, $"{folder}/{name}") == 0)
                    removed++;
            }

            _folders.RemoveIfEmpty(folder);
        }

        LogCleaned(Traits.Name, removed);
        return true;
    }
}
