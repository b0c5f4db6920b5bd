using System.Runtime.Versioning;
using Granary.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace Granary.Stores.Tests;

[UnsupportedOSPlatform("windows")]
public sealed class LocalStoreTests(ITestOutputHelper output) : IDisposable
{
    private readonly Random _random = Seeds.Create(output);
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static LocalChunkStore Open(ChunkStoreDefinition definition)
    {
        LocalChunkStore.Initialize(definition);
        return LocalChunkStore.Open(definition, NullLogger.Instance);
    }

    private static LocationKey Key(ChunkBuffer chunk, long location = 1) => new("t1", chunk.Hash, location);

    [Fact]
    [Trait("Behaviour", "D60")]
    public async Task Files_lie_at_their_key_with_mode_0600_and_nothing_else_is_left()
    {
        await using var store = Open(Definitions.Local(_folder.Path));
        using var small = ChunkBuffer.CopyOf(_random.Bytes(10));
        using var large = ChunkBuffer.CopyOf(_random.Bytes(600_001));
        foreach (var chunk in new[] { small, large })
        {
            await store.PutAsync(Key(chunk), chunk, default);
            var path = _folder[Key(chunk).ToString()];
            Assert.Equal(chunk.ToArray(), await File.ReadAllBytesAsync(path));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }

        var files = Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(_folder.Path, f)).Order();
        Assert.Equal(new[] { Key(small).ToString(), Key(large).ToString(), "granary-store.json", "granary-store.lock" }.Order(), files);
    }

    [Fact]
    [Trait("Behaviour", "D60")]
    public void The_base_directory_must_exist()
    {
        var definition = Definitions.Local(_folder["nowhere"]);
        var fault = Assert.ThrowsAny<ChunkStoreException>(() => LocalChunkStore.Initialize(definition));
        Assert.Equal("identity-missing", fault.CodeText);
        Assert.ThrowsAny<ChunkStoreException>(() => LocalChunkStore.Open(definition, NullLogger.Instance));
        Assert.False(Directory.Exists(_folder["nowhere"]));
    }

    [Fact]
    public async Task Chunks_survive_closing_and_opening()
    {
        using var chunk = ChunkBuffer.CopyOf(_random.Bytes(500_000));
        await using (var store = Open(Definitions.Local(_folder.Path)))
            await store.PutAsync(Key(chunk), chunk, default);
        await using var again = LocalChunkStore.Open(Definitions.Local(_folder.Path), NullLogger.Instance);
        Assert.Equal(500_000, (await again.StatAsync(Key(chunk), default))!.Value.Length);
    }

    [Fact]
    public async Task A_second_opener_is_refused_while_the_first_has_it_open()
    {
        var definition = Definitions.Local(_folder.Path);
        await using (var store = Open(definition))
        {
            var fault = Assert.Throws<ChunkStoreException>(() => LocalChunkStore.Open(definition, NullLogger.Instance));
            Assert.Equal(("locked", false), (fault.CodeText, fault.IsTransient));
            Assert.Contains(_folder.Path, fault.Message, StringComparison.Ordinal);
        }

        await LocalChunkStore.Open(definition, NullLogger.Instance).DisposeAsync();
    }

    [Fact]
    public async Task An_identity_of_another_installation_or_store_keeps_the_store_offline()
    {
        await Open(Definitions.Local(_folder.Path)).DisposeAsync();
        var foreign = Assert.Throws<ChunkStoreOfflineException>(() => LocalChunkStore.Open(Definitions.Local(_folder.Path, installation: "inst2"), NullLogger.Instance));
        Assert.Equal("identity-foreign", foreign.CodeText);
        var other = Definitions.Local(_folder.Path, store: "s2");
        Assert.Equal("identity-foreign", Assert.Throws<ChunkStoreOfflineException>(() => LocalChunkStore.Initialize(other)).CodeText);
        Assert.Equal("identity-foreign", Assert.Throws<ChunkStoreOfflineException>(() => LocalChunkStore.Open(other, NullLogger.Instance)).CodeText);

        LocalChunkStore.Initialize(other, takeOver: true);
        await LocalChunkStore.Open(other, NullLogger.Instance).DisposeAsync();
    }

    [Fact]
    public void Chunks_without_an_identity_are_not_taken_over_silently()
    {
        _folder.Make("chunks");
        var fault = Assert.Throws<ChunkStoreOfflineException>(() => LocalChunkStore.Initialize(Definitions.Local(_folder.Path)));
        Assert.Equal("identity-missing", fault.CodeText);
        Assert.False(File.Exists(_folder["granary-store.json"]));
    }

    [Fact]
    public void A_store_inside_another_store_is_refused()
    {
        LocalChunkStore.Initialize(Definitions.Local(_folder.Path));
        var inner = Definitions.Local(_folder.Make("inner"), store: "s2");
        Assert.Equal("misconfigured", Assert.Throws<ChunkStoreException>(() => LocalChunkStore.Initialize(inner)).CodeText);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not json")]
    [InlineData("{}")]
    [InlineData("{\"installation\":\"inst1\",\"store\":\"s1\",\"format\":2}")]
    public void A_broken_or_newer_identity_keeps_the_store_offline(string content)
    {
        File.WriteAllText(_folder["granary-store.json"], content);
        Assert.Throws<ChunkStoreOfflineException>(() => LocalChunkStore.Open(Definitions.Local(_folder.Path), NullLogger.Instance));
    }

    [Fact]
    [Trait("Behaviour", "G3")]
    public async Task A_directory_that_vanishes_is_offline_to_every_verb_and_never_empty()
    {
        await using var store = Open(Definitions.Local(_folder.Make("store")));
        using var chunk = ChunkBuffer.CopyOf(_random.Bytes(1000));
        await store.PutAsync(Key(chunk), chunk, default);
        Directory.Move(_folder["store"], _folder["gone"]);
        Directory.Delete(_folder["gone"] + "/chunks", recursive: true);
        await AssertOfflineAsync(store, chunk);

        // Something else at the same path does not change that, not even a store of the same name.
        _folder.Make("store");
        await AssertOfflineAsync(store, chunk);
        LocalChunkStore.Initialize(Definitions.Local(_folder["store"]));
        await AssertOfflineAsync(store, chunk);
        Assert.False(Directory.Exists(_folder["store/chunks"]));
    }

    [Fact]
    [Trait("Behaviour", "G3")]
    public async Task A_directory_that_loses_its_identity_is_offline_until_it_is_back()
    {
        await using var store = Open(Definitions.Local(_folder.Path));
        using var chunk = ChunkBuffer.CopyOf(_random.Bytes(1000));
        File.Move(_folder["granary-store.json"], _folder["hidden"]);
        await AssertOfflineAsync(store, chunk);
        File.Copy(_folder["hidden"], _folder["granary-store.json"]);
        await store.CheckAsync(default);
        Assert.Null(await store.StatAsync(Key(chunk), default));
        await store.PutAsync(Key(chunk, 2), chunk, default);
    }

    private static async Task AssertOfflineAsync(LocalChunkStore store, ChunkBuffer chunk)
    {
        var key = Key(chunk, 7);
        foreach (var verb in new Func<Task>[]
        {
            () => store.CheckAsync(default),
            () => store.PutAsync(key, chunk, default),
            () => store.StatAsync(key, default),
            () => store.ReadAsync(key, 0, [new byte[10]], default),
            () => store.DeleteAsync(key, default),
            async () =>
            {
                await foreach (var entry in store.ListAsync("", default))
                    Assert.Fail($"listed {entry.Key}");
            },
        })
        {
            var fault = await Assert.ThrowsAsync<ChunkStoreOfflineException>(verb);
            Assert.Equal("identity-missing", fault.CodeText);
        }
    }

    [Fact]
    public async Task Temporary_files_of_a_crash_are_invisible_and_go_at_the_next_opening()
    {
        var definition = Definitions.Local(_folder.Path);
        using var chunk = ChunkBuffer.CopyOf(_random.Bytes(1000));
        await using (var store = Open(definition))
            await store.PutAsync(Key(chunk), chunk, default);
        var folder = Path.GetDirectoryName(_folder[Key(chunk).ToString()])!;
        var left = Path.Combine(folder, ".put-0123456789ab-1.tmp");

        // As after a crash: the lock file says that nobody closed the store, and a put was under way.
        await File.WriteAllTextAsync(_folder["granary-store.lock"], "open\n");
        await File.WriteAllTextAsync(left, "half a chunk");
        await File.WriteAllTextAsync(Path.Combine(folder, "not-ours"), "stays");
        await using (var store = LocalChunkStore.Open(definition, NullLogger.Instance))
        {
            var keys = new List<LocationKey>();
            await foreach (var entry in store.ListAsync("", default))
                keys.Add(entry.Key);
            Assert.Equal([Key(chunk)], keys);
            await store.Cleaning.WithinAsync("cleaning up");
            Assert.False(File.Exists(left));
            Assert.True(File.Exists(Path.Combine(folder, "not-ours")));
            Assert.True(File.Exists(_folder[Key(chunk).ToString()]));
        }

        Assert.Equal(0, new FileInfo(_folder["granary-store.lock"]).Length);
    }

    [Fact]
    public async Task An_orderly_end_leaves_nothing_to_clean()
    {
        var definition = Definitions.Local(_folder.Path);
        await Open(definition).DisposeAsync();
        Assert.Equal(0, new FileInfo(_folder["granary-store.lock"]).Length);
        await using var store = LocalChunkStore.Open(definition, NullLogger.Instance);
        Assert.True(store.Cleaning.IsCompleted);
        Assert.NotEqual(0, new FileInfo(_folder["granary-store.lock"]).Length);
    }

    [Fact]
    [Trait("Behaviour", "D17")]
    public async Task A_put_that_fails_leaves_no_copy_and_no_temporary_file()
    {
        await using var store = Open(Definitions.Local(_folder.Path));
        using var chunk = ChunkBuffer.CopyOf(_random.Bytes(400_000));

        // A directory where the chunk's file should be: the rename fails after everything else was done.
        Directory.CreateDirectory(_folder[Key(chunk).ToString()] + "/full");
        await Assert.ThrowsAsync<ChunkStoreException>(() => store.PutAsync(Key(chunk), chunk, default));
        Assert.Empty(Directory.EnumerateFiles(_folder["chunks"], "*", SearchOption.AllDirectories));
    }

    [Fact]
    [Trait("Behaviour", "D17")]
    public async Task A_delete_that_fails_leaves_the_copy()
    {
        await using var store = Open(Definitions.Local(_folder.Path));
        using var chunk = ChunkBuffer.CopyOf(_random.Bytes(10));
        Directory.CreateDirectory(_folder[Key(chunk).ToString()] + "/full");
        await Assert.ThrowsAsync<ChunkStoreException>(() => store.DeleteAsync(Key(chunk), default));
        Assert.True(Directory.Exists(_folder[Key(chunk).ToString()]));
    }

    [Fact]
    public async Task Bytes_changed_on_the_disk_are_found_by_a_verified_read()
    {
        await using var store = Open(Definitions.Local(_folder.Path));
        using var pool = new ChunkBufferPool(new(), TimeProvider.System);
        using var account = pool.Open("t1", BufferUse.Internal);
        var bytes = _random.Bytes(300_000);
        using var chunk = ChunkBuffer.CopyOf(bytes);
        await store.PutAsync(Key(chunk), chunk, default);
        bytes[123_456] ^= 1;
        await File.WriteAllBytesAsync(_folder[Key(chunk).ToString()], bytes);
        var fault = await Assert.ThrowsAsync<ChunkCorruptException>(() => store.ReadVerifiedAsync(Key(chunk), bytes.Length, account, default));
        Assert.Equal((chunk.Hash, Key(chunk), "test"), (fault.Expected, fault.Key, fault.Store));
        Assert.NotEqual(chunk.Hash, fault.Actual);
        Assert.Contains(fault.Actual.ToString(), fault.Message, StringComparison.Ordinal);
        Assert.Equal(0, pool.InUseBytes);
    }

    [Fact]
    public async Task Many_puts_into_one_new_folder_all_become_durable_entries()
    {
        await using var store = Open(Definitions.Local(_folder.Path));
        using var chunk = ChunkBuffer.CopyOf(_random.Bytes(100));
        await Task.WhenAll(Enumerable.Range(0, 64).Select(i => store.PutAsync(Key(chunk, i), chunk, default)));
        Assert.Equal(64, Directory.EnumerateFiles(_folder["chunks"], "*", SearchOption.AllDirectories).Count());
    }

    [Fact]
    [Trait("Behaviour", "D24")]
    public async Task Folders_that_a_delete_or_a_failed_put_empties_go_and_others_stay()
    {
        await using var store = Open(Definitions.Local(_folder.Path));
        using var chunk = ChunkBuffer.CopyOf(_random.Bytes(100));
        using var other = ChunkBuffer.CopyOf(_random.Bytes(100));
        await store.PutAsync(Key(chunk, 1), chunk, default);
        await store.PutAsync(Key(chunk, 2), chunk, default);
        await store.PutAsync(Key(other), other, default);
        Assert.True(await store.DeleteAsync(Key(chunk, 1), default));
        Assert.True(Directory.Exists(_folder[Key(chunk).Folder]));
        Assert.True(await store.DeleteAsync(Key(chunk, 2), default));
        Assert.False(Directory.Exists(_folder[Key(chunk).Folder]));
        Assert.True(File.Exists(_folder[Key(other).ToString()]));

        // Of a put that never got its file.
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.PutAsync(Key(chunk, 3), chunk, cancelled.Token));
        Assert.True(await store.DeleteAsync(Key(other), default));
        Assert.Equal([_folder["chunks"]], Directory.EnumerateDirectories(_folder.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    [Trait("Behaviour", "D24")]
    public async Task Empty_folders_that_a_crash_left_go_with_its_temporary_files()
    {
        using var chunk = ChunkBuffer.CopyOf(_random.Bytes(100));
        await using (var store = Open(Definitions.Local(_folder.Path)))
        {
            await store.PutAsync(Key(chunk), chunk, default);
        }

        Directory.CreateDirectory(_folder["chunks/t1/00/11"]);
        Directory.CreateDirectory(_folder["chunks/t2/22/33"]);
        await File.WriteAllTextAsync(_folder["chunks/t2/22/33/.put-of-a-crash-1.tmp"], "half");
        await File.WriteAllTextAsync(_folder["granary-store.lock"], "open\n");
        await using var again = LocalChunkStore.Open(Definitions.Local(_folder.Path), NullLogger.Instance);
        await again.Cleaning;
        Assert.Equal([_folder["chunks/t1"]], Directory.EnumerateDirectories(_folder["chunks"]));
        Assert.Equal([_folder[Key(chunk).ToString()]], Directory.EnumerateFiles(_folder["chunks"], "*", SearchOption.AllDirectories));
        Assert.Single(Directory.EnumerateDirectories(_folder["chunks/t1"]));
    }

    [Fact]
    [Trait("Behaviour", "D24")]
    public async Task Deletes_that_empty_a_folder_race_with_puts_into_it_and_neither_loses_anything()
    {
        await using var store = Open(Definitions.Local(_folder.Path));
        using var chunk = ChunkBuffer.CopyOf(_random.Bytes(100));
        var rounds = Seeds.Times(300, 5_000);

        // Each puts and deletes copies of its own; all lie in one folder, which is empty again and again. The last one stays.
        await Parallel.ForAsync(0, 8, async (worker, ct) =>
        {
            for (var i = 0; i < rounds; i++)
            {
                var key = Key(chunk, (worker * 100_000L) + i + 1);
                await store.PutAsync(key, chunk, ct);
                Assert.NotNull(await store.StatAsync(key, ct));
                Assert.True(i == rounds - 1 || await store.DeleteAsync(key, ct));
            }
        });
        Assert.Equal(8, Directory.EnumerateFiles(_folder["chunks"], "*", SearchOption.AllDirectories).Count());
    }
}
