using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Maintenance;
using Granary.Grains.Tests.Worlds;
using Granary.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Runtime;

namespace Granary.Grains.Tests.Maintenance.Runs;

/// <summary>Steps that are given to other silos, and those that come back because a silo could not be reached.</summary>
public sealed class StepPlacesTests : IAsyncLifetime
{
    private static readonly RunStepDone s_done = new(3, 30, TimeSpan.FromMilliseconds(5), HasEnded: false);

    private readonly ManualTimeProvider _clock = new();
    private readonly Others _others = new();
    private GrainWorld _world = null!;
    private StepPlaces _places = null!;

    public async Task InitializeAsync()
    {
        _world = await GrainWorld.StartAsync();
        _others.Living.Add(Silo(_world.SiloName, "serve"));
        _places = Places(_others);
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task A_living_worker_is_given_the_step_and_its_answer_counts()
    {
        _others.Living.Add(Silo("worker-1", StepPlacement.Worker));
        Assert.Same(s_done, await _places.TryElsewhereAsync(Task(), default));
        Assert.Equal([("worker-1", 7L, 2, 40L)], _others.Asked);
    }

    [Fact]
    public async Task A_worker_that_cannot_be_reached_leaves_the_step_here_and_is_passed_over_for_a_while()
    {
        _others.Living.Add(Silo("worker-1", StepPlacement.Worker));
        _others.Answer = null;
        Assert.Null(await _places.TryElsewhereAsync(Task(), default));
        _others.Answer = s_done;
        _clock.Advance(StepPlaces.PassOver - TimeSpan.FromMilliseconds(1));
        Assert.Null(await _places.TryElsewhereAsync(Task(), default));
        Assert.Single(_others.Asked);

        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Same(s_done, await _places.TryElsewhereAsync(Task(), default));
        Assert.Equal(2, _others.Asked.Count);
    }

    [Fact]
    public async Task Another_worker_takes_what_the_first_could_not_be_asked_for()
    {
        _others.Living.AddRange([Silo("worker-1", StepPlacement.Worker), Silo("worker-2", StepPlacement.Worker)]);
        _others.Answer = null;
        Assert.Null(await _places.TryElsewhereAsync(Task(), default));
        _others.Answer = s_done;
        Assert.Same(s_done, await _places.TryElsewhereAsync(Task(), default));
        Assert.Equal(["worker-1", "worker-2"], _others.Asked.Select(static asked => asked.Silo).Order());
    }

    [Fact]
    public async Task What_is_looked_at_in_a_store_is_given_to_the_silo_that_owns_it()
    {
        var far = await _world.AddStoreAsync("far", silo: "silo-far");
        _others.Living.AddRange([Silo("silo-far", "serve"), Silo("worker-1", StepPlacement.Worker)]);
        var scrub = Task() with { Kind = MaintenanceTaskKind.Scrub, Store = far };
        Assert.Same(s_done, await _places.TryElsewhereAsync(scrub, default));
        Assert.Equal("silo-far", Assert.Single(_others.Asked).Silo);

        // Of a store of this silo it is done here.
        Assert.Null(await _places.TryElsewhereAsync(scrub with { Store = _world.Store }, default));
        Assert.Single(_others.Asked);
    }

    [Fact]
    public async Task A_silo_without_others_does_every_step_itself()
    {
        Assert.Null(await _places.TryElsewhereAsync(Task(), default));
        Assert.Empty(_others.Asked);
        Assert.Null(await Places(null).TryElsewhereAsync(Task(), default));
    }

    private StepPlaces Places(IStepSilos? others) => new(
        _world.Get<TopologyCache>(), _world.SiloServices.GetRequiredService<ILocalSiloDetails>(), _clock, NullLogger<StepPlaces>.Instance, others);

    private static MaintenanceTaskRow Task() => new() { Run = 7, Task = 2, Version = 40, Kind = MaintenanceTaskKind.Populate };

    private static SiloAddressInfo Silo(string name, string role) =>
        new(name, new SiloEpoch(1), $"http://{name}:8081/", role, "1", DateTimeOffset.UnixEpoch);

    /// <summary>The other silos, as the composition root would give them; they answer as told, or cannot be reached.</summary>
    private sealed class Others : IStepSilos
    {
        public List<SiloAddressInfo> Living { get; } = [];

        public List<(string Silo, long Run, int Task, long Version)> Asked { get; } = [];

        /// <summary>Null: the silo cannot be reached.</summary>
        public RunStepDone? Answer { get; set; } = s_done;

        public ValueTask<IReadOnlyList<SiloAddressInfo>> ListAsync(CancellationToken cancellationToken) => new([.. Living]);

        public Task<RunStepDone?> RunAsync(SiloAddressInfo silo, long run, int task, long version, CancellationToken cancellationToken)
        {
            Asked.Add((silo.Silo, run, task, version));
            return System.Threading.Tasks.Task.FromResult(Answer);
        }
    }
}
