using Granary.GrainInterfaces;
using Granary.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Granary.Stores.Tests;

/// <summary>What a silo has open, as stores come, go, vanish and return.</summary>
public sealed class StoreDirectoryTests : IAsyncDisposable
{
    private static readonly StoreId s_first = new(1);
    private static readonly StoreId s_second = new(2);
    private readonly TempFolder _folder = new();
    private readonly ManualTimeProvider _time = new();
    private readonly ChunkStoreFactory _factory = Definitions.Factory();
    private readonly StoreDirectory _directory;

    public StoreDirectoryTests() => _directory = new(_factory, _time, NullLogger<StoreDirectory>.Instance);

    public async ValueTask DisposeAsync()
    {
        await _directory.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task It_opens_what_it_is_told_of_and_closes_what_is_no_longer_named()
    {
        var (first, second) = (await MakeAsync("1"), await MakeAsync("2"));
        await _directory.UpdateAsync([first, second], default);
        Assert.True(_directory.TryGet(s_first, out _));
        Assert.True(_directory.TryGetMaintenance(s_second, out _));
        Assert.All(_directory.Stores, status => Assert.Equal(StoreHealth.Online, status.Health));

        await _directory.UpdateAsync([second], default);
        Assert.False(_directory.TryGet(s_first, out _));
        Assert.False(_directory.IsUsable(s_first));
        Assert.Equal(s_second, Assert.Single(_directory.Stores).Store);

        // Closed: its lock is free for another opener.
        await (await _factory.OpenAsync(first, default)).DisposeAsync();
    }

    [Fact]
    public async Task A_store_that_is_not_there_is_offline_with_its_reason_and_others_are_not_touched()
    {
        var (first, second) = (await MakeAsync("1"), Define("2"));
        await _directory.UpdateAsync([first, second], default);
        Assert.True(_directory.IsUsable(s_first));
        Assert.False(_directory.IsUsable(s_second));
        var status = _directory.Stores.Single(store => store.Store == s_second);
        Assert.Equal((StoreHealth.Offline, "identity-missing"), (status.Health, status.Code));
        Assert.Contains(_folder["2"], status.Reason, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Behaviour", "G7")]
    public async Task A_store_that_vanished_is_offline_and_is_opened_again_when_it_is_back()
    {
        var definition = await MakeAsync("1");
        await _directory.UpdateAsync([definition], default);
        Directory.Move(_folder["1"], _folder["away"]);
        await _directory.UpdateAsync([definition], default);
        Assert.False(_directory.TryGet(s_first, out _));
        Assert.Equal(StoreHealth.Offline, Assert.Single(_directory.Stores).Health);

        Directory.Move(_folder["away"], _folder["1"]);
        await _directory.UpdateAsync([definition], default);
        Assert.True(_directory.IsUsable(s_first));
    }

    [Fact]
    public async Task A_store_that_failed_is_passed_over_for_ten_seconds_and_stays_open()
    {
        await _directory.UpdateAsync([await MakeAsync("1")], default);
        _directory.ReportFailure(s_first, new ChunkStoreException("1", ChunkStoreFault.Timeout, "It did not answer."));
        Assert.False(_directory.IsUsable(s_first));
        Assert.True(_directory.TryGet(s_first, out _));
        var status = Assert.Single(_directory.Stores);
        Assert.Equal((StoreHealth.Failing, "timeout", "It did not answer."), (status.Health, status.Code, status.Reason));

        _time.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromMilliseconds(1));
        Assert.False(_directory.IsUsable(s_first));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(_directory.IsUsable(s_first));
        Assert.Equal(StoreHealth.Online, Assert.Single(_directory.Stores).Health);
    }

    [Fact]
    public async Task A_full_store_still_serves()
    {
        await _directory.UpdateAsync([await MakeAsync("1")], default);
        _directory.ReportFailure(s_first, new ChunkStoreException("1", ChunkStoreFault.Full, "No room."));
        Assert.True(_directory.IsUsable(s_first));
    }

    [Fact]
    public async Task Other_limits_do_not_close_a_store()
    {
        var definition = await MakeAsync("1");
        await _directory.UpdateAsync([definition], default);
        Assert.True(_directory.TryGet(s_first, out var before));
        await _directory.UpdateAsync([definition with { MaxConcurrentReads = 1, MaxConcurrentWrites = 1 }], default);
        Assert.True(_directory.TryGet(s_first, out var after));
        Assert.NotSame(before, after);

        // What was begun by the old limits goes on: both work.
        await before.CheckAsync(default);
        await after.CheckAsync(default);
        Assert.Same(before.Find<LocalChunkStore>(), after.Find<LocalChunkStore>());
    }

    [Fact]
    public async Task A_store_that_another_process_holds_is_offline_until_it_is_free()
    {
        var definition = await MakeAsync("1");
        var other = await _factory.OpenAsync(definition, default);
        await _directory.UpdateAsync([definition], default);
        Assert.Equal("locked", Assert.Single(_directory.Stores).Code);
        await other.DisposeAsync();
        await _directory.UpdateAsync([definition], default);
        Assert.True(_directory.IsUsable(s_first));
    }

    private ChunkStoreDefinition Define(string id) => Definitions.Local(_folder[id], id);

    private async Task<ChunkStoreDefinition> MakeAsync(string id)
    {
        _folder.Make(id);
        var definition = Define(id);
        await _factory.InitializeAsync(definition, takeOver: false, default);
        return definition;
    }
}
