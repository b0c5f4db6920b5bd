using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>This life of this silo, for background work that writes and pays for copies. Provided by the composition root.</summary>
public interface ISiloLife
{
    /// <summary>The life; copies and blocks of space belong to it.</summary>
    SiloEpoch Epoch { get; }
}
