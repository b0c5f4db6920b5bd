using System.Net.Http.Json;
using Granary.Crash.Tests.Model;

namespace Granary.Crash.Tests.Load;

/// <summary>Changes where a scope writes while clients write: priorities, read-only and back.</summary>
internal sealed class Operator(ApiClient api, ScopeModel scope, Random random)
{
    /// <summary>Works until the server is gone.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                await Task.Delay(random.Next(20, 300), cancellationToken);
                using var answer = await api.Http.PatchAsJsonAsync(
                    $"api/v1/scopes/{scope.Name}/stores/second",
                    new { uploadPriority = random.Next(50, 150), policy = new { readOnly = random.Next(3) == 0 } },
                    cancellationToken);
                if (!answer.IsSuccessStatusCode)
                {
                    api.Wrong.Enqueue($"PATCH of the attachment: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(cancellationToken)}");
                }
            }
        }
        catch (Exception ended) when (ended is HttpRequestException or IOException or OperationCanceledException)
        {
            // The server is gone, or the life is over.
        }
    }
}
