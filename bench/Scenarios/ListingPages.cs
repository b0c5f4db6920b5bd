using System.Diagnostics;
using System.Text;
using Granary.Bench.Client;
using Granary.Catalog;
using Microsoft.Extensions.Logging.Abstractions;

namespace Granary.Bench.Scenarios;

/// <summary>Pages of 1,000 in a scope of a million files: the last page costs what the first does.</summary>
internal sealed class ListingPages : Scenario
{
    private const int Files = 1_000_000;
    private const int PageSize = 1_000;
    private const int Requests = 300;

    private static readonly Sql InsertFile = new("""
        INSERT INTO file (tenant, scope, path, version, size, etag, chunk_count, modified, committed, manifest, sequence)
        VALUES (1, 1, ?1, 1, 4096, ?2, 1, ?3, ?3, ?4, ?5)
        """);

    public override string Name => "listing";

    public override string Summary => "pages of 1,000 in a scope of 1,000,000 files, first and last page";

    public override async Task RunAsync(ScenarioContext context, CancellationToken cancellationToken)
    {
        var data = Path.Combine(context.Folder, "data");
        await using (await GranaryServer.StartAsync(data, cancellationToken).ConfigureAwait(false))
        {
            // Makes the installation; the files are put into its catalog while it is stopped.
        }

        await SeedAsync(Path.Combine(data, "catalog.db"), cancellationToken).ConfigureAwait(false);
        await using var server = await GranaryServer.StartAsync(data, cancellationToken).ConfigureAwait(false);
        foreach (var (name, target) in new[] { ("first", "?limit=1000"), ("last", $"?limit=1000&after={Name(Files - PageSize - 1)}") })
        {
            var times = await MeasureAsync(server, target, cancellationToken).ConfigureAwait(false);
            context.Tell($"{name} page of 1,000, median", times[times.Length / 2], "ms");
            context.Hold($"{name} page of 1,000, 99th percentile", times[times.Length * 99 / 100], "ms", 20, atMost: true);
        }

        static string Name(int number) => $"folder-{number / 1000:000}/file-{number:0000000}";
    }

    private static async Task SeedAsync(string catalog, CancellationToken cancellationToken)
    {
        await using var database = await CatalogDatabase.OpenAsync(
            new CatalogOptions { DataSource = catalog }, TimeProvider.System, NullLoggerFactory.Instance, cancellationToken).ConfigureAwait(false);
        for (var from = 0; from < Files; from += 10_000)
        {
            var first = from;
            await database.WriteAsync(session => Insert(session, first, first + 10_000), cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool Insert(CatalogSession session, int from, int to)
    {
        var etag = new byte[32];
        var manifest = new byte[16];
        for (var i = from; i < to; i++)
        {
            BitConverter.TryWriteBytes(etag, i + 1); // no content hashes to zero
            BitConverter.TryWriteBytes(manifest, i);
            session.Execute(InsertFile, Encoding.UTF8.GetBytes($"folder-{i / 1000:000}/file-{i:0000000}"), etag, session.Now, manifest, i + 1);
        }

        return true;
    }

    private static async Task<double[]> MeasureAsync(GranaryServer server, string query, CancellationToken cancellationToken)
    {
        var times = new double[Requests];
        using var wire = await Wire.ConnectAsync(server.Port, server.Token, cancellationToken).ConfigureAwait(false);
        for (var i = -20; i < Requests; i++)
        {
            var clock = Stopwatch.StartNew();
            var status = await wire.GetAsync("/api/v1/scopes/main/files" + query, null, cancellationToken).ConfigureAwait(false);
            if (status != 200)
            {
                throw new InvalidDataException($"The server answered {status}.");
            }

            if (i >= 0)
            {
                times[i] = clock.Elapsed.TotalMilliseconds;
            }
        }

        Array.Sort(times);
        return times;
    }
}
