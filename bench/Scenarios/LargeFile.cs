using System.Diagnostics;
using Granary.Bench.Client;
using Granary.Bench.Limits;

namespace Granary.Bench.Scenarios;

/// <summary>One stream of 1 GiB in, again, and out, beside a bare Kestrel sink and nginx with the same client.</summary>
internal sealed class LargeFile : Scenario
{
    private const long Length = 1L << 30;
    private const int Runs = 3;

    public override string Name => "large-file";

    public override string Summary => "one stream of 1 GiB: PUT, PUT again, GET; beside a bare sink and nginx";

    public override async Task RunAsync(ScenarioContext context, CancellationToken cancellationToken)
    {
        var files = new string[Runs];
        for (var i = 0; i < Runs; i++)
        {
            files[i] = Path.Combine(context.Folder, $"unique{i}");
            Content.WriteFile(files[i], Length, context.Seed + (i * 2L * Length));
        }

        double sink;
        await using (var bare = await BareSink.StartAsync(cancellationToken).ConfigureAwait(false))
        {
            sink = await PutAllAsync(bare.Port, null, files, "/drop", cancellationToken).ConfigureAwait(false);
        }

        context.Tell("PUT 1 GiB into a bare Kestrel sink", MiBPerSecond(sink), "MiB/s");
        var (nginxPut, nginxGet) = await NginxAsync(context, files, cancellationToken).ConfigureAwait(false);

        await using var server = await GranaryServer.StartAsync(Path.Combine(context.Folder, "data"), cancellationToken).ConfigureAwait(false);
        var put = await PutAllAsync(server.Port, server.Token, files, "/api/v1/scopes/main/files/large", cancellationToken).ConfigureAwait(false);
        context.Tell("PUT 1 GiB unique, durable", MiBPerSecond(put), "MiB/s");
        context.Hold("PUT / bare sink", sink / put, "x", 0.55, beside: "bare Kestrel sink, same client");
        if (nginxPut is { } np)
        {
            context.Hold("PUT / nginx PUT", np / put, "x", 1.0, beside: "nginx, same client, not synced");
        }

        var stored = StoredBytes(server);
        var again = await PutAllAsync(server.Port, server.Token, files, "/api/v1/scopes/main/files/large", cancellationToken).ConfigureAwait(false);
        context.Hold("PUT again / first PUT", put / again, "x", 0.97, beside: "same content again, 3 % for noise");
        context.Hold("bytes written to the store by PUT again", StoredBytes(server) - stored, "B", 0, atMost: true);

        var get = await GetAllAsync(server.Port, server.Token, "/api/v1/scopes/main/files/large", cancellationToken).ConfigureAwait(false);
        context.Tell("GET 1 GiB, every chunk verified", MiBPerSecond(get), "MiB/s");
        if (nginxGet is { } ng)
        {
            context.Hold("GET / nginx GET", ng / get, "x", 0.4, beside: "nginx sendfile, same client");
        }
    }

    private static async Task<(double? Put, double? Get)> NginxAsync(ScenarioContext context, string[] files, CancellationToken cancellationToken)
    {
        var nginx = await NginxPeer.StartAsync(context.Folder, cancellationToken).ConfigureAwait(false);
        if (nginx is null)
        {
            context.Tell("nginx (not on this machine)", 0, "");
            return (null, null);
        }

        await using (nginx.ConfigureAwait(false))
        {
            var put = await PutAllAsync(nginx.Port, null, files, "/large", cancellationToken).ConfigureAwait(false);
            var get = await GetAllAsync(nginx.Port, null, "/large", cancellationToken).ConfigureAwait(false);
            context.Tell("nginx PUT 1 GiB", MiBPerSecond(put), "MiB/s");
            context.Tell("nginx GET 1 GiB", MiBPerSecond(get), "MiB/s");
            foreach (var file in Directory.EnumerateFiles(Path.Combine(context.Folder, "nginx", "www")))
            {
                File.Delete(file);
            }

            return (put, get);
        }
    }

    /// <summary>Puts every file once, one after the other; the median in seconds.</summary>
    private static async Task<double> PutAllAsync(int port, string? token, string[] files, string target, CancellationToken cancellationToken)
    {
        var seconds = new double[files.Length];
        for (var i = 0; i < files.Length; i++)
        {
            using var wire = await Wire.ConnectAsync(port, token, cancellationToken).ConfigureAwait(false);
            var clock = Stopwatch.StartNew();
            Expect(await wire.PutFileAsync($"{target}{i}", files[i], cancellationToken).ConfigureAwait(false));
            seconds[i] = clock.Elapsed.TotalSeconds;
        }

        return Median(seconds);
    }

    /// <summary>Reads each file twice and counts the second time, when the page cache is warm for every server.</summary>
    private static async Task<double> GetAllAsync(int port, string? token, string target, CancellationToken cancellationToken)
    {
        var seconds = new double[Runs];
        for (var i = 0; i < Runs; i++)
        {
            for (var warm = 0; warm < 2; warm++)
            {
                using var wire = await Wire.ConnectAsync(port, token, cancellationToken).ConfigureAwait(false);
                var clock = Stopwatch.StartNew();
                long length = 0;
                Expect(await wire.GetAsync($"{target}{i}", n => length = n, cancellationToken).ConfigureAwait(false));
                seconds[i] = clock.Elapsed.TotalSeconds;
                if (length != Length)
                {
                    throw new InvalidDataException($"The answer has {length} bytes.");
                }
            }
        }

        return Median(seconds);
    }

    private static long StoredBytes(GranaryServer server) =>
        new DirectoryInfo(Path.Combine(server.Data, "stores", "local", "chunks"))
            .EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);

    private static void Expect(int status)
    {
        if (status is < 200 or > 299)
        {
            throw new InvalidDataException($"The server answered {status}.");
        }
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }

    private static double MiBPerSecond(double seconds) => Length / seconds / (1 << 20);
}
