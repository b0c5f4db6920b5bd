namespace Granary.ClientApi.Cluster;

/// <summary>What the grain runtime knows of its silos. Provided by the composition root.</summary>
public interface IClusterInfo
{
    /// <summary>All silos that are or lately were members.</summary>
    Task<IReadOnlyList<SiloFacts>> GetSilosAsync(CancellationToken cancellationToken);
}

/// <summary>One silo as the runtime and its row see it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Status">The runtime's word for its state, in lower case: <c>active</c>, <c>joining</c>, <c>dead</c>...</param>
/// <param name="Role"><c>serve</c> or <c>worker</c>; null for one that is gone.</param>
/// <param name="Version">Version of the product that it runs; null for one that is gone.</param>
/// <param name="Activations">Grain activations it holds; null where it could not be asked.</param>
/// <param name="Started">When it started.</param>
public sealed record SiloFacts(string Name, string Status, string? Role, string? Version, long? Activations, DateTimeOffset Started);
