using System.Diagnostics;
using Granary.GrainInterfaces;

namespace Granary.Catalog.Tests;

/// <summary>Figures of the catalog alone, by the calls that a small PUT and a GET make.</summary>
internal static class Measurement
{
    private const int Callers = 64;

    private static readonly Sql InsertFile = new("""
        INSERT INTO file (tenant, scope, path, version, size, etag, chunk_count, modified, committed, manifest, sequence)
        VALUES (?1, ?2, ?3, 1, 4096, ?4, 1, 0, 0, ?5, 1)
        """);

    public static async Task<int> RunAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, "catalog.db");
        await using var database = await CatalogWorld.OpenAsync(file, configure: static options => options.Readers = 3);
        await using var world = await CatalogWorld.CreateAsync(database);
        await world.GrantAsync(world.Store, CatalogWorld.Plenty * 16, CatalogWorld.Plenty * 16);
        await PutAsync(world, "warm", 2_000);
        var pairs = 40_000;
        var before = database.Statistics;
        var processor = Environment.CpuUsage.TotalTime;
        var seconds = await PutAsync(world, "put", pairs);
        var after = database.Statistics;
        Console.WriteLine($"4 KiB puts, begin with the first chunk and commit, {Callers} callers: {pairs / seconds:0}/s, {(double)(after.Writes - before.Writes) / (after.Commits - before.Commits):0.0} writes a commit, {(Environment.CpuUsage.TotalTime - processor).TotalMicroseconds / pairs:0} us of processor each");
        seconds = await PutAsync(world, "put", pairs);
        Console.WriteLine($"the same again, as overwrites with a dedup hit: {pairs / seconds:0}/s");
        var finds = 200_000;
        seconds = await EachAsync(finds, i => world.FindAsync($"put/{i % 1000:000}/{i % pairs}"));
        Console.WriteLine($"finds, {Callers} callers, 3 readers: {finds / seconds:0}/s");
        await ListAsync(world);
        return 0;
    }

    /// <summary>Pages of a scope of a million files, whose rows are written directly.</summary>
    private static async Task ListAsync(CatalogWorld world)
    {
        const int Files = 1_000_000;
        const int Batch = 10_000;
        var scope = await world.CreateScopeAsync("million");
        var manifest = CatalogWorld.NewUpload();
        for (var from = 0; from < Files; from += Batch)
        {
            var first = from;
            await world.Database.WriteAsync(
                session =>
                {
                    for (var i = first; i < first + Batch; i++)
                    {
                        session.Execute(
                            InsertFile, world.Tenant, scope, System.Text.Encoding.UTF8.GetBytes($"folder{i / 1_000:0000}/file with a name {i % 1_000:000}.bin"), CatalogWorld.Hash($"{i}"), manifest);
                    }

                    return 0;
                },
                default);
        }

        var times = new List<double>();
        string? next = null;
        do
        {
            var clock = Stopwatch.StartNew();
            next = (await world.Files.ListAsync(world.Tenant, scope, "", null, next, 1_000, default)).Next;
            times.Add(clock.Elapsed.TotalMilliseconds);
        }
        while (next is not null);
        var sorted = times.Order().ToArray();
        Console.WriteLine(
            $"pages of 1,000 of a million: {sorted[sorted.Length / 2]:0.00} ms each, {sorted[sorted.Length * 99 / 100]:0.00} at the 99th percentile, first {times[0]:0.00}, last {times[^1]:0.00}");
        var folders = Stopwatch.StartNew();
        var prefixes = (await world.Files.ListAsync(world.Tenant, scope, "", "/", null, 1_000, default)).Prefixes.Count;
        Console.WriteLine($"{prefixes} common prefixes of a million: {folders.Elapsed.TotalMilliseconds:0.00} ms");
    }

    private static Task<double> PutAsync(CatalogWorld world, string prefix, int count) => EachAsync(count, i => PutOneAsync(world, $"{prefix}/{i % 1000:000}/{i}", i));

    private static async Task PutOneAsync(CatalogWorld world, string path, int content)
    {
        var upload = CatalogWorld.NewUpload();
        var hash = CatalogWorld.Hash($"{content}");
        var begun = await world.Uploads.BeginAsync(
            new BeginUpload
            {
                Tenant = world.Tenant,
                Scope = world.Scope,
                Upload = upload,
                Path = CatalogWorld.Path(path),
                Size = 4096,
                Epoch = world.Epoch,
                FirstChunk = world.Chunk(upload, 0, hash, 4096),
            },
            default);
        var written = begun.First!.Status switch
        {
            PlaceStatus.Write => new[] { begun.First.Location },
            PlaceStatus.Present => [],
            var other => throw new InvalidOperationException($"{other}"),
        };
        var result = await world.ApplyAsync(new CommitUpload
        {
            By = "measure",
            Upload = upload,
            Path = CatalogWorld.Path(path),
            Size = 4096,
            ChunkCount = 1,
            Etag = hash.ToString(),
            Written = written,
        });
        if (result.Status != NamespaceStatus.Done)
        {
            throw new InvalidOperationException($"{result.Status}");
        }
    }

    private static async Task<double> EachAsync(int count, Func<int, Task> work)
    {
        var next = -1;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            for (var i = Interlocked.Increment(ref next); i < count; i = Interlocked.Increment(ref next))
            {
                await work(i);
            }
        })));
        return clock.Elapsed.TotalSeconds;
    }
}
