using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Streams;
using Orleans.TestingHost;

namespace Granary.OrleansTests;

[GenerateSerializer, Immutable, Alias("Granary.OrleansTests.News")]
public sealed record News([property: Id(0)] long Number);

public interface IPublisherGrain : IGrainWithStringKey
{
    Task Publish(long first, int count);
}

public sealed class PublisherGrain : Grain, IPublisherGrain
{
    public async Task Publish(long first, int count)
    {
        var stream = this.GetStreamProvider("news").GetStream<News>(StreamId.Create("test", this.GetPrimaryKeyString()));
        for (var i = 0; i < count; i++)
            await stream.OnNextAsync(new News(first + i));
    }
}

/// <summary>Memory streams from grains to code outside of grains, on silos of one cluster.</summary>
public sealed class StreamTests : IAsyncLifetime
{
    private readonly InProcessTestCluster _cluster = Clusters.New(3)
        .ConfigureSilo((_, silo) =>
        {
            silo.AddMemoryGrainStorage("PubSubStore").AddMemoryStreams("news");
            silo.Services.Configure<StreamPullingAgentOptions>("news", options => options.GetQueueMsgsTimerPeriod = TimeSpan.FromMilliseconds(10));
            silo.Configure<ClusterMembershipOptions>(options =>
            {
                options.ProbeTimeout = TimeSpan.FromSeconds(1);
                options.NumMissedProbesLimit = 2;
                options.NumVotesForDeathDeclaration = 1;
                options.TableRefreshTimeout = TimeSpan.FromSeconds(2);
            });
        })
        .Build();

    private readonly string _key = Probe.NewKey();

    public Task InitializeAsync() => _cluster.DeployAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task What_a_grain_publishes_reaches_the_subscribers_on_every_silo_in_order()
    {
        var seen = new ConcurrentQueue<long>[3];
        for (var i = 0; i < 3; i++)
            await Listen(_cluster.Silos[i], seen[i] = []);
        await _cluster.Client.GetGrain<IPublisherGrain>(_key).Publish(1, 100);
        await Clusters.Until(() => seen.All(s => s.Count >= 100), "every silo got all");
        Assert.All(seen, s => Assert.Equal(Enumerable.Range(1, 100).Select(n => (long)n), s));
    }

    [Fact]
    public async Task A_stream_has_only_its_own_items_and_a_subscription_that_ended_gets_no_more()
    {
        var (first, second, other) = (new ConcurrentQueue<long>(), new ConcurrentQueue<long>(), new ConcurrentQueue<long>());
        var handle = await Listen(_cluster.Silos[0], first);
        await Listen(_cluster.Silos[0], second);
        await Listen(_cluster.Silos[0], other, Probe.NewKey());
        var publisher = _cluster.Client.GetGrain<IPublisherGrain>(_key);
        await publisher.Publish(1, 1);
        await Clusters.Until(() => first.Count == 1 && second.Count == 1, "both got the first");
        await handle.UnsubscribeAsync();
        await publisher.Publish(2, 1);
        await Clusters.Until(() => second.Count == 2, "the one that stayed got the second");
        Assert.Equal([1L], first);
        Assert.Empty(other);
    }

    [Fact]
    public async Task A_subscriber_goes_on_when_another_ones_silo_is_killed()
    {
        var (stays, goes) = (new ConcurrentQueue<long>(), new ConcurrentQueue<long>());
        await Listen(_cluster.Silos[0], stays);
        await Listen(_cluster.Silos[2], goes);
        var publisher = _cluster.Client.GetGrain<IPublisherGrain>(_key);
        await publisher.Publish(1, 1);
        await Clusters.Until(() => stays.Count == 1 && goes.Count == 1, "both got the first");
        await _cluster.KillSiloAsync(_cluster.Silos[2]);
        await Clusters.Until(
            async () =>
            {
                await Clusters.Retry(async () =>
                {
                    await publisher.Publish(2, 1);
                    return true;
                });
                return stays.Contains(2);
            },
            "the one that stayed got another");
        Assert.DoesNotContain(2, goes);
    }

    [Fact]
    public async Task A_provider_that_was_not_added_is_not_found()
    {
        var client = _cluster.Silos[0].ServiceProvider.GetRequiredService<IClusterClient>();
        Assert.Throws<KeyNotFoundException>(() => client.GetStreamProvider("none"));
        await Task.CompletedTask;
    }

    private Task<StreamSubscriptionHandle<News>> Listen(InProcessSiloHandle silo, ConcurrentQueue<long> seen, string? key = null) =>
        silo.ServiceProvider.GetRequiredService<IClusterClient>().GetStreamProvider("news")
            .GetStream<News>(StreamId.Create("test", key ?? _key))
            .SubscribeAsync((news, _) =>
            {
                seen.Enqueue(news.Number);
                return Task.CompletedTask;
            });
}
