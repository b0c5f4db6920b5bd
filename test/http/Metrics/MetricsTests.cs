using System.Text.RegularExpressions;

namespace Granary.Http.Tests.Metrics;

/// <summary><c>GET /metrics</c> in Prometheus text.</summary>
public sealed partial class MetricsTests(HttpWorld world) : IClassFixture<HttpWorld>
{
    [Fact, Trait("Behaviour", "S20")]
    public async Task Every_line_is_well_formed_and_every_metric_is_named_once()
    {
        await HttpWorld.JsonOf(await world.PutAsync("main", "m", [1, 2, 3]), 201);
        await HttpWorld.JsonOf(await world.PutAsync("main", "again", [1, 2, 3]), 201);
        using var get = await world.GetAsync("main", "m");
        using var metrics = await world.Host.AnonymousClient().GetAsync("metrics");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", metrics.Content.Headers.ContentType!.ToString());
        var lines = (await metrics.Content.ReadAsStringAsync()).TrimEnd('\n').Split('\n');
        Assert.All(lines, line => Assert.Matches(Line(), line));
        var types = lines.Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]).ToList();
        Assert.Equal(types.Distinct(), types);
        var samples = lines.Where(line => line[0] != '#').Select(line => line[..line.LastIndexOf(' ')]).ToList();
        Assert.Equal(samples.Distinct(), samples);
        Assert.Contains(lines, line => line.StartsWith("granary_api_requests_total{method=\"PUT\",status=\"201\"} ", StringComparison.Ordinal));
        Assert.Contains("granary_api_chunks_written_total 1", lines);
        Assert.Contains("granary_api_chunks_deduplicated_total 1", lines);
        Assert.Contains("granary_buffers_in_use_bytes 0", lines);
        Assert.Contains("granary_buffers_waiters 0", lines);
        Assert.Contains(lines, line => line.StartsWith("granary_store_", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("scopes", StringComparison.Ordinal));
    }

    [GeneratedRegex("""^(# (HELP|TYPE) [a-z0-9_]+ .*|[a-z0-9_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? (-?[0-9.E+-]+|\+Inf))$""")]
    private static partial Regex Line();
}
