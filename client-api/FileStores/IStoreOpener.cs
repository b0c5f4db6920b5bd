namespace Granary.ClientApi.FileStores;

/// <summary>Brings the open stores of this silo in step with the catalog at once. Provided by the composition root.</summary>
public interface IStoreOpener
{
    /// <summary>Opens stores that were made or changed a moment ago, and closes those that went.</summary>
    Task SynchronizeAsync(CancellationToken cancellationToken);
}
