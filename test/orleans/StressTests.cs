using System.Collections.Concurrent;
using Orleans;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Granary.OrleansTests;

public interface ICounterGrain : IGrainWithStringKey
{
    Task<int> Next();

    Task End();
}

/// <summary>Counts who is active: two at once of one key would both be inside.</summary>
public sealed class CounterGrain : Grain, ICounterGrain
{
    private static readonly ConcurrentDictionary<string, int> Live = new(StringComparer.Ordinal);
    private int _count;

    public static int Overlaps { get; private set; }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (Live.AddOrUpdate(this.GetPrimaryKeyString(), 1, (_, n) => n + 1) > 1)
            Overlaps++;
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Live.AddOrUpdate(this.GetPrimaryKeyString(), 0, (_, n) => n - 1);
        return Task.CompletedTask;
    }

    public async Task<int> Next()
    {
        var mine = _count;
        await Task.Yield();
        return _count = mine + 1;
    }

    public Task End()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}

public sealed class StressTests(TwoSilos silos) : IClassFixture<TwoSilos>
{
    private const int Seed = 20260101;

    [Fact]
    public async Task Concurrent_calls_from_everywhere_lose_no_update()
    {
        var key = Probe.NewKey();
        var factories = silos.Cluster.Silos.Select(s => (IGrainFactory)s.ServiceProvider.GetService(typeof(IGrainFactory))!).Append(silos.Client).ToArray();
        var results = await Task.WhenAll(Enumerable.Range(0, 3000).Select(i => factories[i % factories.Length].GetGrain<ICounterGrain>(key).Next()));
        Assert.Equal(Enumerable.Range(1, 3000), results.Order());
    }

    [Fact]
    public async Task Grains_that_come_and_go_under_load_are_never_active_twice()
    {
        var keys = Enumerable.Range(0, 20).Select(_ => Probe.NewKey()).ToArray();
        var factories = silos.Cluster.Silos.Select(s => (IGrainFactory)s.ServiceProvider.GetService(typeof(IGrainFactory))!).Append(silos.Client).ToArray();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
#pragma warning disable RS0030, CA5394 // Seeded; a test needs no secret.
            var random = new Random(Seed + worker);
#pragma warning restore RS0030, CA5394
            for (var i = 0; i < 400; i++)
            {
                var grain = factories[random.Next(factories.Length)].GetGrain<ICounterGrain>(keys[random.Next(keys.Length)]);
                var ends = random.Next(5) == 0;
                await Clusters.Retry(async () => // Orleans gives up on a call that was forwarded too often.
                {
                    await (ends ? grain.End() : grain.Next());
                    return 0;
                });
            }
        })));
        Assert.Equal(0, CounterGrain.Overlaps);
    }
}

public sealed class ChangingClusterTests
{
    [Fact]
    public async Task Calls_go_on_while_silos_join_and_stop()
    {
        await using var cluster = Clusters.New(2).Build();
        await cluster.DeployAsync();
        var keys = Enumerable.Range(0, 30).Select(_ => Probe.NewKey()).ToArray();
        var done = false;
        using var calling = new CountdownEvent(4);
        var callers = Enumerable.Range(0, 4).Select(worker => Task.Run(async () =>
        {
            var calls = 0;
            while (!Volatile.Read(ref done))
            {
                await Clusters.Retry(() => cluster.Client.GetGrain<ICounterGrain>(keys[calls % keys.Length]).Next());
                if (calls++ == 0)
                    calling.Signal();
            }

            return calls;
        })).ToArray();
        Assert.True(calling.Wait(TimeSpan.FromMinutes(1)), "Not every caller got an answer.");
        var added = await cluster.StartAdditionalSiloAsync();
        await cluster.StopSiloAsync(cluster.Silos[0]);
        await cluster.StartAdditionalSiloAsync();
        await cluster.StopSiloAsync(added);
        Volatile.Write(ref done, true);
        Assert.All(await Task.WhenAll(callers).WaitAsync(TimeSpan.FromMinutes(1)), calls => Assert.True(calls > 1));
        await Task.WhenAll(keys.Select(key => Clusters.Retry(() => cluster.Client.GetGrain<ICounterGrain>(key).Next())));
    }
}
