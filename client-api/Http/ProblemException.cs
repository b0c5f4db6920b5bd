namespace Granary.ClientApi.Http;

/// <summary>
/// Carries a refusal out of a pipeline that has several tasks under way; everywhere else refusals are return values.
/// </summary>
public sealed class ProblemException(Problem problem) : Exception(problem.Detail)
{
    /// <summary>The answer.</summary>
    public Problem Problem { get; } = problem;
}
