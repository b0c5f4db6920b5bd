using System.Diagnostics.CodeAnalysis;
using Granary.GrainInterfaces;
using Granary.Stores;

namespace Granary.Changes.Tests.Clusters;

/// <summary>A silo without stores: files without content need none.</summary>
internal sealed class NoStores : IStoreDirectory
{
    public IReadOnlyList<StoreStatus> Stores => [];

    public bool TryGet(StoreId id, [NotNullWhen(true)] out IChunkStore? store)
    {
        store = null;
        return false;
    }

    public bool TryGetMaintenance(StoreId id, [NotNullWhen(true)] out IChunkStore? store) => TryGet(id, out store);

    public bool IsUsable(StoreId id) => false;

    public void ReportFailure(StoreId id, Exception failure)
    {
    }
}
