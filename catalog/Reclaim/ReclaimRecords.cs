using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Whose background work is due.</summary>
/// <param name="Tenants">
/// Tenants with references to uncount, uploads of dead silos, versions whose time is over, scopes that are being deleted, or
/// rows of manifests that wait.
/// </param>
/// <param name="Stores">Stores with copies to delete, or with something that a dead silo held.</param>
public sealed record WorkPending(TenantId[] Tenants, StoreId[] Stores);

/// <summary>What one page of uncounting did.</summary>
/// <param name="Worked">False when nothing is due.</param>
/// <param name="References">References that were taken away.</param>
public sealed record UncountPage(bool Worked, long References);

/// <summary>A copy whose bytes are to be deleted.</summary>
public sealed record DeletingLocation(LocationId Location, TenantId Tenant, ChunkHash Hash, long Length);

/// <summary>Blocks of dead silos that were given back.</summary>
/// <param name="Count">How many.</param>
/// <param name="Bytes">Their unused space together.</param>
public sealed record BlocksReleased(int Count, long Bytes);
