using System.Text.Json.Nodes;
using Granary.Crash.Tests.Load;

namespace Granary.Crash.Tests.Checks;

/// <summary>The server's own check of itself, with every copy read and hashed.</summary>
internal static class Fsck
{
    /// <summary>Runs it to its end.</summary>
    /// <returns>Whatever it found that is not as it must be.</returns>
    public static async Task<IReadOnlyList<string>> CheckAsync(ApiClient api)
    {
        var run = await Maintainer.CompleteAsync(api, new { data = true }, "api/v1/fsck");
        var id = (string)run["id"]!;
        var page = JsonNode.Parse(await api.Http.GetStringAsync($"api/v1/maintenance/runs/{id}/findings?limit=100"))!;
        var found = page["items"]!.AsArray().Where(static finding => (string?)finding!["kind"] is "error" or "repaired").Select(static finding => finding!.ToJsonString()).ToList();
        if ((string?)run["state"] != "done" || (long)run["errors"]! != 0)
        {
            found.Insert(0, run.ToJsonString());
        }

        return found;
    }
}
