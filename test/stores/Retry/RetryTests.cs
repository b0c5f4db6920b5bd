using Granary.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Granary.Stores.Tests;

public sealed class RetryTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _time = new();
    private readonly FaultyChunkStore _faulty = new(new MemoryChunkStore());
    private readonly ChunkBuffer _chunk = ChunkBuffer.CopyOf("abc"u8);
    private bool _isMember = true;
    private RetryChunkStore _store = null!;

    private LocationKey Key => new("t1", _chunk.Hash, 1);

    public Task InitializeAsync()
    {
        _store = new(_faulty, new(), _time, () => 0.5, () => _isMember, NullLogger.Instance);
        return Task.CompletedTask;
    }

    public Task DisposeAsync()
    {
        _chunk.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>Moves the clock through every wait until the task ends.</summary>
    private async Task<TimeSpan> RunAsync(Task task)
    {
        var began = _time.GetUtcNow();
        while (!task.IsCompleted)
        {
            await Eventually.BecomesAsync(() => task.IsCompleted || _time.Armed > 0, "a wait begins or the operation ends");
            if (!task.IsCompleted)
                _time.Advance(TimeSpan.FromMilliseconds(10));
        }

        return _time.GetUtcNow() - began;
    }

    [Fact]
    [Trait("Behaviour", "O13")]
    public async Task Transient_faults_are_repeated_until_they_pass()
    {
        _faulty.Fail(StoreVerbs.Put, times: 3);
        var put = _store.PutAsync(Key, _chunk, default);
        var took = await RunAsync(put);
        await put;
        Assert.Equal(4, _faulty.Calls(StoreVerbs.Put));

        // 200, 400 and 800 ms, at half the jitter three quarters of each.
        Assert.InRange(took.TotalMilliseconds, 1050, 1090);
    }

    [Fact]
    [Trait("Behaviour", "O13")]
    public async Task Repeats_end_and_the_last_fault_comes_through()
    {
        _faulty.Fail(StoreVerbs.All);
        foreach (var verb in new Func<Task>[] { () => _store.StatAsync(Key, default), () => _store.DeleteAsync(Key, default), () => _store.CheckAsync(default), () => _store.ReadAsync(Key, 0, [], default) })
        {
            var operation = verb();
            await RunAsync(operation);
            Assert.Equal("unavailable", (await Assert.ThrowsAsync<ChunkStoreException>(() => operation)).CodeText);
        }

        Assert.Equal(4, _faulty.Calls(StoreVerbs.Stat));
        Assert.Equal(4, _faulty.Calls(StoreVerbs.Delete));
    }

    [Theory]
    [InlineData(ChunkStoreFault.Full)]
    [InlineData(ChunkStoreFault.AccessDenied)]
    [InlineData(ChunkStoreFault.Misconfigured)]
    [InlineData(ChunkStoreFault.IdentityMissing)]
    [InlineData(ChunkStoreFault.IdentityForeign)]
    [InlineData(ChunkStoreFault.Rejected)]
    public async Task Faults_that_will_not_pass_are_not_repeated(ChunkStoreFault fault)
    {
        _faulty.Fail(StoreVerbs.Put, fault);
        await Assert.ThrowsAnyAsync<ChunkStoreException>(() => _store.PutAsync(Key, _chunk, default));
        Assert.Equal(1, _faulty.Calls(StoreVerbs.Put));
    }

    [Fact]
    public async Task A_silo_that_is_no_member_begins_nothing_and_repeats_nothing()
    {
        _faulty.Fail(StoreVerbs.Delete);
        var delete = _store.DeleteAsync(Key, default);
        await Eventually.BecomesAsync(() => _time.Armed > 0, "the wait before the first repeat begins");
        _isMember = false;
        await RunAsync(delete);
        await Assert.ThrowsAsync<SiloNotMemberException>(() => delete);
        Assert.Equal(1, _faulty.Calls(StoreVerbs.Delete));
        await Assert.ThrowsAsync<SiloNotMemberException>(() => _store.PutAsync(Key, _chunk, default));
        Assert.Equal(0, _faulty.Calls(StoreVerbs.Put));
    }

    [Fact]
    public async Task A_lost_answer_is_repeated_and_succeeds()
    {
        _faulty.FailAfter(StoreVerbs.Put, times: 1);
        var put = _store.PutAsync(Key, _chunk, default);
        await RunAsync(put);
        await put;
        Assert.Equal(2, _faulty.Calls(StoreVerbs.Put));
        Assert.NotNull(await _store.StatAsync(Key, default));
    }

    [Fact]
    public async Task Cancelling_ends_the_wait()
    {
        _faulty.Fail(StoreVerbs.Stat);
        using var cancel = new CancellationTokenSource();
        var stat = _store.StatAsync(Key, cancel.Token);
        await Eventually.BecomesAsync(() => _time.Armed > 0, "a wait begins");
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stat).WithinAsync("the wait ends");
    }

    [Fact]
    [Trait("Behaviour", "G3")]
    public async Task A_listing_is_repeated_at_its_beginning_and_throws_midway()
    {
        for (var i = 0; i < 5; i++)
            await _faulty.PutAsync(new("t1", _chunk.Hash, i), _chunk, default);
        _faulty.Fail(StoreVerbs.List, times: 1);
        var listing = CountAsync();
        await RunAsync(listing);
        Assert.Equal(5, await listing);
        _faulty.BreakListAfter(3);
        await Assert.ThrowsAsync<ChunkStoreException>(CountAsync);
        Assert.Equal(3, _faulty.Calls(StoreVerbs.List));
    }

    private async Task<int> CountAsync()
    {
        var count = 0;
        await foreach (var entry in _store.ListAsync("", default))
            count++;
        return count;
    }

    [Theory]
    [InlineData(0, 0.0, 100)]
    [InlineData(0, 0.999, 200)]
    [InlineData(3, 0.5, 1200)]
    [InlineData(9, 0.5, 3750)]
    public void Waits_double_up_to_their_limit_and_lie_in_the_upper_half(int repeat, double jitter, int milliseconds) =>
        Assert.Equal(milliseconds, RetryChunkStore.Delay(new(), repeat, jitter).TotalMilliseconds, 1.0);

    [Fact]
    public void Settings_out_of_range_are_refused()
    {
        Assert.Empty(new StoreRetryOptions().Validate());
        Assert.Equal(3, new StoreRetryOptions { MaxRepeats = 11, FirstDelay = TimeSpan.Zero, MaxDelay = TimeSpan.FromHours(1) }.Validate().Count());
    }
}
