using System.CommandLine;
using System.Text.Json;
using Granary.Admin.Api;
using Granary.Admin.Output;
using Granary.Admin.Transfer;

namespace Granary.Admin.CommandLine;

/// <summary>Runs the body of a command and turns its failure into a sentence, the next thing to try, and an exit code.</summary>
internal sealed class Runner(Terminal terminal, Func<string, string?> environment, TimeProvider time)
{
    /// <summary>Runs to the end; the result is the exit code.</summary>
    public async Task<int> RunAsync(ParseResult line, CommandBody body, CancellationToken cancellationToken)
    {
        using var session = new Session(line, terminal, environment, time);
        try
        {
            return await body(session, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            terminal.Talk("granary: interrupted.");
            return ExitCode.Interrupted;
        }
        catch (ReaderGoneException)
        {
            return ExitCode.Incomplete;
        }
        catch (Exception error) when (Known(error, session) is { } known)
        {
            Print(session, known.Failure);
            return known.Code;
        }
    }

    private static (int Code, Failure Failure)? Known(Exception error, Session session) => error switch
    {
        UsageException => (ExitCode.Usage, new Failure("usage", error.Message, null, null, null)),
        ApiException { ServerFailed: true } refusal => (ExitCode.ServerFailed, Refusal(refusal, "the server failed", session)),
        ApiException refusal => (ExitCode.Refused, Refusal(refusal, "refused", session)),
        UnreachableException => (ExitCode.ServerFailed, new Failure("unreachable", Sentence(error.Message), null, ErrorAdvice.ForUnreachable(session.AddressWasGiven), null)),
        UnexpectedAnswerException => (ExitCode.ServerFailed, new Failure("unexpected-answer", Sentence(error.Message), null, null, null)),
        CorruptContentException => (ExitCode.Incomplete, new Failure("corrupt", Sentence(error.Message), null, null, null)),
        LocalFileException => (ExitCode.Incomplete, new Failure("local-file", Sentence(error.Message), null, null, null)),
        IOException or UnauthorizedAccessException => (ExitCode.Incomplete, new Failure("local-file", Sentence(error.Message), null, null, null)),
        _ => null,
    };

    private static Failure Refusal(ApiException refusal, string what, Session session) =>
        new(refusal.Code, $"{what} ({refusal.Code}): {Sentence(refusal.Problem.Detail ?? refusal.Problem.Title ?? $"HTTP {refusal.Status}")}",
            refusal.Status, Advice(refusal, session), refusal.Problem);

    private static string? Advice(ApiException refusal, Session session) =>
        refusal.Code == "not-found" && session.IfNotFound is { } known ? known : ErrorAdvice.For(refusal, session.Scope);

    private static string Text(JsonElement error, string name) => error.TryGetProperty(name, out var value) ? value.ToString() : "";

    private static string Sentence(string text) => text.EndsWith('.') ? text : text + ".";

    private void Print(Session session, Failure failure)
    {
        if (session.Json)
        {
            terminal.Talk(JsonSerializer.Serialize(failure, ApiJson.Plain.Failure));
            return;
        }

        terminal.Talk("granary: " + failure.Message);
        // A request may be wrong in several fields; the server names them all.
        if (failure.Problem?.More is { } more && more.TryGetValue("errors", out var errors) && errors.ValueKind == JsonValueKind.Array && errors.GetArrayLength() > 1)
        {
            foreach (var error in errors.EnumerateArray().Where(error => error.ValueKind == JsonValueKind.Object))
                terminal.Talk($"  {Text(error, "field")}: {Text(error, "detail")}");
        }

        if (failure.Next is { } next)
            terminal.Talk("  " + next);
    }
}
