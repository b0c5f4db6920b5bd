using Granary.Catalog;
using Granary.ClientApi;
using Granary.GrainInterfaces;

namespace Granary.Silo.Hosting;

/// <summary>Who this process is.</summary>
internal sealed record SiloContext(string SiloName, SiloEpoch Epoch, string InstallationId) : ISiloContext, ISiloLife
{
    /// <inheritdoc/>
    public string Version => RuntimeIdentity.ProductVersion;

    /// <inheritdoc/>
    public string Runtime => RuntimeIdentity.Runtime;
}
