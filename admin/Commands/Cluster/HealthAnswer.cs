using System.Text.Json;
using Granary.Admin.Api;

namespace Granary.Admin.Commands.Cluster;

/// <summary>
/// Reads what the health endpoints answer: `checks` as a map or a list, each a word or an object with a status and a
/// reason. A health report is read leniently, because it matters most when things are odd.
/// </summary>
internal static class HealthAnswer
{
    private static readonly string[] Good = ["ok", "healthy", "ready", "alive", "up", "online", "true", "active", "pass"];

    /// <summary>The report of one endpoint; `warnings` are told and make nothing unhealthy.</summary>
    /// <param name="source">The endpoint, for the report.</param>
    /// <param name="status">The HTTP status; 503 is an answer.</param>
    /// <param name="body">What it said.</param>
    public static HealthReport Read(string source, int status, string body)
    {
        var checks = new List<HealthCheck>();
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                Collect(document.RootElement, checks);
                if (checks.Count == 0 && Text(document.RootElement, "status") is { } word)
                    checks.Add(new HealthCheck("server", word, null, status == 200));
                Warn(document.RootElement, checks);
            }
        }
        catch (JsonException)
        {
            checks.Add(new HealthCheck("answer", "unreadable", $"HTTP {status}", false));
        }

        if (checks.Count == 0)
            checks.Add(new HealthCheck("server", status == 200 ? "ok" : $"HTTP {status}", null, status == 200));
        var healthy = status == 200 && checks.All(check => check.Healthy);
        return new HealthReport(healthy, source, checks, healthy ? null : Advice(checks));
    }

    private static void Collect(JsonElement root, List<HealthCheck> checks)
    {
        foreach (var name in new[] { "checks", "failures", "failing", "dependencies", "entries" })
        {
            if (!root.TryGetProperty(name, out var part))
                continue;
            if (part.ValueKind == JsonValueKind.Object)
                checks.AddRange(part.EnumerateObject().Select(member => Check(member.Name, member.Value, name is "failures" or "failing")));
            else if (part.ValueKind == JsonValueKind.Array)
                checks.AddRange(part.EnumerateArray().Select(item => Check(Text(item, "name") ?? item.ToString(), item, name is "failures" or "failing")));
        }
    }

    // Worth a look, and nothing that is wrong.
    private static void Warn(JsonElement root, List<HealthCheck> checks)
    {
        if (root.TryGetProperty("warnings", out var warnings) && warnings.ValueKind == JsonValueKind.Object)
            checks.AddRange(warnings.EnumerateObject().Select(member => new HealthCheck(member.Name, "warning", member.Value.ToString(), true)));
    }

    private static HealthCheck Check(string name, JsonElement value, bool failed)
    {
        if (value.ValueKind != JsonValueKind.Object)
            return new HealthCheck(name, failed ? "failing" : value.ToString(), failed ? value.ToString() : null, !failed && IsGood(value.ToString()));
        var healthy = value.TryGetProperty("healthy", out var flag) && flag.ValueKind is JsonValueKind.True or JsonValueKind.False ? flag.GetBoolean() : (bool?)null;
        var status = Text(value, "status") ?? Text(value, "state") ?? (healthy == true ? "ok" : "failing");
        var detail = Text(value, "detail") ?? Text(value, "reason") ?? Text(value, "error") ?? Text(value, "message") ?? Text(value, "description");
        return new HealthCheck(name, status, detail, !failed && (healthy ?? IsGood(status)));
    }

    private static bool IsGood(string status) => Good.Contains(status, StringComparer.OrdinalIgnoreCase);

    private static string? Text(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null ? member.ToString() : null;

    private static string Advice(List<HealthCheck> checks)
    {
        var failing = checks.Find(check => !check.Healthy)?.Name ?? "";
        return failing.StartsWith("store", StringComparison.OrdinalIgnoreCase)
            ? $"granary store show {(failing.IndexOfAny([':', '/', ' ']) is var cut and > 0 ? failing[(cut + 1)..] : "STORE")}"
            : "granary cluster status";
    }
}
