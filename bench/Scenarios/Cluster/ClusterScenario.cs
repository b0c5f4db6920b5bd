namespace Granary.Bench.Scenarios.Cluster;

/// <summary>Three silos on MariaDB and Redis on this machine: what a lost silo costs, what PUTs cost beside one silo, what a call costs.</summary>
internal sealed class ClusterScenario : Scenario
{
    private const int Silos = 3;

    public override string Name => "cluster";

    public override string Summary => "three silos on MariaDB: a silo is killed; 4 KiB PUTs beside one silo; calls between silos";

    public override async Task RunAsync(ScenarioContext context, CancellationToken cancellationToken)
    {
        Load(context, "before");
        var alone = await SmallPuts.MeasureOneSiloAsync(context, cancellationToken).ConfigureAwait(false);
        await using var cluster = await GranaryCluster.StartAsync(Path.Combine(context.Folder, "cluster"), Silos, cancellationToken).ConfigureAwait(false);
        await SmallPuts.MeasureClusterAsync(context, cluster, alone, cancellationToken).ConfigureAwait(false);
        await CrossSiloCalls.MeasureAsync(context, cluster, cancellationToken).ConfigureAwait(false);
        await SiloLoss.MeasureAsync(context, cluster, cancellationToken).ConfigureAwait(false);
        Load(context, "after");
    }

    private static void Load(ScenarioContext context, string when) =>
        context.Tell($"load average, last minute, {when}", double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture), "");
}
