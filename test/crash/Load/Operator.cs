using System.Net;
using System.Net.Http.Json;
using Granary.Crash.Tests.Model;

namespace Granary.Crash.Tests.Load;

/// <summary>
/// Changes where a scope writes and what lies where while clients write: priorities, policies that make maintenance copy and
/// move, and detaching.
/// </summary>
internal sealed class Operator(ApiClient api, ScopeModel scope, string store, Random random)
{
    private readonly string _attachment = $"api/v1/scopes/{scope.Name}/stores/{store}";

    /// <summary>Works until the server is gone.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                await Task.Delay(random.Next(20, 400), cancellationToken);
                if (random.Next(8) == 0)
                {
                    // Refused where content is only there, or another change of the attachment is under way.
                    await SendAsync(api.Http.DeleteAsync(_attachment, cancellationToken), HttpStatusCode.Conflict, HttpStatusCode.NotFound);
                }

                await SendAsync(api.Http.PutAsJsonAsync(_attachment, new { uploadPriority = random.Next(50, 150), policy = AnyPolicy() }, cancellationToken), HttpStatusCode.Conflict);
            }
        }
        catch (Exception ended) when (ended is HttpRequestException or IOException or OperationCanceledException)
        {
            // The server is gone, or the life is over.
        }
    }

    /// <summary>Puts a plain attachment back.</summary>
    public static async Task CalmAsync(ApiClient api, ScopeModel scope, string store)
    {
        using var answer = await api.Http.PutAsJsonAsync($"api/v1/scopes/{scope.Name}/stores/{store}", new { uploadPriority = 50 });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private object AnyPolicy() => random.Next(6) switch
    {
        0 => new { readOnly = true },
        1 or 2 => new { populate = true },
        3 => new { drain = true },
        4 => new { softMaxSize = random.Next(1_000_000) },
        _ => new { },
    };

    private async Task SendAsync(Task<HttpResponseMessage> sending, params HttpStatusCode[] refusals)
    {
        using var answer = await sending;
        if (!answer.IsSuccessStatusCode && !refusals.Contains(answer.StatusCode))
        {
            api.Wrong.Enqueue($"Change of the attachment: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }
    }
}
