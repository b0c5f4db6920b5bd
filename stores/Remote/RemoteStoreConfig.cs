namespace Granary.Stores;

/// <summary>
/// A local store of another silo, reached through that silo (design, Local stores in a cluster). Made from the topology and
/// the silos that are alive; never configured by an operator and never kept in the catalog.
/// </summary>
public sealed record RemoteStoreConfig : ChunkStoreConfig
{
    /// <summary>The value of <see cref="Backend"/>.</summary>
    public const string Kind = "silo";

    /// <summary>The silo's internal endpoint: scheme, host and port. A silo that comes back elsewhere makes a new definition.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>The silo that owns the store.</summary>
    public required string Silo { get; init; }

    /// <inheritdoc/>
    public override string Backend => Kind;
}
