using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Granary.ClientApi.Http.Rejections;

/// <summary>State of one connection: whether the server is about to refuse a request that it could not parse.</summary>
internal sealed class RejectionState
{
    /// <summary>The refusal that is to replace the server's bare answer; null as long as all is well.</summary>
    public Problem? Problem { get; set; }
}

/// <summary>
/// Listens to Kestrel's announcement that it refuses a request before any middleware sees it (an encoded NUL in the path,
/// bytes outside ASCII, a line that is too long) and marks the connection, so that <see cref="RejectionWriter"/> can give the
/// bare answer a problem body. Requests that are parsed cost nothing.
/// </summary>
internal sealed class RejectionMarker : IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private const string EventName = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    private readonly IDisposable _subscription;

    public RejectionMarker(DiagnosticListener listener) =>
        _subscription = listener.Subscribe(this, static (name, _, _) => name == EventName);

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key != EventName || value.Value is not IFeatureCollection features)
            return;
        if (features.Get<RejectionState>() is not { } state || features.Get<IBadRequestExceptionFeature>()?.Error is not { } error)
            return;
        state.Problem = Describe(error as BadHttpRequestException);
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public void Dispose() => _subscription.Dispose();

    /// <summary>
    /// Kestrel names its reasons in the message only. What concerns the target is a path problem; the rest is told by status.
    /// </summary>
    private static Problem Describe(BadHttpRequestException? error)
    {
        if (error is null)
            return new Problem(ProblemKinds.InvalidRequest, "The request is not valid HTTP.");
        var kind = ProblemKinds.ForBareStatus(error.StatusCode);
        if (error.StatusCode == StatusCodes.Status414UriTooLong || error.Message.Contains("target", StringComparison.OrdinalIgnoreCase))
            return new Problem(ProblemKinds.InvalidPath, "The request target holds bytes or an escape that no path can have, or is too long.");
        if (error.Message.Contains("request line", StringComparison.OrdinalIgnoreCase))
            return new Problem(ProblemKinds.InvalidPath, "The request line is not valid: a target is ASCII without spaces and NUL.");
        return new Problem(kind, kind == ProblemKinds.InvalidRequest ? "The request is not valid HTTP." : kind.Title + ".");
    }
}
