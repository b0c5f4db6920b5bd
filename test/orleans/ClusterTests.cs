using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Granary.OrleansTests;

/// <summary>Several silos; each test has its own, because it ends some.</summary>
public sealed class ClusterTests : IAsyncLifetime
{
    private readonly InProcessTestCluster _cluster = Clusters.New(3)
        .ConfigureSilo((_, silo) => silo.Configure<ClusterMembershipOptions>(options =>
        {
            options.ProbeTimeout = TimeSpan.FromSeconds(1);
            options.NumMissedProbesLimit = 2;
            options.NumVotesForDeathDeclaration = 1;
            options.TableRefreshTimeout = TimeSpan.FromSeconds(2);
        }))
        .Build();

    private readonly string _key = Probe.NewKey();

    private ILifeGrain Grain => _cluster.Client.GetGrain<ILifeGrain>(_key);

    public Task InitializeAsync() => _cluster.DeployAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task All_silos_reach_the_same_activation()
    {
        var identities = await Task.WhenAll(_cluster.Silos.SelectMany(s => Enumerable.Range(0, 20).Select(_ =>
            ((IGrainFactory)s.ServiceProvider.GetService(typeof(IGrainFactory))!).GetGrain<ILifeGrain>(_key).Identity())));
        Assert.Single(identities.Distinct());
        Assert.Equal(["activate"], Probe.For(_key).Events);
    }

    [Fact]
    public async Task Values_are_copied_between_silos_too_and_references_lead_home()
    {
        foreach (var silo in _cluster.Silos)
        {
            var grain = ((IGrainFactory)silo.ServiceProvider.GetService(typeof(IGrainFactory))!).GetGrain<IMessageGrain>(_key);
            var parcel = new Parcel { Label = "mine", Items = [1], Unmarked = "lost" };
            var changed = await grain.Change(parcel);
            Assert.Equal(("mine", "changed", "", 2), (parcel.Label, changed.Label, changed.Unmarked, changed.Items.Count));
            Assert.Equal(("full", 42L), await Catch(grain));
            Assert.Equal("third:asked", await grain.AskThroughMe(Probe.NewKey()));
        }

        static async Task<(string, long)> Catch(IMessageGrain grain)
        {
            var error = await Assert.ThrowsAsync<QuotaException>(() => grain.Fail("own"));
            return (error.Message, error.Limit);
        }
    }

    [Fact]
    public async Task Cancelling_reaches_a_grain_on_another_silo()
    {
        foreach (var silo in _cluster.Silos)
        {
            var key = Probe.NewKey();
            using var source = new CancellationTokenSource();
            var call = ((IGrainFactory)silo.ServiceProvider.GetService(typeof(IGrainFactory))!).GetGrain<ITurnGrain>(key).WaitForCancellation(source.Token);
            await Probe.For(key).Entered.Task.WaitAsync(Clusters.Patience);
            await source.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
            await Clusters.Until(() => !Probe.For(key).Events.IsEmpty, "the grain saw the cancellation");
        }
    }

    [Fact]
    public async Task A_stopped_silos_grains_say_goodbye_and_come_back_elsewhere()
    {
        var home = await Grain.Where();
        await _cluster.StopSiloAsync(_cluster.Silos.Single(s => s.SiloAddress.Equals(home)));
        Assert.NotEqual(home, await Clusters.Retry(() => Grain.Where()));
        Assert.Equal(["activate", "deactivate ShuttingDown", "activate"], Probe.For(_key).Events);
    }

    [Fact]
    public async Task A_killed_silos_grains_come_back_elsewhere_and_their_goodbyes_do_not_complete()
    {
        var home = await Grain.Where();
        var before = await Grain.Identity();
        await _cluster.KillSiloAsync(_cluster.Silos.Single(s => s.SiloAddress.Equals(home)));
        Assert.NotEqual(before, await Clusters.Retry(() => Grain.Identity()));
        await Task.Delay(300);
        Assert.Equal(["activate", "activate"], Probe.For(_key).Events);
    }

    [Fact]
    public async Task A_call_that_its_silo_died_over_fails_without_waiting_for_the_response_timeout()
    {
        var home = await Grain.Where();
        var neighbour = _cluster.Silos.First(s => !s.SiloAddress.Equals(home)).ServiceProvider;
        var held = ((IGrainFactory)neighbour.GetService(typeof(IGrainFactory))!).GetGrain<ILifeGrain>(_key).HoldTurn();
        await Probe.For(_key).Entered.Task.WaitAsync(Clusters.Patience);
        await _cluster.KillSiloAsync(_cluster.Silos.Single(s => s.SiloAddress.Equals(home)));
        await Assert.ThrowsAnyAsync<OrleansMessageRejectionException>(() => held.WaitAsync(TimeSpan.FromSeconds(25)));
    }

    [Fact]
    public async Task A_silo_that_joins_takes_grains_and_leaves_the_old_ones_alone()
    {
        var before = await Grain.Identity();
        var added = await _cluster.StartAdditionalSiloAsync();
        await _cluster.WaitForLivenessToStabilizeAsync();
        Assert.Equal(before, await Grain.Identity());
        await Clusters.Until(
            async () => (await _cluster.Client.GetGrain<ILifeGrain>(Probe.NewKey()).Where()).Equals(added.SiloAddress), "the new silo got a grain");
    }

    [Fact]
    public async Task The_management_grain_lists_silos_and_counts_activations()
    {
        var management = _cluster.Client.GetGrain<IManagementGrain>(0);
        await Grain.Identity();
        var hosts = await management.GetDetailedHosts(onlyActive: true);
        Assert.Equal(_cluster.Silos.Select(s => s.SiloAddress).Order(), hosts.Select(h => h.SiloAddress).Order());
        Assert.All(hosts, host => Assert.Equal(SiloStatus.Active, host.Status));
        Assert.Equal(_cluster.Silos.Select(s => s.Name).Order(), hosts.Select(h => h.SiloName).Order());
        Assert.True(await management.GetTotalActivationCount() >= 1);
        Assert.Contains(await management.GetSimpleGrainStatistics(), s => s.GrainType.Contains(nameof(LifeGrain), StringComparison.Ordinal) && s.ActivationCount >= 1);
        await _cluster.StopSiloAsync(_cluster.Silos[2]);
        await Clusters.Until(async () => (await Clusters.Retry(() => management.GetHosts(onlyActive: true))).Count == 2, "two silos were left");
    }

    [Fact]
    public async Task A_silo_that_prefers_local_grains_gets_those_it_calls_first()
    {
        foreach (var silo in _cluster.Silos)
        {
            var factory = (IGrainFactory)silo.ServiceProvider.GetService(typeof(IGrainFactory))!;
            Assert.Equal(silo.SiloAddress, await factory.GetGrain<ILocalGrain>(Probe.NewKey()).Where());
        }
    }
}
