using Granary.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace Granary.Stores.Tests;

/// <summary>The local store on a small file system in a mount namespace of the test's own.</summary>
public sealed class LocalStoreMountTests(ITestOutputHelper output)
{
    private readonly Random _random = Seeds.Create(output);

    private static LocalChunkStore Open(string path)
    {
        LocalChunkStore.Initialize(Definitions.Local(path));
        return LocalChunkStore.Open(Definitions.Local(path), NullLogger.Instance);
    }

    [MountFact]
    [Trait("Behaviour", "D17")]
    public async Task A_full_disk_is_a_permanent_fault_that_leaves_no_trace_and_passes_when_there_is_room()
    {
        using var mount = new MountNamespace(4 << 20);
        await using var store = Open(mount.Path);
        var stored = new List<LocationKey>();
        ChunkStoreException? fault = null;
        for (var i = 0; i < 20 && fault is null; i++)
        {
            using var chunk = ChunkBuffer.CopyOf(_random.Bytes(i % 2 == 0 ? 700_000 : 100_000));
            var key = new LocationKey("t1", chunk.Hash, i);
            try
            {
                await store.PutAsync(key, chunk, default);
                stored.Add(key);
            }
            catch (ChunkStoreException e)
            {
                fault = e;
                Assert.Null(await store.StatAsync(key, default));
            }
        }

        Assert.Equal(("full", false), (fault!.CodeText, fault.IsTransient));
        Assert.NotNull(fault.InnerException);
        Assert.DoesNotContain(Directory.EnumerateFiles(mount.Path, "*", SearchOption.AllDirectories), f => f.EndsWith(".tmp", StringComparison.Ordinal));
        await store.CheckAsync(default);
        foreach (var key in stored)
            Assert.NotNull(await store.StatAsync(key, default));

        // Deleting needs no room, and makes some.
        Assert.True(await store.DeleteAsync(stored[0], default));
        using var again = ChunkBuffer.CopyOf(_random.Bytes(500_000));
        await store.PutAsync(new("t1", again.Hash, 99), again, default);
    }

    [MountFact]
    public async Task Retries_do_not_hammer_a_full_disk()
    {
        using var mount = new MountNamespace(1 << 20);
        await using var opened = await Definitions.OpenAsync(Definitions.Local(mount.Path));
        using var chunk = ChunkBuffer.CopyOf(_random.Bytes(2 << 20));
        var fault = await Assert.ThrowsAsync<ChunkStoreException>(() => opened.Client.PutAsync(new("t1", chunk.Hash, 1), chunk, default));
        Assert.Equal("full", fault.CodeText);
    }

    [MountFact]
    [Trait("Behaviour", "G3")]
    public async Task An_unmounted_store_is_offline_and_nothing_is_written_below_the_mount_point()
    {
        using var mount = new MountNamespace(4 << 20);
        await using var store = Open(mount.Path);
        using var chunk = ChunkBuffer.CopyOf(_random.Bytes(5000));
        var key = new LocationKey("t1", chunk.Hash, 1);
        await store.PutAsync(key, chunk, default);

        mount.Run($"umount -l {mount.Inside}");
        Assert.Empty(Directory.EnumerateFileSystemEntries(mount.Path));
        await Assert.ThrowsAsync<ChunkStoreOfflineException>(() => store.CheckAsync(default));
        await Assert.ThrowsAsync<ChunkStoreOfflineException>(() => store.StatAsync(new("t1", chunk.Hash, 2), default));
        await Assert.ThrowsAsync<ChunkStoreOfflineException>(() => store.PutAsync(new("t1", chunk.Hash, 3), chunk, default));
        await Assert.ThrowsAsync<ChunkStoreOfflineException>(() => store.DeleteAsync(key, default));
        Assert.Throws<ChunkStoreOfflineException>(() => LocalChunkStore.Open(Definitions.Local(mount.Path), NullLogger.Instance));
        Assert.Empty(Directory.EnumerateFileSystemEntries(mount.Path));
    }

    [MountFact]
    public async Task A_store_on_a_read_only_file_system_does_not_open_and_says_why()
    {
        using var mount = new MountNamespace(4 << 20);
        var store = Open(mount.Path);
        using var chunk = ChunkBuffer.CopyOf(_random.Bytes(5000));
        var key = new LocationKey("t1", chunk.Hash, 1);
        await store.PutAsync(key, chunk, default);
        await store.DisposeAsync();

        // The lock file is opened for writing, so a store that is read-only from the start does not open.
        mount.Run($"mount -o remount,ro {mount.Inside}");
        var fault = Assert.Throws<ChunkStoreException>(() => LocalChunkStore.Open(Definitions.Local(mount.Path), NullLogger.Instance));
        Assert.Equal(("access-denied", false), (fault.CodeText, fault.IsTransient));
    }

    [MountFact]
    public async Task A_file_system_without_direct_writes_gets_plain_ones()
    {
        using var mount = new MountNamespace(8 << 20);
        await using var store = Open(mount.Path);
        using var chunk = ChunkBuffer.CopyOf(_random.Bytes(700_001));
        await store.PutAsync(new("t1", chunk.Hash, 1), chunk, default);
        await store.PutAsync(new("t1", chunk.Hash, 2), chunk, default);
        var bytes = new byte[1 << 20];
        Assert.Equal(700_001, await store.ReadAsync(new("t1", chunk.Hash, 2), 0, [bytes], default));
        Assert.Equal(chunk.ToArray(), bytes[..700_001]);
        output.WriteLine($"writes directly: {store.WritesDirectly}");
    }
}
