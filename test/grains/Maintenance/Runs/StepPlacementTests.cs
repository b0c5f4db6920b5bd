using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Grains.Maintenance;

namespace Granary.Grains.Tests.Maintenance.Runs;

/// <summary>Which silo does a step.</summary>
public sealed class StepPlacementTests
{
    private const string Here = "silo-1";

    [Theory]
    [InlineData(MaintenanceTaskKind.Populate)]
    [InlineData(MaintenanceTaskKind.Drain)]
    [InlineData(MaintenanceTaskKind.Collect)]
    [InlineData(MaintenanceTaskKind.EmptyStore)]
    [InlineData(MaintenanceTaskKind.ShrinkStore)]
    public void A_living_worker_does_it(MaintenanceTaskKind kind) =>
        Assert.Equal("worker-1", StepPlacement.Choose(Task(kind), "silo-2", [Silo(Here), Silo("silo-2"), Silo("worker-1", "worker")], Here));

    [Theory]
    [InlineData(MaintenanceTaskKind.Verify)]
    [InlineData(MaintenanceTaskKind.Scrub)]
    [InlineData(MaintenanceTaskKind.Sweep)]
    [InlineData(MaintenanceTaskKind.Fsck)]
    public void What_reads_a_local_store_is_done_by_its_owner_and_by_a_worker_when_that_is_gone_or_there_is_none(MaintenanceTaskKind kind)
    {
        Assert.Equal("silo-2", StepPlacement.Choose(Task(kind), "silo-2", [Silo(Here), Silo("silo-2"), Silo("worker-1", "worker")], Here));
        Assert.Equal("worker-1", StepPlacement.Choose(Task(kind), "silo-2", [Silo(Here), Silo("worker-1", "worker")], Here));
        Assert.Equal("worker-1", StepPlacement.Choose(Task(kind), null, [Silo(Here), Silo("worker-1", "worker")], Here));
    }

    [Fact]
    public void Without_a_worker_the_owner_of_the_store_does_it_else_the_silo_that_scheduled_it()
    {
        Assert.Equal("silo-2", StepPlacement.Choose(Task(MaintenanceTaskKind.Populate), "silo-2", [Silo(Here), Silo("silo-2")], Here));
        Assert.Equal(Here, StepPlacement.Choose(Task(MaintenanceTaskKind.Populate), "silo-2", [Silo(Here), Silo("silo-3")], Here));
        Assert.Equal(Here, StepPlacement.Choose(Task(MaintenanceTaskKind.Collect), null, [Silo(Here), Silo("silo-3")], Here));
        Assert.Equal(Here, StepPlacement.Choose(Task(MaintenanceTaskKind.Collect), null, [], Here));
    }

    [Fact]
    public void A_silo_of_another_version_is_given_nothing()
    {
        var living = new[] { Silo(Here), Silo("silo-2", version: "2"), Silo("worker-1", "worker", "2") };
        Assert.Equal(Here, StepPlacement.Choose(Task(MaintenanceTaskKind.Populate), "silo-2", living, Here));
        Assert.Equal(Here, StepPlacement.Choose(Task(MaintenanceTaskKind.Scrub), "silo-2", living, Here));
    }

    [Fact]
    public void Tasks_spread_over_workers_and_one_that_goes_moves_only_its_own()
    {
        SiloAddressInfo[] all = [Silo(Here), Silo("worker-1", "worker"), Silo("worker-2", "worker"), Silo("worker-3", "worker")];
        var tasks = Enumerable.Range(0, 300).Select(i => Task(MaintenanceTaskKind.Populate) with { Run = i }).ToList();
        var before = tasks.Select(task => StepPlacement.Choose(task, null, all, Here)).ToList();
        var after = tasks.Select(task => StepPlacement.Choose(task, null, [.. all.Where(silo => silo.Silo != "worker-2")], Here)).ToList();
        Assert.All(before.GroupBy(silo => silo), share => Assert.InRange(share.Count(), 60, 140));
        Assert.All(Enumerable.Range(0, 300), i => Assert.True(before[i] == after[i] || before[i] == "worker-2"));
        Assert.DoesNotContain("worker-2", after);
    }

    private static MaintenanceTaskRow Task(MaintenanceTaskKind kind) => new() { Run = 7, Task = 0, Kind = kind };

    private static SiloAddressInfo Silo(string name, string role = "serve", string version = "1") =>
        new(name, new SiloEpoch(1), $"http://{name}:8081/", role, version, DateTimeOffset.UnixEpoch);
}
