using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Cluster.Tests;

/// <summary>Who listens at one silo hears what is written at others: soon, everything, and each change once.</summary>
public sealed class ChangeStreamTests(ITestOutputHelper output)
{
    private const int Scopes = 6;

    /// <summary>Far less than the two seconds after which the heads of the logs are looked at anyway.</summary>
    private static readonly TimeSpan s_prompt = TimeSpan.FromMilliseconds(700);

    [ClusterFact]
    public async Task A_socket_hears_of_changes_through_other_silos_at_once_and_of_all_when_a_silo_between_them_dies()
    {
        await using var cluster = await SiloCluster.StartAsync();
        using var balancer = new RoundRobin(cluster);
        using var http = new HttpClient(balancer, disposeHandler: false) { BaseAddress = cluster.Urls[0], Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", cluster.OperatorKey);
        var listeners = new List<(int Silo, int Scope, ChangeListener Listener)>();
        try
        {
            // Grains and streams of six scopes are spread over all silos; nobody listens at the third.
            foreach (var scope in Enumerable.Range(0, Scopes))
            {
                using var made = await http.PostAsJsonAsync("api/v1/scopes", new { name = $"live-{scope}" });
                using var attached = await http.PutAsJsonAsync($"api/v1/scopes/live-{scope}/stores/local-silo-1", new { uploadPriority = 1 });
                Assert.True(attached.IsSuccessStatusCode, await attached.Content.ReadAsStringAsync());
                listeners.Add((0, scope, await ChangeListener.ConnectAsync(cluster, 0, $"live-{scope}")));
                listeners.Add((1, scope, await ChangeListener.ConnectAsync(cluster, 1, $"live-{scope}")));
            }

            await WriteAsync(http, listeners, "warm", 4);
            AssertPrompt(await WriteAsync(http, listeners, "first", 30), "with three silos");

            cluster.Silos[2].Kill();
            await WriteAsync(http, listeners, "dying", 30);
            await cluster.WaitUntilReadyAsync();
            await WriteAsync(http, listeners, "settling", 12);
            AssertPrompt(await WriteAsync(http, listeners, "second", 30), "after one died and came back");

            foreach (var (silo, scope, listener) in listeners)
            {
                Assert.Null(listener.Ended);
                var sequences = listener.Sequences.ToArray();
                Assert.True(sequences.SequenceEqual(Enumerable.Range(1, sequences.Length).Select(static i => (long)i)), $"live-{scope} at silo-{silo + 1}: {string.Join(' ', sequences)}");
            }

            Assert.Empty(balancer.Faults);
        }
        finally
        {
            foreach (var (_, _, listener) in listeners)
            {
                await listener.DisposeAsync();
            }
        }
    }

    /// <summary>Writes files into all scopes in turn through all silos, and waits until every listener has every change.</summary>
    /// <returns>The times from each answer to each arrival, sorted.</returns>
    private static async Task<List<(TimeSpan Time, string Where)>> WriteAsync(HttpClient http, List<(int Silo, int Scope, ChangeListener Listener)> listeners, string name, int count)
    {
        var answered = new Dictionary<(int Scope, string Path), long>();
        for (var i = 0; i < count; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, $"api/v1/scopes/live-{i % Scopes}/files/{name}/{i}") { Content = new ByteArrayContent(new byte[10]) };
            request.Headers.Add("Idempotency-Key", $"{name}-{i}");
            using var answer = await http.SendAsync(request);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
            answered[(i % Scopes, $"{name}/{i}")] = Stopwatch.GetTimestamp();
        }

        var times = new List<(TimeSpan Time, string Where)>();
        foreach (var (silo, scope, listener) in listeners)
        {
            foreach (var (file, at) in answered.Where(file => file.Key.Scope == scope))
            {
                await Eventually.BecomesAsync(() => listener.Arrived.ContainsKey(file.Path), $"silo-{silo + 1} tells of live-{scope}:/{file.Path} ({listener.Ended})");
                times.Add((Stopwatch.GetElapsedTime(at, Math.Max(at, listener.Arrived[file.Path])), $"live-{scope} at silo-{silo + 1}"));
            }
        }

        times.Sort();
        return times;
    }

    private void AssertPrompt(List<(TimeSpan Time, string Where)> times, string when)
    {
        var (median, ninth) = (times[times.Count / 2].Time, times[times.Count * 9 / 10].Time);
        output.WriteLine($"{when}: answer to frame, median {median.TotalMilliseconds:0} ms, 90 % {ninth.TotalMilliseconds:0} ms, of {times.Count}");
        Assert.True(ninth < s_prompt, $"{when}: of ten frames one takes longer than {ninth.TotalMilliseconds:0} ms; these came by looking, not by being told: {string.Join(", ", times.Where(static one => one.Time > s_prompt).Select(static one => one.Where).Distinct())}");
    }
}
