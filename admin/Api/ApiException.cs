namespace Granary.Admin.Api;

/// <summary>The server answered, and the answer is no.</summary>
internal sealed class ApiException(int status, Problem problem) : Exception(Sentence(status, problem))
{
    /// <summary>The HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>The problem with its members.</summary>
    public Problem Problem { get; } = problem;

    /// <summary>The stable code, such as `quota-exceeded`; `http-502` where something between us and the server answered.</summary>
    public string Code { get; } = CodeOf(status, problem);

    /// <summary>Whether the server failed, as opposed to having refused. No room (507) is a refusal.</summary>
    public bool ServerFailed => Status >= 500 && Status != 507;

    private static string CodeOf(int status, Problem problem) => problem.Code ?? $"http-{status}";

    private static string Sentence(int status, Problem problem)
    {
        var detail = problem.Detail ?? problem.Title ?? $"the answer was HTTP {status}";
        return $"{CodeOf(status, problem)}: {detail}";
    }
}

/// <summary>No answer came, or the connection was lost before it was complete.</summary>
internal sealed class UnreachableException(Uri server, string reason, Exception? cause)
    : Exception($"the server at {server.GetLeftPart(UriPartial.Path)} cannot be reached: {reason}", cause)
{
    /// <summary>The address that was tried.</summary>
    public Uri Server { get; } = server;
}

/// <summary>What the server says contradicts itself or the contract.</summary>
internal sealed class UnexpectedAnswerException(string message, Exception? cause = null) : Exception(message, cause);
