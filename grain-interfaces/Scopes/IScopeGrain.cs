using Orleans.Concurrency;

namespace Granary.GrainInterfaces;

/// <summary>
/// The single writer of one scope's namespace. Key: <c>{tenant}/{scope}</c> (decimal ids, <see cref="GrainKeys.Scope"/>).
/// Commands only enqueue; one flusher per activation writes groups (design, Writing 4).
/// </summary>
[Alias("granary.IScopeGrain")]
public interface IScopeGrain : IGrainWithStringKey
{
    /// <summary>
    /// Applies one change of the namespace and answers when it is durable. Interleaves: calls gather into groups. The
    /// answer is <see cref="NamespaceStatus.Busy"/> when too many wait. A caller that times out may repeat the call with
    /// the same <see cref="NamespaceOperation.Operation"/> or upload id and gets the first answer.
    /// </summary>
    [AlwaysInterleave, Alias("Apply")]
    Task<NamespaceResult> ApplyAsync(NamespaceOperation operation, CancellationToken cancellationToken);

    /// <summary>Attaches a store, or replaces the attachment's priorities and policy (D52, D55).</summary>
    [Alias("Attach")]
    Task<AdminResult> AttachAsync(AttachmentSettings settings, OperationKey? operation, CancellationToken cancellationToken);

    /// <summary>
    /// Detaches a store in three steps: mark leaving, check that nothing is only there, complete or put back
    /// (design, Writing 8; D53).
    /// </summary>
    [Alias("Detach")]
    Task<AdminResult> DetachAsync(StoreId store, OperationKey? operation, CancellationToken cancellationToken);

    /// <summary>
    /// Puts back what a detach left as leaving whose silo died between its steps: it takes no uploads, and nobody was told that
    /// it was done, so the operator may repeat it. Runs when no detach is under way, and nobody waits for it.
    /// </summary>
    [OneWay, Alias("PutBackLeaving")]
    Task PutBackLeavingAsync(CancellationToken cancellationToken);

    /// <summary>Changes quota, retention and legal hold.</summary>
    [Alias("UpdateSettings")]
    Task<AdminResult> UpdateSettingsAsync(ScopeSettings settings, OperationKey? operation, CancellationToken cancellationToken);

    /// <summary>Deletes the scope when it is empty, or, forced, marks it so that background work empties and removes it.</summary>
    [Alias("DeleteScope")]
    Task<AdminResult> DeleteScopeAsync(bool force, OperationKey? operation, CancellationToken cancellationToken);
}

/// <summary>Settings of a scope that can change.</summary>
[GenerateSerializer, Immutable, Alias("granary.ScopeSettings")]
public sealed record ScopeSettings
{
    /// <summary>Logical bytes the scope may hold, kept versions and open uploads together; null for no limit.</summary>
    [Id(0)] public long? QuotaBytes { get; init; }

    /// <summary>Versions of a file that are kept, the current one included; at least 1.</summary>
    [Id(1)] public int KeepVersions { get; init; } = 1;

    /// <summary>Days for which superseded versions are kept beyond that number; null for none.</summary>
    [Id(2)] public int? KeepDays { get; init; }

    /// <summary>Legal hold: nothing of the scope is removed for good, neither version nor file nor the scope (S22).</summary>
    [Id(3)] public bool LegalHold { get; init; }
}

/// <summary>A scope's relation to one store: priorities and policy (http-api, Scopes and tenants).</summary>
[GenerateSerializer, Immutable, Alias("granary.AttachmentSettings")]
public sealed record AttachmentSettings
{
    /// <summary>The store.</summary>
    [Id(0)] public required StoreId Store { get; init; }

    /// <summary>Higher is written first, null last (D2).</summary>
    [Id(1)] public int? UploadPriority { get; init; }

    /// <summary>Higher is read first, null last (D10).</summary>
    [Id(2)] public int? DownloadPriority { get; init; }

    /// <summary>Keep a copy of every chunk of the scope here.</summary>
    [Id(3)] public bool Populate { get; init; }

    /// <summary>Move every chunk of the scope away.</summary>
    [Id(4)] public bool Drain { get; init; }

    /// <summary>Where a drain moves to; null for the usual choice. Only with <see cref="Drain"/> (D38).</summary>
    [Id(5)] public StoreId? DrainTo { get; init; }

    /// <summary>Never written for this scope; still serves (D11).</summary>
    [Id(6)] public bool ReadOnly { get; init; }

    /// <summary>Never read for this scope, written by populate only (D5).</summary>
    [Id(7)] public bool WriteOnly { get; init; }

    /// <summary>Bytes of this scope that maintenance lets stay here; null for no limit (D43).</summary>
    [Id(8)] public long? SoftMaxSize { get; init; }
}
