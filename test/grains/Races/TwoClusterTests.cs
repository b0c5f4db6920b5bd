using System.Text;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Tests.Worlds;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Grains.Tests.Races;

/// <summary>
/// Two clusters that know nothing of each other over one catalog and the same stores: every grain has two activations, and
/// both work. The rows decide, so nothing is lost, counted twice or left over (G2).
/// </summary>
public sealed class TwoClusterTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Callers = 8;
    private const int Paths = 6;
    private static readonly string[] s_contents = ["one", "two two", "three three three", "four four four four"];
    private GrainWorld _world = null!;
    private IClusterClient[] _clusters = [];
    private StoreId _second;

    public async Task InitializeAsync()
    {
        _world = await GrainWorld.StartAsync();
        _second = await _world.AddStoreAsync("second");
        await _world.AttachAsync(_second, 50);
        _clusters = [_world.Client, await _world.StartClusterAsync()];
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    [Trait("Behaviour", "G2")]
    public async Task Uploads_deletes_copies_detaches_and_background_work_of_both_do_no_harm()
    {
        var numbers = new List<long>();
        for (var round = 0; round < Seeds.Times(3, 200); round++)
        {
            var salt = round * 100;
            var done = await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => CallAsync(Seeds.Create(output, salt + caller))));
            numbers.AddRange(done.SelectMany(static list => list));
            await _world.AssertInvariantsAsync();
            await AssertReadableAsync();
        }

        Assert.Equal(Enumerable.Range(1, numbers.Count).Select(static number => (long)number), numbers.Order());
        Assert.Equal(numbers.Count, await _world.Get<NamespaceCatalog>().GetHeadAsync(_world.Scope, default));
    }

    /// <summary>Some steps of one caller, each through either cluster; gives the numbers of the changes it made.</summary>
    private async Task<List<long>> CallAsync(Random random)
    {
        var writer = new Writer(_world);
        var numbers = new List<long>();
        for (var step = 0; step < 20; step++)
        {
            var cluster = _clusters[random.Next(_clusters.Length)];
            var scope = cluster.GetGrain<IScopeGrain>(GrainKeys.Scope(_world.Tenant, _world.Scope));
            var path = $"p{random.Next(Paths)}";
            switch (random.Next(10))
            {
                case < 5:
                    numbers.AddRange(await StoreAsync(writer, scope, path, s_contents[random.Next(s_contents.Length)], random));
                    break;
                case 5:
                    numbers.AddRange(await UntilDecidedAsync(scope, new DeleteFile { By = "test", Path = FilePath.Parse(path) }));
                    break;
                case 6:
                    var copy = new CopyFile { By = "test", From = FilePath.Parse(path), To = FilePath.Parse($"p{random.Next(Paths)}"), Move = random.Next(2) == 0 };
                    numbers.AddRange(await UntilDecidedAsync(scope, copy));
                    break;
                case 7:
                    // Refused where content is only there; attached again where it was not.
                    await scope.DetachAsync(_second, null, default);
                    await scope.AttachAsync(new AttachmentSettings { Store = _second, UploadPriority = 50, DownloadPriority = 50 }, null, default);
                    break;
                default:
                    await cluster.GetGrain<ITenantMaintenanceGrain>(GrainKeys.Tenant(_world.Tenant)).WakeAsync(default);
                    await cluster.GetGrain<IStoreMaintenanceGrain>(GrainKeys.Store(random.Next(2) == 0 ? _world.Store : _second)).WakeAsync(default);
                    break;
            }
        }

        return numbers;
    }

    private async Task<IEnumerable<long>> StoreAsync(Writer writer, IScopeGrain scope, string path, string text, Random random)
    {
        var content = Encoding.UTF8.GetBytes(text);
        StoreId[] candidates = random.Next(2) == 0 ? [_second, _world.Store] : [_world.Store, _second];
        var (upload, placed) = await writer.PlaceAsync(path, content, candidates);
        Assert.True(placed.Status is PlaceStatus.Write or PlaceStatus.Present, $"{placed.Status}");
        await writer.PutAsync(placed, content);
        return await UntilDecidedAsync(scope, Writer.Commit(path, upload, placed, content));
    }

    // An activation that finds the head moved tells its callers to come again.
    private static async Task<IEnumerable<long>> UntilDecidedAsync(IScopeGrain scope, NamespaceOperation operation)
    {
        while (true)
        {
            var result = await scope.ApplyAsync(operation, default);
            switch (result.Status)
            {
                case NamespaceStatus.Busy:
                    await Task.Delay(5);
                    break;
                case NamespaceStatus.Done:
                    return [result.Sequence];
                default:
                    Assert.True(operation is not CommitUpload && result.Status is NamespaceStatus.NotFound or NamespaceStatus.SamePath, $"{operation}: {result.Status}");
                    return [];
            }
        }
    }

    /// <summary>Every file has a copy in a store that is attached, and the bytes are there.</summary>
    private async Task AssertReadableAsync()
    {
        var names = _world.Get<NamespaceCatalog>();
        var attached = (await _world.Get<TopologyCache>().RefreshAsync(default)).Attachments(_world.Scope).Select(static attachment => attachment.Settings.Store).ToHashSet();
        var keys = (await _world.KeysAsync(_world.Store)).Concat(await _world.KeysAsync(_second)).Select(static key => Convert.ToInt64(key.LocationId, 16)).ToHashSet();
        foreach (var file in (await names.ListAsync(_world.Tenant, _world.Scope, "", null, null, 100, default)).Items)
        {
            var found = await names.FindAsync(_world.Tenant, _world.Scope, file.Path, null, default);
            Assert.All(found.FirstChunks, chunk => Assert.Contains(chunk.Copies, copy => attached.Contains(copy.Store) && keys.Contains(copy.Location.Value)));
        }
    }
}
