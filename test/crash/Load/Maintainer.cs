using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Granary.Crash.Tests.Load;

/// <summary>Starts maintenance runs while clients work, and pauses, resumes and cancels some of them.</summary>
internal sealed class Maintainer(ApiClient api, Random random)
{
    private const string Runs = "api/v1/maintenance/runs";

    /// <summary>Works until the server is gone.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                var run = await StartAsync(api, new { }, Runs);
                await Task.Delay(random.Next(20, 400), cancellationToken);
                if (random.Next(3) == 0)
                {
                    foreach (var change in random.Next(2) == 0 ? ["pause", "resume"] : new[] { "cancel" })
                    {
                        // A run that has ended refuses; both are right.
                        using var answer = await api.Http.PostAsync($"{Runs}/{run}/{change}", null, cancellationToken);
                        if (!answer.IsSuccessStatusCode && answer.StatusCode != HttpStatusCode.Conflict)
                        {
                            api.Wrong.Enqueue($"{change} of run {run}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(cancellationToken)}");
                        }
                    }
                }
            }
        }
        catch (Exception ended) when (ended is HttpRequestException or IOException or OperationCanceledException)
        {
            // The server is gone, or the life is over.
        }
    }

    /// <summary>Starts a run and waits for its end.</summary>
    /// <returns>The run as it is shown.</returns>
    public static async Task<JsonNode> CompleteAsync(ApiClient api, object request, string collection = Runs, int minutes = 1)
    {
        var run = await StartAsync(api, request, collection);
        for (var looks = 0; looks < 1_200 * minutes; looks++)
        {
            var shown = JsonNode.Parse(await api.Http.GetStringAsync($"{Runs}/{run}"))!;
            if ((string?)shown["state"] is "done" or "failed" or "cancelled")
            {
                return shown;
            }

            await Task.Delay(50);
        }

        throw new TimeoutException($"Run {run} did not end in time: {await api.Http.GetStringAsync($"{Runs}/{run}")}");
    }

    private static async Task<string> StartAsync(ApiClient api, object request, string collection)
    {
        using var answer = await api.Http.PostAsJsonAsync(collection, request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, $"{(int)answer.StatusCode} {text}");
        return (string)JsonNode.Parse(text)!["id"]!;
    }
}
