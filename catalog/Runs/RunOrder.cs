using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>What a run, and each of its tasks, is limited to and how it works; the same from the request to what operators see.</summary>
public abstract record RunOrder
{
    /// <summary>Limited to this tenant; null for all.</summary>
    public TenantId? Tenant { get; init; }

    /// <summary>Limited to this scope; of a task the scope whose policy it is.</summary>
    public ScopeId? Scope { get; init; }

    /// <summary>Limited to this store; of a task the store that it concerns.</summary>
    public StoreId? Store { get; init; }

    /// <summary>Only says what it would do.</summary>
    public bool DryRun { get; init; }

    /// <summary>Copies where it would move: nothing is released.</summary>
    public bool KeepSource { get; init; }

    /// <summary>An fsck that reads and hashes every copy.</summary>
    public bool Data { get; init; }

    /// <summary>An fsck that puts right what differs.</summary>
    public bool Repair { get; init; }
}
