namespace Granary.Stores;

/// <summary>What an operator of the server allows stores to be.</summary>
public sealed record ChunkStoreRules
{
    /// <summary>Directories under which local stores may lie; none: no local store can be made.</summary>
    public IReadOnlyList<string> LocalRoots { get; init; } = [];

    /// <summary>Endpoints (<c>https://host[:port]</c>) that S3 stores may name; empty: any.</summary>
    public IReadOnlyList<Uri> S3Endpoints { get; init; } = [];
}

/// <summary>One reason why a configuration is refused.</summary>
/// <param name="Field">The member, as <c>configuration.bucket</c>.</param>
/// <param name="Sentence">What is wrong with it and what would be right; one sentence without secrets.</param>
public sealed record ConfigFailure(string Field, string Sentence);

/// <summary>A configuration that was read, or every reason why it is refused.</summary>
/// <param name="Config">The configuration; null when there are failures.</param>
/// <param name="Credentials">The secrets, apart from it; null for stores without.</param>
/// <param name="Failures">Every reason, in the order of the fields.</param>
public sealed record ChunkStoreConfigResult(ChunkStoreConfig? Config, StoreCredentials? Credentials, IReadOnlyList<ConfigFailure> Failures);
