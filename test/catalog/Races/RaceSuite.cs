using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Catalog.Tests.Races;

/// <summary>
/// Transactions of uploads and their sessions, deletes, copies, moves, restores, expiry, uncounting, deletion of bytes, collection, detaching and
/// the death of processes, interleaved in every order that a seed gives; once in one process, once in two over one database.
/// </summary>
public abstract class RaceSuite(ICatalogEngine engine, ITestOutputHelper output) : IDisposable
{
    /// <summary>Interleavings in one database.</summary>
    private const int Together = 50;

    [SuiteTheory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("Behaviour", "G2")]
    [Trait("Behaviour", "D16")]
    public async Task No_order_of_transactions_loses_a_chunk_or_leaks_one(int processes)
    {
        var left = Seeds.Times(150, 5_000);
        for (var batch = 0; left > 0; batch++, left -= Together)
        {
            var random = Seeds.Create(output, (processes * 10_000) + batch);
            var databases = await engine.OpenAsync(processes, new ManualTimeProvider());
            try
            {
                await RunAsync(databases, random, Math.Min(left, Together));
            }
            finally
            {
                foreach (var database in databases)
                {
                    await database.DisposeAsync();
                }
            }
        }
    }

    public void Dispose() => engine.Dispose();

    private static async Task RunAsync(CatalogDatabase[] databases, Random random, int interleavings)
    {
        await using var first = await CatalogWorld.CreateAsync(databases[0]);
        await using var second = databases.Length == 1 ? null : await CatalogWorld.ReopenAsync(databases[1]);
        if (second is not null)
        {
            second.Epoch = await second.Silos.RegisterAsync("silo-2", default);
        }

        var race = await RaceWorld.CreateAsync(first, second, random);
        for (var i = 0; i < interleavings; i++)
        {
            await InterleaveAsync(race, random);
            await race.AssertReadableAsync($"after interleaving {i}");
            if (i % 10 == 0)
            {
                await first.AssertInvariantsAsync();
            }
        }

        await race.AssertNothingLeaksAsync();
    }

    private static async Task InterleaveAsync(RaceWorld race, Random random)
    {
        var actors = new Actors(race);
        var running = Enumerable.Range(0, random.Next(3, 9))
            .Select(_ => race.Any)
            .Select(world => (World: world, Steps: actors.Choose(world).GetAsyncEnumerator()))
            .ToList();
        while (running.Count > 0)
        {
            var next = random.Next(running.Count);
            if (!await running[next].Steps.MoveNextAsync())
            {
                running.RemoveAt(next);
            }

            switch (random.Next(60))
            {
                case 0:
                    // A process dies between two of its transactions, and comes back.
                    var dead = race.Any;
                    running.RemoveAll(actor => actor.World == dead);
                    dead.Epoch = await dead.Silos.RegisterAsync(dead == race.First ? "silo-1" : "silo-2", default);
                    race.Log.Add("a process died");
                    break;
                case 1:
                    await race.AssertReadableAsync("between two transactions");
                    break;
            }
        }

        race.Log.Add("--");
    }
}
