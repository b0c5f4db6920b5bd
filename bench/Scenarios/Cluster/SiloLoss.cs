using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;

namespace Granary.Bench.Scenarios.Cluster;

/// <summary>
/// kill -9 of one of three silos under load. Which scopes have their grain on it, a short freeze tells before: their writes
/// wait for its end. Writes go through the two others, each under a key, and are repeated until they succeed.
/// </summary>
internal static class SiloLoss
{
    private const int Scopes = 30;
    private const int Victim = 2;
    private static readonly TimeSpan ShortFreeze = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(12);

    public static async Task MeasureAsync(ScenarioContext context, GranaryCluster cluster, CancellationToken cancellationToken)
    {
        using var first = cluster.Client(0);
        using var second = cluster.Client(1);
        HttpClient[] clients = [first, second];
        for (var i = 0; i < Scopes; i++)
        {
            await DoAsync(first.PostAsJsonAsync("api/v1/scopes", new { name = NameOf(i) }, cancellationToken)).ConfigureAwait(false);
            await DoAsync(first.PutAsJsonAsync($"api/v1/scopes/{NameOf(i)}/stores/local-silo-1", new { uploadPriority = 100, downloadPriority = 100 }, cancellationToken)).ConfigureAwait(false);
        }

        var acknowledged = new ConcurrentDictionary<string, byte>();
        await Task.WhenAll(Enumerable.Range(0, Scopes).Select(i => PutAsync(clients, i, "warm", acknowledged, cancellationToken))).ConfigureAwait(false);

        // 1. Who lives there?
        Signals.Freeze(cluster.SiloProcess(Victim));
        var asking = Enumerable.Range(0, Scopes).Select(i => PutAsync(clients, i, "where", acknowledged, cancellationToken)).ToArray();
        await Task.Delay(ShortFreeze, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        Signals.Wake(cluster.SiloProcess(Victim));
        var answers = await Task.WhenAll(asking).ConfigureAwait(false);
        var involved = answers.Select(static answer => answer.Took > ShortFreeze - TimeSpan.FromMilliseconds(300)).ToArray();

        // 2. It dies.
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System, cancellationToken).ConfigureAwait(false);
        var clock = Stopwatch.StartNew();
        Signals.KillNow(cluster.SiloProcess(Victim));
        var lost = await Task.WhenAll(Enumerable.Range(0, Scopes).Select(i => WatchAsync(clients, i, clock, acknowledged, cancellationToken))).ConfigureAwait(false);

        var there = lost.Where((_, i) => involved[i]).ToArray();
        var elsewhere = lost.Where((_, i) => !involved[i]).ToArray();
        context.Tell("scopes whose grain lived on the killed silo", there.Length, "", $"of {Scopes}");
        context.Hold("kill -9 to the first write of such a scope, slowest", there.Max(static scope => scope.First).TotalSeconds, "s", 5, atMost: true);
        context.Hold("failed answers to other scopes", elsewhere.Sum(static scope => scope.Failures), "", 0, atMost: true, beside: string.Create(CultureInfo.InvariantCulture, $"of {elsewhere.Sum(static scope => scope.Writes):0} writes"));
        context.Tell("slowest write of another scope", elsewhere.Max(static scope => scope.Slowest).TotalMilliseconds, "ms");

        // 3. Everything that was acknowledged is there.
        var missing = 0;
        foreach (var path in acknowledged.Keys)
        {
            using var read = await second.GetAsync(path, cancellationToken).ConfigureAwait(false);
            missing += read.IsSuccessStatusCode && await read.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false) == path ? 0 : 1;
        }

        context.Hold("acknowledged writes that were lost", missing, "", 0, atMost: true, beside: string.Create(CultureInfo.InvariantCulture, $"of {acknowledged.Count}"));
    }

    private static async Task<Seen> WatchAsync(HttpClient[] clients, int scope, Stopwatch clock, ConcurrentDictionary<string, byte> acknowledged, CancellationToken cancellationToken)
    {
        var seen = new Seen(TimeSpan.Zero, 0, 0, TimeSpan.Zero);
        for (var i = 0; clock.Elapsed < Watch; i++)
        {
            var answer = await PutAsync(clients, scope, string.Create(CultureInfo.InvariantCulture, $"after-{i}"), acknowledged, cancellationToken).ConfigureAwait(false);
            seen = new Seen(
                i == 0 ? clock.Elapsed : seen.First, seen.Failures + answer.Failures, seen.Writes + 1, answer.Took > seen.Slowest ? answer.Took : seen.Slowest);
            await Task.Delay(20, cancellationToken).ConfigureAwait(false);
        }

        return seen;
    }

    /// <summary>One write, repeated until it is acknowledged.</summary>
    private static async Task<(TimeSpan Took, int Failures)> PutAsync(
        HttpClient[] clients, int scope, string name, ConcurrentDictionary<string, byte> acknowledged, CancellationToken cancellationToken)
    {
        var path = $"api/v1/scopes/{NameOf(scope)}/files/{name}";
        var clock = Stopwatch.StartNew();
        for (var failures = 0; ; failures++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, path) { Content = new StringContent(path) };
            request.Headers.Add("Idempotency-Key", $"{NameOf(scope)}-{name}");
            try
            {
                using var answer = await clients[(scope + failures) % clients.Length].SendAsync(request, cancellationToken).ConfigureAwait(false);
                if (answer.IsSuccessStatusCode)
                {
                    acknowledged[path] = 0;
                    return (clock.Elapsed, failures);
                }
            }
            catch (Exception failed) when (failed is HttpRequestException || (failed is TaskCanceledException && !cancellationToken.IsCancellationRequested))
            {
                // Asked again.
            }

            await Task.Delay(50, cancellationToken).ConfigureAwait(false);
        }
    }

    private static string NameOf(int scope) => string.Create(CultureInfo.InvariantCulture, $"loss-{scope}");

    private static async Task DoAsync(Task<HttpResponseMessage> sending)
    {
        using var answer = await sending.ConfigureAwait(false);
        answer.EnsureSuccessStatusCode();
    }

    private sealed record Seen(TimeSpan First, int Failures, int Writes, TimeSpan Slowest);
}
