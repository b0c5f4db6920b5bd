using Granary.GrainInterfaces;

namespace Granary.ClientApi;

/// <summary>Who this process is. Provided by the composition root.</summary>
public interface ISiloContext
{
    /// <summary>Name of the silo, unique in the cluster and the same after a restart.</summary>
    string SiloName { get; }

    /// <summary>This life of the silo; uploads and blocks of space belong to it.</summary>
    SiloEpoch Epoch { get; }

    /// <summary>Id of the installation, written into every store.</summary>
    string InstallationId { get; }

    /// <summary>Version of the product.</summary>
    string Version { get; }

    /// <summary>What the grains run on, for people: Orleans with its version, or its stand-in.</summary>
    string Runtime { get; }
}
