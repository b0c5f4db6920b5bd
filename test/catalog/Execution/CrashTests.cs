using System.Diagnostics;
using System.Globalization;
using Granary.GrainInterfaces;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Catalog.Tests;

/// <summary>A real process is killed in the midst of groups; the file is opened again and everything acknowledged is there.</summary>
public sealed class CrashTests(ITestOutputHelper output) : IDisposable
{
    private const int Writers = 16;

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task After_a_kill_every_rule_holds_and_every_acknowledged_write_is_there()
    {
        var random = Seeds.Create(output);
        var path = _folder["catalog.db"];
        await using (var database = await CatalogWorld.OpenAsync(path))
        {
            await using var world = await CatalogWorld.CreateAsync(database, keepVersions: 2);
        }

        var acknowledged = new Dictionary<string, long>();
        for (var round = 0; round < Seeds.Times(3, 100); round++)
        {
            await RunAndKillAsync(path, random, acknowledged);
            await CheckAsync(path, acknowledged);
        }

        Assert.NotEmpty(acknowledged);
    }

    /// <summary>The child: several writers put, overwrite and delete their own paths and print each acknowledgement.</summary>
    public static async Task<int> WriteUntilKilledAsync(string path, int seed)
    {
        await using var database = await CatalogWorld.OpenAsync(path);
        await using var world = await CatalogWorld.ReopenAsync(database);
        world.Epoch = await world.Silos.RegisterAsync("silo-1", default);
        var printing = new Lock();

        // Should nobody kill it, it ends by itself.
        var clock = Stopwatch.StartNew();
        var background = Task.Run(async () =>
        {
            while (clock.Elapsed < Longest)
            {
                await world.RunBackgroundAsync();
                await Task.Delay(5);
            }
        });
        var writers = Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; clock.Elapsed < Longest; i++)
            {
                var name = $"w{writer}/{i % 5}";
                var result = i % 7 == 6 ? await world.DeleteAsync(name) : await world.PutAsync(name, [$"common {i % 3}", $"{seed} {writer} {i}"]);
                if (result.Status == NamespaceStatus.Done)
                {
                    lock (printing)
                    {
                        Console.WriteLine($"{name} {result.Version}");
                    }
                }
            }
        }));
        await Task.WhenAll(writers.Append(background));
        return 0;
    }

    private static async Task RunAndKillAsync(string path, Random random, Dictionary<string, long> acknowledged)
    {
        using var process = TestProgram.Start("crash", path, random.Next().ToString(CultureInfo.InvariantCulture));
        var wanted = 50 + random.Next(400);
        var seen = 0;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            var parts = line.Split(' ');
            acknowledged[parts[0]] = long.Parse(parts[1], CultureInfo.InvariantCulture);
            if (++seen == wanted)
            {
                // SIGKILL; lines that are still in the pipe were acknowledged too and are read to the end.
                process.Kill();
            }
        }

        await process.WaitForExitAsync();
        Assert.True(seen >= wanted, $"The child ended by itself after {seen} writes: {await process.StandardError.ReadToEndAsync()}");
    }

    private static async Task CheckAsync(string path, Dictionary<string, long> acknowledged)
    {
        await using var database = await CatalogWorld.OpenAsync(path);
        await using var world = await CatalogWorld.ReopenAsync(database);
        await world.AssertInvariantsAsync();
        foreach (var (name, version) in acknowledged)
        {
            var versions = await world.Files.VersionsAsync(world.Tenant, world.Scope, CatalogWorld.Path(name), null, 1, default);
            Assert.True(versions.Count == 1 && versions[0].Version >= version, $"{name} was acknowledged at version {version}.");
        }

        // What the killed silo left open is nobody's: it goes, and the counts agree again.
        world.Epoch = await world.Silos.RegisterAsync("silo-1", default);
        await world.RunBackgroundAsync();
        await world.AssertInvariantsAsync();
        Assert.Equal(0, (await world.Tenants.GetUsageAsync(world.Tenant, default))!.Reserved);
    }
}
