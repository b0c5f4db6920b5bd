using System.Diagnostics;
using System.Security.Cryptography;
using Granary.Bench.Limits;

namespace Granary.Bench.Scenarios;

/// <summary>The machine's own limits: hashing on one core, durable sequential writing.</summary>
internal sealed class MachineLimits : Scenario
{
    public override string Name => "machine";

    public override string Summary => "SHA-256 on one core, durable 4 MiB files, durable 4 KiB files";

    public override Task RunAsync(ScenarioContext context, CancellationToken cancellationToken)
    {
        var buffer = new byte[4 << 20];
        Content.Fill(buffer, context.Seed);
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < 128; i++)
        {
            SHA256.HashData(buffer);
        }

        context.Tell("SHA-256, one core", 512 / clock.Elapsed.TotalSeconds, "MiB/s");

        clock.Restart();
        for (var i = 0; i < 64; i++)
        {
            WriteDurably(Path.Combine(context.Folder, $"large{i}"), buffer);
        }

        context.Tell("4 MiB files, page cache and fsync", 256 / clock.Elapsed.TotalSeconds, "MiB/s");

        clock.Restart();
        Parallel.For(0, 4000, new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = cancellationToken }, i =>
            WriteDurably(Path.Combine(context.Folder, $"small{i}"), buffer.AsSpan(0, 4096)));
        context.Tell("4 KiB files, create and fsync, 32 threads", 4000 / clock.Elapsed.TotalSeconds, "/s");
        return Task.CompletedTask;
    }

    private static void WriteDurably(string path, ReadOnlySpan<byte> content)
    {
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        RandomAccess.Write(file, content, 0);
        RandomAccess.FlushToDisk(file);
    }
}
