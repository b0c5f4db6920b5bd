using System.Text.Json.Serialization;

namespace Granary.ClientApi.Scopes;

/// <summary>A scope as lists show it.</summary>
internal sealed record ScopeSummary(
    string Name, long? QuotaBytes, int KeepVersions, int? KeepDays, bool LegalHold, string State, DateTimeOffset Created);

/// <summary>
/// A scope with what it holds and the table of its stores; <paramref name="HeldFiles"/> have a legal hold of their own.
/// </summary>
internal sealed record ScopeView(
    string Name, long? QuotaBytes, int KeepVersions, int? KeepDays, bool LegalHold, string State, DateTimeOffset Created,
    long LogicalBytes, long ReservedBytes, long UniqueBytes, long Files, long HeldFiles, DateTimeOffset CountedAt,
    IReadOnlyList<ScopeStoreView> Stores,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Warnings);

/// <summary>One row of the table: a store, its priorities and policy, what of the scope lies there and why.</summary>
internal sealed record ScopeStoreView(
    string Store, string Backend, int? UploadPriority, int? DownloadPriority, PolicyView? Policy, string State, string Why, long Chunks, long Bytes);

/// <summary>The policy of an attachment; <paramref name="Drain"/> is false, true or the name of a store.</summary>
internal sealed record PolicyView(bool Populate, object Drain, bool ReadOnly, bool WriteOnly, long? SoftMaxSize);
