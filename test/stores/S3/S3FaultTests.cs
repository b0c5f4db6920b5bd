using Amazon.S3.Model;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Stores.Tests;

/// <summary>The S3 store behind a proxy that makes a real server misbehave.</summary>
[Collection(S3Collection.Name)]
public sealed class S3FaultTests(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly Random _random = Seeds.Create(output);
    private readonly List<IAsyncDisposable> _open = [];
    private FaultProxy _proxy = null!;
    private ChunkStoreDefinition _definition = null!;
    private S3ChunkStore _store = null!;
    private ChunkBuffer _chunk = null!;
    private LocationKey _key;

    public async Task InitializeAsync()
    {
        if (Requirement.SkipReason(S3Server.Missing) is not null)
            return;
        _proxy = new(S3Server.Current.Endpoint);
        _definition = Definitions.S3(await S3Server.Current.MakeBucketAsync(), "p/", _proxy.Endpoint);
        _store = Store(TimeSpan.FromSeconds(15));
        await _store.InitializeAsync(takeOver: false, default);
        _chunk = ChunkBuffer.CopyOf(_random.Bytes(300_000));
        _key = new("t1", _chunk.Hash, 1);
    }

    public async Task DisposeAsync()
    {
        foreach (var thing in _open)
            await thing.DisposeAsync();
        if (_proxy is not null)
            await _proxy.DisposeAsync();
        _chunk?.Dispose();
    }

    private S3ChunkStore Store(TimeSpan attempt)
    {
        var store = new S3ChunkStore(_definition, TimeProvider.System, attempt);
        _open.Add(store);
        return store;
    }

    private async Task<byte[]?> ReadAsync(IChunkStore? store = null)
    {
        var bytes = new byte[_chunk.Length];
        return await (store ?? _store).ReadAsync(_key, 0, [bytes], default) is { } read ? bytes[..read] : null;
    }

    /// <summary>Every verb fails with one code, none says "absent", and none succeeds.</summary>
    private async Task AssertAllFailAsync(S3ChunkStore store, string code, bool transient)
    {
        foreach (var (name, verb) in new (string, Func<Task>)[]
        {
            ("put", () => store.PutAsync(_key, _chunk, default)),
            ("stat", () => store.StatAsync(_key, default)),
            ("read", () => store.ReadAsync(_key, 0, [new byte[10]], default)),
            ("delete", () => store.DeleteAsync(_key, default)),
            ("check", () => store.CheckAsync(default)),
            ("list", async () =>
            {
                await foreach (var entry in store.ListAsync("", default))
                    Assert.Fail($"listed {entry.Key}");
            }),
        })
        {
            var fault = await Assert.ThrowsAnyAsync<ChunkStoreException>(verb);
            Assert.True((code, transient) == (fault.CodeText, fault.IsTransient), $"{name}: {fault.CodeText}, transient {fault.IsTransient}: {fault.Message}");
            Assert.NotNull(fault.InnerException);
            Assert.DoesNotContain(_definition.Credentials!.SecretKey, fault.ToString(), StringComparison.Ordinal);
        }
    }

    [S3Fact]
    public async Task A_server_that_is_down_is_unavailable_to_every_verb()
    {
        await _proxy.DisposeAsync();
        await AssertAllFailAsync(_store, "unavailable", transient: true);
    }

    [S3Fact]
    public async Task A_server_that_resets_connections_is_unavailable()
    {
        _proxy.Rule = new(ProxyFault.Reset);
        await AssertAllFailAsync(_store, "unavailable", transient: true);
    }

    [S3Theory]
    [InlineData(500, "unavailable", true)]
    [InlineData(503, "unavailable", true)]
    [InlineData(429, "unavailable", true)]
    [InlineData(403, "access-denied", false)]
    [InlineData(507, "full", false)]
    public async Task Answers_of_the_server_have_their_code(int status, string code, bool transient)
    {
        _proxy.Rule = new(ProxyFault.Answer) { Status = status, Body = "<Error><Code>Whatever</Code></Error>" };
        await AssertAllFailAsync(_store, code, transient);
    }

    [S3Fact]
    public async Task Errors_without_a_body_have_their_code_too()
    {
        _proxy.Rule = new(ProxyFault.Answer) { Status = 500 };
        await AssertAllFailAsync(_store, "unavailable", transient: true);
        _proxy.Rule = new(ProxyFault.Answer) { Status = 200, Body = "<html>" };
        await Assert.ThrowsAnyAsync<ChunkStoreException>(() => _store.CheckAsync(default));
    }

    [S3Fact]
    [Trait("Behaviour", "G3")]
    public async Task A_404_that_is_not_about_the_key_is_never_absent()
    {
        await _store.PutAsync(_key, _chunk, default);
        _proxy.Rule = new(ProxyFault.Answer) { Status = 404, Body = "<Error><Code>NoSuchBucket</Code></Error>" };
        await Assert.ThrowsAnyAsync<ChunkStoreException>(() => ReadAsync());
        await Assert.ThrowsAnyAsync<ChunkStoreException>(() => _store.DeleteAsync(_key, default));

        // A 404 for everything, as a misconfigured front end gives it: the identity object is missing too.
        _proxy.Rule = new(ProxyFault.Answer) { Status = 404, Body = "<Error><Code>NoSuchKey</Code></Error>" };
        await Assert.ThrowsAsync<ChunkStoreOfflineException>(() => ReadAsync());
        await Assert.ThrowsAsync<ChunkStoreOfflineException>(() => _store.StatAsync(_key, default));
    }

    [S3Fact]
    public async Task A_server_that_hangs_ends_in_a_timeout()
    {
        var store = Store(TimeSpan.FromMilliseconds(300));
        _proxy.Rule = new(ProxyFault.Hang) { Matches = (method, _) => method is "GET" or "HEAD" };
        var fault = await Assert.ThrowsAsync<ChunkStoreException>(() => store.StatAsync(_key, default)).WithinAsync("the time of an attempt ends");
        Assert.Equal(("timeout", true), (fault.CodeText, fault.IsTransient));
    }

    [S3Fact]
    public async Task Giving_up_on_a_server_that_hangs_is_a_cancellation_and_not_a_fault()
    {
        _proxy.Rule = new(ProxyFault.Hang);
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _store.PutAsync(_key, _chunk, cancel.Token)).WithinAsync("cancelling");
    }

    [S3Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(299_999)]
    public async Task An_answer_that_is_cut_short_is_a_fault_and_never_a_short_chunk(int bytes)
    {
        await _store.PutAsync(_key, _chunk, default);
        _proxy.Rule = new(ProxyFault.CutAnswer) { Bytes = bytes };
        var fault = await Assert.ThrowsAsync<ChunkStoreException>(() => ReadAsync());
        Assert.Equal("unavailable", fault.CodeText);
    }

    [S3Fact]
    [Trait("Behaviour", "G3")]
    public async Task A_listing_that_is_cut_short_throws()
    {
        await _store.PutAsync(_key, _chunk, default);
        _proxy.Rule = new(ProxyFault.CutAnswer) { Bytes = 150, Matches = (_, target) => target.Contains("list-type", StringComparison.Ordinal) };
        await Assert.ThrowsAsync<ChunkStoreException>(async () =>
        {
            await foreach (var entry in _store.ListAsync("", default))
                output.WriteLine($"listed {entry.Key}");
        });
    }

    [S3Fact]
    public async Task Wrong_bytes_from_the_server_are_corruption_to_a_verified_read()
    {
        using var pool = new ChunkBufferPool(new(), TimeProvider.System);
        using var account = pool.Open("t1", BufferUse.Internal);
        await _store.PutAsync(_key, _chunk, default);
        _proxy.Rule = new(ProxyFault.FlipAnswer) { Bytes = 150_000 };
        var fault = await Assert.ThrowsAsync<ChunkCorruptException>(() => _store.ReadVerifiedAsync(_key, _chunk.Length, account, default));
        Assert.Equal(_chunk.Hash, fault.Expected);
        _proxy.Rule = null;
        using var good = await _store.ReadVerifiedAsync(_key, _chunk.Length, account, default);
        Assert.NotNull(good);
    }

    [S3Fact]
    public async Task Bytes_that_change_on_the_way_in_are_refused_by_the_server_and_a_repeat_may_succeed()
    {
        _proxy.Rule = new(ProxyFault.FlipRequest) { Bytes = 1234, Times = 1, Matches = (method, _) => method == "PUT" };
        var fault = await Assert.ThrowsAsync<ChunkStoreException>(() => _store.PutAsync(_key, _chunk, default));
        Assert.True(fault.IsTransient, fault.Message);
        Assert.Null(await _store.StatAsync(_key, default));
        await _store.PutAsync(_key, _chunk, default);
        Assert.Equal(_chunk.ToArray(), await ReadAsync());
    }

    [S3Fact]
    public async Task Puts_and_deletes_whose_answer_got_lost_are_sent_once_and_their_repeat_succeeds()
    {
        _proxy.Rule = new(ProxyFault.LoseAnswer) { Times = 1, Matches = (method, _) => method == "PUT" };
        var before = _proxy.Requests;
        var put = await Record.ExceptionAsync(() => _store.PutAsync(_key, _chunk, default));
        Assert.Equal(1, _proxy.Requests - before);
        Assert.IsType<ChunkStoreException>(put);
        Assert.NotNull(await _store.StatAsync(_key, default));
        await _store.PutAsync(_key, _chunk, default);
        Assert.Equal(_chunk.ToArray(), await ReadAsync());

        _proxy.Rule = new(ProxyFault.LoseAnswer) { Times = 1, Matches = (method, _) => method == "DELETE" };
        before = _proxy.Requests;
        var delete = await Record.ExceptionAsync(() => _store.DeleteAsync(_key, default));
        Assert.Equal(1, _proxy.Requests - before);
        Assert.IsType<ChunkStoreException>(delete);
        Assert.Null(await _store.StatAsync(_key, default));
        await _store.DeleteAsync(_key, default);
    }

    [S3Fact]
    public async Task The_retry_decorator_gets_through_a_server_that_stumbles_and_the_store_alone_never_repeats()
    {
        var factory = Definitions.Factory();
        await using var opened = await factory.OpenAsync(_definition, default);
        var before = _proxy.Requests;
        _proxy.Rule = new(ProxyFault.Answer) { Status = 503, Times = 2 };
        await opened.Client.PutAsync(_key, _chunk, default);
        Assert.Equal(3, _proxy.Requests - before);

        _proxy.Rule = new(ProxyFault.Answer) { Status = 503 };
        before = _proxy.Requests;
        await Assert.ThrowsAsync<ChunkStoreException>(() => _store.StatAsync(_key, default));
        Assert.Equal(1, _proxy.Requests - before);
        before = _proxy.Requests;
        await Assert.ThrowsAsync<ChunkStoreException>(() => opened.Client.StatAsync(_key, default));
        Assert.Equal(4, _proxy.Requests - before);
    }

    [S3Fact]
    [Trait("Behaviour", "D17")]
    public async Task A_put_that_failed_before_it_reached_the_server_leaves_nothing()
    {
        _proxy.Rule = new(ProxyFault.Reset) { Matches = (method, _) => method == "PUT" };
        await Assert.ThrowsAsync<ChunkStoreException>(() => _store.PutAsync(_key, _chunk, default));
        _proxy.Rule = null;
        Assert.Null(await _store.StatAsync(_key, default));
        using var client = S3Server.Current.Client();
        var objects = await client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = ((S3StoreConfig)_definition.Configuration).Bucket });
        Assert.Equal(["p/granary-store.json"], (objects.S3Objects ?? []).Select(o => o.Key));
    }
}
