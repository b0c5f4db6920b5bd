using Granary.Catalog;
using Granary.GrainInterfaces;
using Granary.Stores;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Orleans.Runtime;

namespace Granary.ClientApi.Http;

/// <summary>Maps faults to problems. Refusals are values and do not come here.</summary>
public static class ExceptionMap
{
    /// <summary>The client went away, so that nobody reads an answer. A reading may learn of it before the request does.</summary>
    public static bool IsClientGone(Exception error, HttpContext context) =>
        error is ConnectionResetException or ConnectionAbortedException
        || context.RequestAborted.IsCancellationRequested && error is OperationCanceledException or IOException;

    /// <summary>The problem for a fault.</summary>
    public static Problem ToProblem(Exception error) => error switch
    {
        BadQueryException query => Problem.Invalid(query.Field, query.Message),
        ProblemException refused => refused.Problem,
        BadHttpRequestException bad => ForBadRequest(bad),
        ChunkBufferReclaimedException => Problem.Busy("The transfer stood still while others waited for memory."),
        CatalogBusyException => Problem.Busy("Too many requests wait for the catalog."),
        CatalogFaultException => Problem.Unavailable("The catalog cannot be used now."),
        CatalogException => Problem.Unavailable("The catalog cannot be used now."),
        ChunkStoreException => Problem.Unavailable("A store cannot be used now."),
        OrleansException => Problem.Unavailable("A part of the service is moving to another server; repeat the request.", retryAfter: 1),
        TimeoutException => Problem.Unavailable("A part of the service did not answer in time."),
        OperationCanceledException => Problem.Unavailable("The request was given up."),
        _ => new Problem(ProblemKinds.Internal, "The server failed to answer the request; its log says why."),
    };

    private static Problem ForBadRequest(BadHttpRequestException bad)
    {
        var kind = ProblemKinds.ForBareStatus(bad.StatusCode);
        return new Problem(kind, kind == ProblemKinds.InvalidRequest ? "The request is not valid HTTP." : kind.Title + ".");
    }
}
