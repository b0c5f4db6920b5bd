using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;

namespace Granary.Admin.Commands.Cluster;

/// <summary>cluster: the processes that serve.</summary>
internal static class ClusterCommand
{
    /// <summary>The noun with its verbs.</summary>
    public static Command Create(Runner runner) =>
        new Command("cluster", "The processes that serve (operators)").With(
            ClusterStatusCommand.Create(runner), ClusterDrainCommand.Create(runner), ClusterDrainCommand.CreateUndo(runner));
}

/// <summary>cluster status: silos, their state, and the stores they own.</summary>
internal static class ClusterStatusCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner) => new Command("status", "Show the silos, what they do and hold, and the stores they own").Does(runner, RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancellationToken)
    {
        var cluster = await session.Client.GetAsync<ClusterView>("/api/v1/cluster", cancellationToken);
        var silos = cluster.Silos ?? [];
        session.Printer.Record(
            cluster,
            ("version", cluster.Version ?? Show.None),
            ("runtime", $"{cluster.Runtime} {cluster.RuntimeVersion}".Trim() is { Length: > 0 } runtime ? runtime : Show.None),
            ("silos", Show.Count(silos.Count)));
        session.Printer.Detail("silos:", Table(), silos);
        foreach (var drain in silos.Select(static silo => silo.Drain).OfType<SiloDrain>().DistinctBy(static drain => drain.Silo))
        {
            session.Printer.Detail($"{drain.Silo} is to leave (run {drain.Run}):", ClusterDrainCommand.Stores(session.Show), drain.Stores ?? []);
        }

        return ExitCode.Done;
    }

    private static Table<Silo> Table() => new(
        new Column<Silo>("  SILO", silo => "  " + silo.Name),
        new Column<Silo>("STATUS", silo => silo.Drain is { } drain ? $"{silo.Status}, {drain.State}" : silo.Status ?? Show.None),
        new Column<Silo>("ROLES", silo => Show.List(silo.Roles)),
        new Column<Silo>("ACTIVATIONS", silo => Show.Count(silo.Activations), Right: true),
        new Column<Silo>("VERSION", silo => silo.Version ?? Show.None),
        new Column<Silo>("STARTED", silo => Show.Time(silo.Started)),
        new Column<Silo>("STORES", silo => Show.List(silo.Stores)));
}
