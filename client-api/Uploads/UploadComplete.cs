using Granary.Catalog;
using Granary.ClientApi.Content;
using Granary.ClientApi.Files;
using Granary.ClientApi.Http;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Granary.ClientApi.Uploads;

/// <summary><c>POST /api/v1/uploads/{id}/complete</c>: makes the file. Repeating it gives the same answer.</summary>
internal sealed partial class UploadComplete(SessionAccess access, WholeHashes wholes, StoredAnswers answers, ILogger<UploadComplete> logger)
{
    private const int Attempts = 3;

    /// <summary>Answers the request.</summary>
    public async Task<IResult> AnswerAsync(ApiCall call)
    {
        var (found, problem) = await access.FindAsync(call);
        if (found is null)
            return problem!;
        (var body, problem) = await call.ReadBodyAsync(allowEmpty: true);
        if (body is null)
            return problem!;
        if (body.ToProblem() is { } wrong)
            return wrong;
        if (!EntityTags.TryReadForWrite(call.Http.Request.Headers, out var preconditions, out problem))
            return problem;
        if (!TryReadModified(call, out var modified, out problem))
            return problem!;
        var operation = OperationKeys.Read(call.Http, body.Utf8.Span, out problem);
        if (problem is not null)
            return problem;
        if (found.Session.Kind != SessionKind.Parts)
            return new Problem(ProblemKinds.Conflict, "This upload is a tus upload: it is complete with its last byte.");
        if (operation is not null && await answers.FindAsync(call.TenantId, operation) is { } stored)
            return stored.Problem ?? WrittenResult.Of(call.Http, found.Session.Path!.Value, stored.Result!);

        var completion = await CompleteAsync(
            found.Session,
            access.Target(call, found),
            new CompleteSession { By = call.Caller.Name, Operation = operation, Preconditions = preconditions, Modified = modified },
            call.Aborted);
        return Problem(completion) ?? WrittenResult.Of(call.Http, found.Session.Path!.Value, completion.Result!);
    }

    /// <summary>Completes a session, with the hash of the whole where one was announced.</summary>
    public async Task<SessionCompletion> CompleteAsync(SessionInfo session, UploadTarget target, CompleteSession request, CancellationToken cancellationToken)
    {
        var completion = await AskAsync(session, request);
        if (completion.Status == CompletionStatus.HashNeeded)
        {
            if (await wholes.FinishAsync(session, target, cancellationToken) is not { } sha256)
                return new SessionCompletion { Status = CompletionStatus.HashNeeded };
            completion = await AskAsync(session, request with { Sha256 = sha256 });
        }

        if (completion.Status is not (CompletionStatus.Missing or CompletionStatus.HashNeeded))
            wholes.Forget(session.Upload);
        return completion;
    }

    /// <summary>The refusal; null when the file was made.</summary>
    public static Problem? Problem(SessionCompletion completion) => completion.Status switch
    {
        CompletionStatus.Decided => UploadRefusals.Of(completion.Result!),
        CompletionStatus.Missing => new Problem(ProblemKinds.Conflict, $"{completion.MissingCount} parts of the upload are missing.")
            .With("missing", completion.Missing).With("missingCount", completion.MissingCount),
        CompletionStatus.HashNeeded => Http.Problem.Unavailable("A part cannot be read back now to compute the sha256 of the whole."),
        CompletionStatus.DigestWrong => SessionAccess.DigestWrong(),
        CompletionStatus.Expired => SessionAccess.Over(),
        CompletionStatus.Uneven => new Problem(ProblemKinds.Conflict, "The upload is a tus upload."),
        _ => SessionAccess.Unknown(),
    };

    /// <summary>A call that timed out may have taken effect; the session's grain gives its answer again.</summary>
    private async Task<SessionCompletion> AskAsync(SessionInfo session, CompleteSession request)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await access.Grain(session).CompleteAsync(request, CancellationToken.None);
            }
            catch (Exception error) when (attempt < Attempts && error is TimeoutException or OrleansException)
            {
                LogRepeated(session.Upload, attempt, error);
            }
        }
    }

    private static bool TryReadModified(ApiCall call, out DateTimeOffset? modified, out Problem? problem)
    {
        modified = null;
        problem = null;
        if (!call.Http.Request.Headers.TryGetValue(UploadHeaders.ModifiedHeader, out var text))
            return true;
        if (UploadHeaders.TryParseTime(text.ToString(), out var time))
        {
            modified = time;
            return true;
        }

        problem = Http.Problem.Invalid(UploadHeaders.ModifiedHeader, $"{UploadHeaders.ModifiedHeader} is a time such as 2026-01-31T12:00:00.5Z.");
        return false;
    }

    [LoggerMessage(5042, LogLevel.Warning, "The completion of upload {Upload} did not answer (attempt {Attempt}) and is repeated")]
    private partial void LogRepeated(UploadId upload, int attempt, Exception error);
}
