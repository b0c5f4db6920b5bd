using Granary.ClientApi.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Granary.ClientApi.Http;

/// <summary>
/// The one middleware before routing: (1) checks the raw path on every route and method; (2) turns exceptions into problems,
/// never a stack trace; (3) gives the routing's bare 404 and 405 a body.
/// </summary>
internal sealed partial class ApiMiddleware(RequestDelegate next, ApiMetrics metrics, ILogger<ApiMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var pathBase = context.Request.PathBase.Value?.Length ?? 0;
        if (!RequestTarget.IsPathValid(RequestTarget.Raw(context), pathBase, out var reason))
        {
            await new Problem(ProblemKinds.InvalidPath, reason).ExecuteAsync(context);
            return;
        }

        try
        {
            await next(context);
            if (!context.Response.HasStarted && context.Response.StatusCode is 404 or 405 && context.Response.ContentLength is null)
                await AnswerBareStatusAsync(context);
        }
        catch (Exception error) when (ExceptionMap.IsClientGone(error, context))
        {
            context.Abort();
        }
        catch (Exception error)
        {
            // A loop's top: every fault ends here and becomes a problem with a stable code.
            await AnswerFaultAsync(context, error);
        }

        metrics.Request(context.Request.Method, context.Response.StatusCode);
    }

    private static Task AnswerBareStatusAsync(HttpContext context)
    {
        var kind = ProblemKinds.ForBareStatus(context.Response.StatusCode);
        var detail = kind == ProblemKinds.NotFound
            ? "There is no resource at this address."
            : $"{context.Request.Method} is not allowed on this resource.";
        return new Problem(kind, detail).ExecuteAsync(context);
    }

    private async Task AnswerFaultAsync(HttpContext context, Exception error)
    {
        var problem = ExceptionMap.ToProblem(error);
        if (problem.Kind == ProblemKinds.Internal)
            LogUnexpected(context.Request.Method, context.Request.Path, error);
        else if (problem.Kind.Status >= 500)
            LogUnavailable(context.Request.Method, context.Request.Path, problem.Kind.Code, error.GetType().Name, error.Message);
        if (context.Response.HasStarted)
        {
            // Part of an answer is out: only breaking the connection tells the client that the rest is missing.
            context.Abort();
            return;
        }

        context.Response.Clear();
        await problem.ExecuteAsync(context);
    }
}
