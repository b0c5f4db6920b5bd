namespace Granary.ClientApi.Cluster;

/// <summary>What the grain runtime knows of its silos. Provided by the composition root.</summary>
public interface IClusterInfo
{
    /// <summary>All silos that are or lately were members.</summary>
    Task<IReadOnlyList<SiloFacts>> GetSilosAsync(CancellationToken cancellationToken);
}

/// <summary>One silo as the runtime sees it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Status">The runtime's word for its state, in lower case: <c>active</c>, <c>joining</c>, <c>dead</c>...</param>
/// <param name="Roles">What it does: <c>api</c>, <c>silo</c>.</param>
/// <param name="Activations">Grain activations it holds; null where it could not be asked.</param>
/// <param name="Started">When it started.</param>
public sealed record SiloFacts(string Name, string Status, IReadOnlyList<string> Roles, long? Activations, DateTimeOffset Started);
