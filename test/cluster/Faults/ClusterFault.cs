using System.Diagnostics;
using System.Text.Json;
using Granary.Crash.Tests.Faults;
using Granary.TestSupport;

namespace Granary.Cluster.Tests;

/// <summary>What happens to silos in one round of load.</summary>
internal enum FaultKind
{
    /// <summary>SIGKILL to two of three at once.</summary>
    KillTwo,

    /// <summary>SIGKILL at a fault point.</summary>
    KillAtPoint,

    /// <summary>Frozen at a fault point until the others have declared it dead, then woken.</summary>
    FreezeAtPoint,

    /// <summary>Frozen at a random moment for less than it takes to be declared dead.</summary>
    FreezeShortly,

    /// <summary>SIGTERM, and started again.</summary>
    Restart,

    /// <summary>SIGKILL at a random moment.</summary>
    Kill,

    /// <summary>Frozen at a random moment until the others have declared it dead, then woken.</summary>
    Freeze,

    /// <summary>For some seconds COMMITs fail on their way to the database and back.</summary>
    Commits,

    /// <summary>Redis is gone for some seconds, and a silo is killed meanwhile.</summary>
    Redis,

    /// <summary>MariaDB is killed, and comes back after some seconds.</summary>
    Database,
}

/// <summary>One fault, chosen by a seed.</summary>
/// <param name="Kind">What.</param>
/// <param name="Silo">Whom it meets.</param>
/// <param name="Point">A fault point of the product, where there is one.</param>
/// <param name="Hit">At which hit of it.</param>
/// <param name="Delay">Milliseconds under load before it.</param>
/// <param name="Sleep">Milliseconds that a frozen silo sleeps, beyond being declared dead where that is waited for.</param>
internal sealed record ClusterFault(FaultKind Kind, int Silo, string Point = "", int Hit = 1, int Delay = 300, int Sleep = 500)
{
    private static readonly TimeSpan s_declared = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_ended = TimeSpan.FromSeconds(20);

    /// <summary>A point that is not reached by then is not waited for.</summary>
    private static readonly TimeSpan s_reached = TimeSpan.FromSeconds(4);

    /// <summary>The faults of so many rounds: every kind in turn, in an order of the seed's; points in turn as well.</summary>
    public static IEnumerable<ClusterFault> Plan(Random random, int rounds)
    {
        var kinds = Enum.GetValues<FaultKind>();
        var points = FaultPlan.Points.ToArray();
        random.Shuffle(points);
        var turn = 0;
        for (var round = 0; round < rounds; round++)
        {
            // The first five are in every run; the others take their turn in long ones.
            var kind = rounds <= 5 ? kinds[round % 5] : kinds[round % kinds.Length];
            yield return new ClusterFault(
                kind,
                random.Next(3),
                kind is FaultKind.KillAtPoint or FaultKind.FreezeAtPoint ? points[turn++ % points.Length] : "",
                random.Next(2) == 0 ? 1 : random.Next(1, 20),
                random.Next(100, 1_200),
                kind == FaultKind.FreezeShortly ? random.Next(200, 1_500) : random.Next(100, 2_000));
        }
    }

    /// <summary>Does it, under load, and comes back when the silos that it met have ended or go on.</summary>
    /// <returns>Whether it happened: a point may not be reached.</returns>
    public async Task<bool> HappenAsync(ClusterModel model)
    {
        var cluster = model.Cluster;
        await Task.Delay(Delay);
        var silo = cluster.Silos[Silo];
        var before = silo.Id;
        switch (Kind)
        {
            case FaultKind.KillTwo:
                silo.Kill();
                cluster.Silos[(Silo + 1) % cluster.Silos.Count].Kill();
                break;
            case FaultKind.Kill:
                silo.Kill();
                break;
            case FaultKind.Restart:
                silo.Terminate();
                break;
            case FaultKind.KillAtPoint:
                silo.Arm($"{Point}:{Hit}:kill");
                return await UntilAsync(() => !silo.IsRunning || silo.Id != before, s_reached) || NotReached(silo);
            case FaultKind.FreezeShortly:
                silo.Freeze();
                await Task.Delay(Sleep);
                silo.Wake();
                break;
            case FaultKind.Freeze:
                silo.Freeze();
                await SleepAsync(cluster, silo);
                break;
            case FaultKind.FreezeAtPoint:
                silo.Arm($"{Point}:{Hit}:freeze");
                if (!await UntilAsync(() => silo.IsFrozen, s_reached))
                {
                    return NotReached(silo);
                }

                await SleepAsync(cluster, silo);
                break;
            case FaultKind.Commits:
                await FailCommitsAsync(model.Commits!);
                break;
            case FaultKind.Redis:
                cluster.Redis.Kill();
                await Task.Delay(Sleep);
                silo.Kill();
                await Task.Delay(4_000 + Sleep);
                cluster.Redis.Restart();
                break;
            case FaultKind.Database:
                MariaDbServer.Current.Kill();
                await Task.Delay(Sleep);
                MariaDbServer.Current.Restart();
                break;
        }

        return true;
    }

    public override string ToString() => $"{Kind} silo-{Silo + 1} {Point}:{Hit} after {Delay} ms, sleep {Sleep} ms";

    /// <summary>A frozen silo is declared dead, sleeps on, and ends when it is woken, before it does anything.</summary>
    /// <param name="cluster">The others.</param>
    /// <param name="silo">The frozen one.</param>
    /// <param name="beforeWake">What happens to it while it sleeps.</param>
    public async Task SleepAsync(SiloCluster cluster, SiloProcess silo, Action? beforeWake = null)
    {
        var frozen = silo.Id;
        await UntilDeclaredDeadAsync(cluster, silo);
        await Task.Delay(Sleep);
        beforeWake?.Invoke();
        silo.Wake();
        Assert.True(await UntilAsync(() => !silo.IsRunning || silo.Id != frozen, s_ended), $"{silo.Name} was declared dead, was woken, and goes on:\n{silo.LogEnd}");
    }

    /// <summary>Waits until no living member has a silo's name.</summary>
    public static async Task UntilDeclaredDeadAsync(SiloCluster cluster, SiloProcess silo)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            foreach (var other in Enumerable.Range(0, cluster.Silos.Count).Where(i => cluster.Silos[i] != silo))
            {
                if (await MembersAsync(cluster, other) is { } members && !members.Contains(silo.Name))
                {
                    return;
                }
            }

            Assert.True(clock.Elapsed < s_declared, $"{silo.Name} is silent and was not declared dead in {s_declared.TotalSeconds:0} s.");
            await Task.Delay(100);
        }
    }

    /// <summary>Names of the living members as one silo sees them; null where it does not answer.</summary>
    public static async Task<HashSet<string>?> MembersAsync(SiloCluster cluster, int silo)
    {
        try
        {
            using var client = cluster.Client(silo, TimeSpan.FromSeconds(2));
            using var view = JsonDocument.Parse(await client.GetByteArrayAsync("api/v1/cluster"));
            return [.. view.RootElement.GetProperty("silos").EnumerateArray().Where(static s => s.GetProperty("status").GetString() != "dead").Select(static s => s.GetProperty("name").GetString()!)];
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Waits for something; false where it does not come.</summary>
    public static async Task<bool> UntilAsync(Func<bool> condition, TimeSpan limit)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < limit; await Task.Delay(10))
        {
            if (condition())
            {
                return true;
            }
        }

        return condition();
    }

    private static async Task FailCommitsAsync(CommitFaults commits)
    {
        var random = Seeds.Create(commits.Met);
        var kinds = Enum.GetValues<CommitFault>();
        commits.Next = () =>
        {
            lock (random)
            {
                return random.Next(5) == 0 ? kinds[random.Next(kinds.Length)] : null;
            }
        };
        await Task.Delay(4_000);
        commits.Next = null;
    }

    private static bool NotReached(SiloProcess silo)
    {
        silo.Disarm();
        return false;
    }
}
