using System.Text.Json;

namespace Granary.Admin.Api;

/// <summary>One process of the cluster.</summary>
internal sealed record Silo(
    string Name, string? Status, IReadOnlyList<string>? Roles, long? Activations, string? Version, IReadOnlyList<string>? Stores,
    DateTimeOffset? Started, SiloDrain? Drain) : Answer;

/// <summary>A silo that is to leave, and how far its local stores are emptied.</summary>
internal sealed record SiloDrain(
    string Silo, string State, DateTimeOffset Since, string? By, string Run, IReadOnlyList<DrainedStore>? Stores, string? Detail) : Answer
{
    /// <summary>Whether nothing that it holds is needed.</summary>
    public bool IsDrained => State == "drained";
}

/// <summary>What a local store of it still holds.</summary>
internal sealed record DrainedStore(string Name, long Chunks, long Bytes, bool Needed) : Answer;

/// <summary>The cluster as one silo sees it; the runtime is Orleans or its stand-in.</summary>
internal sealed record ClusterView(string? Runtime, string? RuntimeVersion, string? Version, IReadOnlyList<Silo>? Silos) : Answer;

/// <summary>One thing that the server looked at, and how it is.</summary>
internal sealed record HealthCheck(string Name, string Status, string? Detail, bool Healthy);

/// <summary>What `health` prints: all checks, and what to try next when one fails.</summary>
internal sealed record HealthReport(bool Healthy, string Source, IReadOnlyList<HealthCheck> Checks, string? Next);

/// <summary>A problem as RFC 9457 has it; everything but these members stays in <see cref="Answer.More"/>.</summary>
internal sealed record Problem(string? Type, string? Title, int? Status, string? Code, string? Detail) : Answer
{
    /// <summary>A member as text, or null when it is absent.</summary>
    public string? Member(string name) =>
        More is { } more && more.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : null;
}
