using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace Granary.Stores;

/// <summary>
/// Chunks as files of a directory: <c>chunks/{tenant}/{aa}/{bb}/{sha256}.{locationId}</c>, mode 0600 (D60). A put writes a
/// temporary file in the target folder, syncs it, renames it, and syncs the folder, so that a name is either absent or the
/// whole chunk. Chunks from <see cref="DirectBytes"/> up go around the page cache where the file system allows.
/// </summary>
internal sealed partial class LocalChunkStore : IChunkStore, IFileSystemStore, IOwnedPlace
{
    /// <summary>From here on writing around the page cache wins; below, the copy is cheaper than waiting for the device.</summary>
    public const int DirectBytes = 256 << 10;

    private const string ChunksFolder = "chunks";
    private const int FileMode = 0x180;   // 0600
    private const int FolderMode = 0x1C0; // 0700

    private readonly LocalRoot _root;
    private readonly LocalFaults _faults;
    private readonly IoThreads _threads;
    private readonly LocalFolders _folders;
    private readonly ILogger _log;
    private readonly string _epoch = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _cleaning;
    private volatile bool _direct;
    private long _temporaries;
    private volatile bool _leftSomething;
    private int _closed;

    private LocalChunkStore(ChunkStoreDefinition definition, LocalRoot root, LocalFaults faults, bool direct, ILogger log)
    {
        _root = root;
        _faults = faults;
        _direct = direct;
        _log = log;
        _folders = new(root, faults, FolderMode);
        _threads = new($"store {definition.Name}", definition.MaxConcurrentReads + definition.MaxConcurrentWrites);
        Traits = new()
        {
            Name = definition.Name,
            Backend = LocalStoreConfig.Kind,
            IsLocal = true,
            ListIsConsistent = true,
            VerifiesWrites = false,
            ConcurrencyHint = 32,
        };
        _cleaning = root.WasLeftOpen ? _threads.RunAsync(RemoveTemporaries, CancellationToken.None) : Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ChunkStoreTraits Traits { get; }

    /// <summary>Ends when the temporary files of a run that crashed are gone; they are invisible before.</summary>
    internal Task Cleaning => _cleaning;

    /// <summary>True while large chunks are written around the page cache.</summary>
    internal bool WritesDirectly => _direct;

    /// <summary>Opens the directory, which must be initialised, and locks it.</summary>
    /// <exception cref="ChunkStoreException">It is not there, not ours, or open elsewhere.</exception>
    public static LocalChunkStore Open(ChunkStoreDefinition definition, ILogger log, bool direct = true)
    {
        var config = (LocalStoreConfig)definition.Configuration;
        var faults = new LocalFaults(definition.Name);
        var root = LocalRoot.Open(config.Path, StoreIdentity.Of(definition), faults);
        return new(definition, root, faults, direct, log);
    }

    /// <summary>Makes a directory a store; see <see cref="LocalRoot.Initialize"/>.</summary>
    public static void Initialize(ChunkStoreDefinition definition, bool takeOver = false) =>
        LocalRoot.Initialize(((LocalStoreConfig)definition.Configuration).Path, StoreIdentity.Of(definition), new(definition.Name), takeOver);

    /// <inheritdoc/>
    public Task PutAsync(LocationKey key, ChunkBuffer content, CancellationToken ct)
    {
        ChunkStore.ThrowUnlessFits(key, content);
        return _threads.RunAsync(() => Put(key, content, ct), ct);
    }

    /// <inheritdoc/>
    public Task<ChunkStat?> StatAsync(LocationKey key, CancellationToken ct)
    {
        var path = key.ToString();
        return _threads.RunAsync<ChunkStat?>(() =>
        {
            if (Posix.Stat(_root.Descriptor, path, out var facts) == 0)
                return new ChunkStat(facts.Length, facts.Modified);
            ThrowUnlessAbsent("looking at", path);
            return null;
        }, ct);
    }

    /// <inheritdoc/>
    public Task<int?> ReadAsync(LocationKey key, long offset, IReadOnlyList<Memory<byte>> destination, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        var path = key.ToString();
        return _threads.RunAsync(() => Read(path, offset, destination), ct);
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(LocationKey key, CancellationToken ct)
    {
        var (folder, path) = (key.Folder, key.ToString());
        return _threads.RunAsync(() => Delete(folder, path), ct);
    }

    /// <inheritdoc/>
    public Task CheckAsync(CancellationToken ct) => _threads.RunAsync(() =>
    {
        _root.Check();
        return true;
    }, ct);

    /// <inheritdoc/>
    public Task<bool> LeaveAsync(CancellationToken ct) => _threads.RunAsync(() =>
    {
        _root.EnsureOurs();
        if (Posix.RemoveFolder(_root.Descriptor, ChunksFolder) != 0 && Posix.Error != Posix.ENOENT)
            return false;
        _root.Leave();
        return true;
    }, ct);

    /// <inheritdoc/>
    public Task<FileSystemSpace> MeasureAsync(CancellationToken ct) => _threads.RunAsync(() =>
    {
        _root.EnsureOurs();
        return Posix.Measure(_root.Descriptor, out var space) == 0 ? space : throw _faults.Of("measuring", ".", Posix.Error);
    }, ct);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
            return;
        await _closing.CancelAsync().ConfigureAwait(false);
        var cleaned = await _cleaning.ContinueWith(t => t.IsCompletedSuccessfully, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).ConfigureAwait(false);
        await Task.Factory.StartNew(_threads.Dispose, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        if (cleaned && !_leftSomething)
            _root.MarkClean();
        _root.Dispose();
        _closing.Dispose();
    }

    private unsafe int? Read(string path, long offset, IReadOnlyList<Memory<byte>> destination)
    {
        var file = Posix.Open(_root.Descriptor, path, Posix.ReadOnly | Posix.NoFollow);
        if (file < 0)
        {
            ThrowUnlessAbsent("opening", path);
            return null;
        }

        var pins = new System.Buffers.MemoryHandle[destination.Count];
        try
        {
            Span<IoVector> parts = destination.Count <= 64 ? stackalloc IoVector[destination.Count] : new IoVector[destination.Count];
            for (var i = 0; i < pins.Length; i++)
            {
                pins[i] = destination[i].Pin();
                parts[i] = new((nint)pins[i].Pointer, (nuint)destination[i].Length);
            }

            var wanted = destination.Sum(d => (long)d.Length);
            if (wanted >= DirectBytes)
                Posix.WillNeed(file, offset, wanted);
            var read = Posix.ReadAll(file, parts, offset);
            return read < 0 ? throw _faults.Of("reading", path, Posix.Error) : (int)read;
        }
        finally
        {
            Posix.Close(file);
            foreach (var pin in pins)
                pin.Dispose();
        }
    }

    private bool Delete(string folder, string path)
    {
        var removed = Posix.Unlink(_root.Descriptor, path) == 0;
        if (!removed)
            ThrowUnlessAbsent("deleting", path);

        // Also when it was absent: an earlier delete may have unlinked it and not have come as far as this.
        _folders.SyncRemoval(folder);
        _root.EnsureOurs();
        _folders.RemoveIfEmpty(folder);
        return removed;
    }

    /// <summary>Decides, after a call failed, whether that means "absent": only when the directory is still ours.</summary>
    private void ThrowUnlessAbsent(string doing, string path)
    {
        var error = Posix.Error;
        if (error is not (Posix.ENOENT or Posix.ENOTDIR))
            throw _faults.Of(doing, path, error);
        _root.EnsureOurs();
    }
}
