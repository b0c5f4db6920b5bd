using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace Granary.ClientApi.Http;

/// <summary>Maps faults to problems. Refusals are values and do not come here.</summary>
public static class ExceptionMap
{
    /// <summary>The client went away, so that nobody reads an answer.</summary>
    public static bool IsClientGone(Exception error, HttpContext context) =>
        context.RequestAborted.IsCancellationRequested
        && error is OperationCanceledException or ConnectionResetException or ConnectionAbortedException;

    /// <summary>The problem for a fault.</summary>
    public static Problem ToProblem(Exception error) => error switch
    {
        BadQueryException query => Problem.Invalid(query.Field, query.Message),
        BadHttpRequestException bad => ForBadRequest(bad),
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
