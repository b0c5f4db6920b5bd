using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Cluster.Tests;

/// <summary>
/// A silo that is frozen in the middle of something, left behind by the others, and woken with a clock that is an hour ahead,
/// as after an hour's sleep. And then silos whose clocks disagree by minutes.
/// </summary>
public sealed class FrozenSiloTests(ITestOutputHelper output)
{
    private const int TurnsOfAll = 8;

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    // In a transaction that holds locks; with bytes written under a name that is not theirs yet; between the row and the bytes,
    // so that the bytes arrive late; with a delete of bytes on its way.
    private static readonly string[] s_points = ["commit.inside", "store.before-rename", "upload.row-before-bytes", "delete.before-bytes"];

    [ClusterWithClocksFact]
    [Trait("Behaviour", "G2")]
    public async Task What_a_silo_was_about_to_do_when_it_was_frozen_does_no_harm_when_it_wakes_an_hour_later()
    {
        var random = Seeds.Create(output);
        var points = s_points.ToArray();
        random.Shuffle(points);
        await using var model = await ClusterModel.StartAsync(output.WriteLine, static silos => silos.ForEach(static silo => SiloClock.Give(silo, TimeSpan.Zero)));
        foreach (var (point, i) in points.Take(Seeds.Times(1, 4)).Select(static (point, i) => (point, i)))
        {
            await model.RoundAsync(async () =>
            {
                var silo = await FreezeAnyAsync(model.Cluster, point, i);
                output.WriteLine($"{silo.Name} sleeps at {point}");
                await new ClusterFault(FaultKind.FreezeAtPoint, 0).SleepAsync(model.Cluster, silo, () => SiloClock.Set(silo, Hour));
            });
            model.Cluster.Silos.ForEach(static silo => SiloClock.Set(silo, TimeSpan.Zero));
        }

        await DisagreeAsync(model);
        model.Cluster.Silos.ForEach(static silo => SiloClock.Set(silo, TimeSpan.Zero));
        if (Seeds.Soak)
        {
            await model.SettleAsync();
        }
    }

    /// <summary>The silos' clocks are minutes apart, and one is killed and comes back.</summary>
    private async Task DisagreeAsync(ClusterModel model)
    {
        TimeSpan[] ahead = [TimeSpan.FromMinutes(7), TimeSpan.Zero, TimeSpan.FromMinutes(-7)];
        foreach (var i in Enumerable.Range(0, Seeds.Times(1, 6)))
        {
            for (var silo = 0; silo < 3; silo++)
            {
                SiloClock.Set(model.Cluster.Silos[silo], ahead[(silo + i) % 3]);
            }

            output.WriteLine($"clocks are apart; {model.Cluster.Silos[i % 3].Name} is killed");
            await model.RoundAsync(async () =>
            {
                await Task.Delay(1_000);
                model.Cluster.Silos[i % 3].Kill();
                await Task.Delay(1_000);
            });
        }
    }

    /// <summary>
    /// Which silo reaches a point first depends on where grains and stores are: all of them are told in turn, and one is taken.
    /// What is deleted waits its grace first, so that the first turns may find nobody there.
    /// </summary>
    private static async Task<SiloProcess> FreezeAnyAsync(SiloCluster cluster, string point, int turn)
    {
        foreach (var offset in Enumerable.Range(0, 3 * TurnsOfAll))
        {
            var silo = cluster.Silos[(turn + offset) % 3];
            silo.Arm($"{point}:2:freeze");
            if (await ClusterFault.UntilAsync(() => silo.IsFrozen, TimeSpan.FromSeconds(4)))
            {
                return silo;
            }

            silo.Disarm();
        }

        throw new InvalidOperationException($"No silo came by {point}.");
    }
}
