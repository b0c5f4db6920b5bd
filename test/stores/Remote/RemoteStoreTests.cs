using System.Net;
using System.Net.Sockets;
using Granary.ClientApi.Http;
using Granary.ClientApi.Peers;
using Granary.GrainInterfaces;
using Granary.TestSupport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace Granary.Stores.Tests;

/// <summary>A silo's internal endpoint on a port of its own, over a real local store, and the store as another silo has it.</summary>
internal sealed class Peer : IAsyncDisposable
{
    private static readonly StoreId s_id = new(7);
    private readonly TempFolder _folder = new();
    private readonly StoreDirectory _directory = new(Definitions.Factory(), TimeProvider.System, NullLogger<StoreDirectory>.Instance);
    private WebApplication? _app;

    public string Token { get; } = PeerOptions.TokenOf("a cluster key of the tests' own"u8);

    public int Port { get; } = FreePort();

    public string Path => _folder.Path;

    public async Task StartAsync()
    {
        var local = Definitions.Local(_folder.Path, s_id.ToString());
        LocalChunkStore.Initialize(local);
        await _directory.UpdateAsync([local], default);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, Port, GranaryKestrel.Configure));
        builder.Services.AddLogging();
        builder.Services.AddSingleton<IStoreDirectory>(_directory);
        builder.Services.AddGranaryPeers(options =>
        {
            (options.Port, options.TokenHash) = (Port, PeerOptions.HashOf(Token));
            options.IsAlive = static (epoch, _) => Task.FromResult(epoch.Value == 1);
        });
        _app = builder.Build();
        _app.UseGranaryPeers();
        await _app.StartAsync();
    }

    public ChunkStoreDefinition Definition(string? token = null, string epoch = "1") => new()
    {
        InstallationId = "inst1",
        StoreId = s_id.ToString(),
        Name = "far",
        Configuration = new RemoteStoreConfig { Endpoint = new Uri($"http://127.0.0.1:{Port}"), Silo = "silo-2" },
        Credentials = new StoreCredentials(epoch, token ?? Token),
    };

    public async Task StopAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            await app.StopAsync(new CancellationToken(canceled: true));
            await app.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _directory.DisposeAsync();
        _folder.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

public sealed class RemoteStoreConformanceTests(ITestOutputHelper output) : ChunkStoreConformance(output)
{
    private readonly Peer _peer = new();

    protected override async Task<IChunkStore> OpenAsync()
    {
        await _peer.StartAsync();
        return new RemoteChunkStore(_peer.Definition(), TimeProvider.System);
    }

    protected override async Task CloseAsync() => await _peer.DisposeAsync();
}

public sealed class DecoratedRemoteMaintenanceConformanceTests(ITestOutputHelper output) : ChunkStoreConformance(output)
{
    private readonly Peer _peer = new();

    protected override async Task<IChunkStore> OpenAsync()
    {
        await _peer.StartAsync();
        return (await Definitions.Factory().OpenAsync(_peer.Definition(), default)).Maintenance;
    }

    protected override async Task CloseAsync() => await _peer.DisposeAsync();
}

/// <summary>What goes wrong between two silos is never read as "empty".</summary>
public sealed class RemoteStoreTests : IAsyncLifetime
{
    private readonly Peer _peer = new();
    private RemoteChunkStore _store = null!;

    public async Task InitializeAsync()
    {
        await _peer.StartAsync();
        _store = new RemoteChunkStore(_peer.Definition(), TimeProvider.System);
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        await _peer.DisposeAsync();
    }

    [Fact]
    [Trait("Behaviour", "G3")]
    public async Task A_silo_that_is_gone_makes_its_store_offline_not_empty()
    {
        using var chunk = ChunkBuffer.CopyOf("bytes"u8);
        var key = new LocationKey("t1", chunk.Hash, 1);
        await _store.PutAsync(key, chunk, default);
        await _peer.StopAsync();

        await Assert.ThrowsAsync<ChunkStoreOfflineException>(() => _store.CheckAsync(default));
        await Assert.ThrowsAsync<ChunkStoreOfflineException>(() => _store.StatAsync(key, default));
        await Assert.ThrowsAsync<ChunkStoreOfflineException>(() => _store.ReadAsync(key, 0, [new byte[5]], default));
        await Assert.ThrowsAsync<ChunkStoreOfflineException>(() => _store.DeleteAsync(key, default));
        await Assert.ThrowsAsync<ChunkStoreOfflineException>(async () => await _store.ListAsync("", default).GetAsyncEnumerator().MoveNextAsync());
    }

    [Fact]
    public async Task Only_holders_of_the_cluster_key_are_served()
    {
        await using var stranger = new RemoteChunkStore(_peer.Definition("0123456789abcdef0123456789abcdef"), TimeProvider.System);

        var refusal = await Assert.ThrowsAsync<ChunkStoreException>(() => stranger.CheckAsync(default));

        Assert.Equal(ChunkStoreFault.AccessDenied, refusal.Fault);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_peer.Port}") };
        foreach (var path in new[] { RemoteProtocol.PathOf("7"), "/api/v1/health", "/", $"{RemoteProtocol.PathOf("7")}/../../../etc/passwd" })
        {
            using var answer = await client.GetAsync(path);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
        }
    }

    [Fact]
    [Trait("Behaviour", "G3")]
    public async Task A_store_whose_folder_vanished_at_its_owner_is_offline_here()
    {
        using var chunk = ChunkBuffer.CopyOf("bytes"u8);
        var key = new LocationKey("t1", chunk.Hash, 1);
        Directory.Move(_peer.Path, _peer.Path + ".gone");
        try
        {
            var failure = await Assert.ThrowsAsync<ChunkStoreOfflineException>(() => _store.StatAsync(key, default));
            Assert.Equal(ChunkStoreFault.IdentityMissing, failure.Fault);
        }
        finally
        {
            Directory.Move(_peer.Path + ".gone", _peer.Path);
        }
    }

    [Fact]
    public async Task A_silo_whose_life_is_over_writes_nothing_more()
    {
        using var chunk = ChunkBuffer.CopyOf("bytes"u8);
        var key = new LocationKey("t1", chunk.Hash, 1);
        await using var woken = new RemoteChunkStore(_peer.Definition(epoch: "2"), TimeProvider.System);

        var refusal = await Assert.ThrowsAsync<ChunkStoreException>(() => woken.PutAsync(key, chunk, default));

        Assert.Equal(ChunkStoreFault.Rejected, refusal.Fault);
        Assert.Null(await _store.StatAsync(key, default));
    }

    [Fact]
    [Trait("Behaviour", "D16")]
    public async Task Bytes_that_do_not_fit_their_key_are_refused_by_the_owner()
    {
        using var chunk = ChunkBuffer.CopyOf("bytes"u8);
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", _peer.Token);
        var key = new LocationKey("t1", chunk.Hash, 1);

        using var answer = await client.PutAsync(new Uri($"http://127.0.0.1:{_peer.Port}{RemoteProtocol.PathOf("7")}/{key}"), new ByteArrayContent("other"u8.ToArray()));

        Assert.Equal(RemoteProtocol.FaultStatus, (int)answer.StatusCode);
        Assert.Null(await _store.StatAsync(key, default));
    }
}
