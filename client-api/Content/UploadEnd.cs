using Granary.Catalog;
using Granary.ClientApi.Metrics;
using Granary.GrainInterfaces;
using Granary.GrainInterfaces.Diagnostics;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Granary.ClientApi.Content;

/// <summary>Ends uploads: commits them, or gives back what they hold. Neither is given up when the client goes.</summary>
internal sealed partial class UploadEnd(UploadCatalog uploads, IGrainFactory grains, ApiMetrics metrics, TimeProvider time, ILogger<UploadEnd> logger)
{
    private const int Attempts = 6;
    private const int TimedOutAttempts = 3;

    /// <summary>Before the first repeat; it doubles. All together outlast the second in which a silo that was killed is found dead.</summary>
    private static readonly TimeSpan FirstRest = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Commits. A call that timed out may have taken effect: it is repeated with the same upload, or the same key, of our own
    /// where the client sent none, and is answered with the first result.
    /// </summary>
    public async Task<NamespaceResult> CommitAsync(TenantId tenant, ScopeId scope, NamespaceOperation operation)
    {
        if (operation is not CommitUpload)
            operation = operation with { Operation = operation.Operation ?? OperationKey.Own(Guid.CreateVersion7(time.GetUtcNow())) };
        var grain = grains.GetGrain<IScopeGrain>(GrainKeys.Scope(tenant, scope));
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var result = await grain.ApplyAsync(operation, CancellationToken.None);
                FaultPoint.Reached("commit.before-answer");
                return result;
            }
            catch (Exception error) when (attempt < (error is TimeoutException ? TimedOutAttempts : Attempts) && error is TimeoutException or OrleansException)
            {
                LogRepeated(operation.GetType().Name, attempt, error);

                // A call that timed out has waited long enough.
                if (error is not TimeoutException)
                    await Task.Delay(FirstRest * (1 << (attempt - 1)), time);
            }
        }
    }

    /// <summary>Aborts: reservations are given back at once, the rest by background work, which is woken.</summary>
    public async Task AbortAsync(UploadTarget target)
    {
        FaultPoint.Reached("abort.before");
        UploadAborted aborted;
        try
        {
            aborted = await uploads.AbortAsync(target.Upload, CancellationToken.None);
        }
        catch (CatalogException error)
        {
            // The upload dies with this silo's life at the latest, and is then aborted by background work.
            LogNotAborted(target.Upload, error);
            return;
        }

        await WakeForAsync(aborted);
    }

    /// <summary>Wakes the background work that an abort leaves behind.</summary>
    public async Task WakeForAsync(UploadAborted aborted)
    {
        if (!aborted.Aborted)
            return;
        metrics.Aborted("in");
        await WakeAsync(grains.GetGrain<ITenantMaintenanceGrain>(GrainKeys.Tenant(aborted.Tenant)).WakeAsync(CancellationToken.None));
        foreach (var store in aborted.Stores)
            await WakeAsync(grains.GetGrain<IStoreMaintenanceGrain>(GrainKeys.Store(store)).WakeAsync(CancellationToken.None));
    }

    private async Task WakeAsync(Task waking)
    {
        try
        {
            await waking;
        }
        catch (Exception error) when (error is TimeoutException or OrleansException)
        {
            // Its reminder wakes it later.
            LogNotWoken(error);
        }
    }

    [LoggerMessage(5013, LogLevel.Warning, "{Operation} did not answer (attempt {Attempt}) and is repeated")]
    private partial void LogRepeated(string operation, int attempt, Exception error);

    [LoggerMessage(5014, LogLevel.Warning, "Upload {Upload} could not be aborted now")]
    private partial void LogNotAborted(UploadId upload, Exception error);

    [LoggerMessage(5015, LogLevel.Debug, "Background work could not be woken")]
    private partial void LogNotWoken(Exception error);
}
