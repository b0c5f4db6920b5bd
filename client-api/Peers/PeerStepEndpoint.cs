using System.Globalization;
using Granary.Catalog;
using Granary.Stores;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Granary.ClientApi.Peers;

/// <summary>
/// Does steps of maintenance that another silo scheduled (<see cref="RemoteSteps"/>), as workers do them and owners of local
/// stores. What is done is decided by the rows; a repeat, and an answer that is lost, do no harm.
/// </summary>
internal sealed partial class PeerStepEndpoint(IRunSteps steps, ILogger<PeerStepEndpoint> logger)
{
    /// <summary>Answers; that it is a peer was looked at.</summary>
    public async Task ServeAsync(HttpContext context)
    {
        if (context.Request.Method != "POST" || Number(context, "run") is not { } run || Number(context, "task") is not (>= 0 and <= int.MaxValue and var task)
            || Number(context, "version") is not { } version)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        try
        {
            var done = await steps.RunHereAsync(run, (int)task, version, context.RequestAborted);
            await context.Response.WriteAsJsonAsync(new RemoteStep(done.Chunks, done.Bytes, done.Rest.TotalMilliseconds, done.HasEnded), context.RequestAborted);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Abort(); // the other silo gave up, or went away
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            LogFailed(failure, run, task);
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }
    }

    private static long? Number(HttpContext context, string name) =>
        long.TryParse(context.Request.Query[name].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    [LoggerMessage(5601, LogLevel.Warning, "A step of run {Run}, task {Task} for another silo failed.")]
    private partial void LogFailed(Exception failure, long run, long task);
}
