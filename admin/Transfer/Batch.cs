using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Transfer;

/// <summary>
/// Works on many files, several at a time. What fails for one file is one line, and the others go on; what fails for
/// all (no server, no credential) ends the batch.
/// </summary>
internal sealed class Batch(Session session, TransferTotals totals, int atOnce)
{
    private readonly Lock gate = new();
    private Exception? fatal;

    /// <summary>Does <paramref name="work"/> for every item.</summary>
    /// <param name="items">What to work on; may still be arriving.</param>
    /// <param name="place">The scope, path and local file of an item, for the line about a failure.</param>
    /// <param name="work">What to do with one.</param>
    /// <param name="cancellationToken">Ends the batch.</param>
    public async Task RunAsync<T>(
        IAsyncEnumerable<T> items, Func<T, (string? Scope, string? Path, string? Local)> place, Func<T, CancellationToken, ValueTask> work, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await Parallel.ForEachAsync(items, new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = stop.Token }, async (item, token) =>
            {
                try
                {
                    await work(item, token);
                    totals.FileDone();
                }
                catch (Exception error) when (IsForAll(error))
                {
                    lock (gate)
                        fatal ??= error;
                    await stop.CancelAsync();
                }
                catch (Exception error) when (IsForOne(error))
                {
                    var (scope, path, local) = place(item);
                    Fail(scope, path, local, "failed", error.Message);
                }
            });
        }
        catch (OperationCanceledException) when (fatal is not null)
        {
            // The reason is thrown below.
        }

        if (fatal is not null)
            throw fatal;
    }

    /// <summary>Does <paramref name="work"/> for every item of a list.</summary>
    public Task RunAsync<T>(
        IReadOnlyList<T> items, Func<T, (string? Scope, string? Path, string? Local)> place, Func<T, CancellationToken, ValueTask> work, CancellationToken cancellationToken) =>
        RunAsync(ToAsync(items), place, work, cancellationToken);

    /// <summary>Says in one line that a file failed or was skipped; the exit code remembers.</summary>
    public void Fail(string? scope, string? path, string? local, string status, string reason)
    {
        totals.FileFailed();
        var name = local ?? $"{scope}:/{path}";
        if (session.Json)
            session.Printer.Event(new FileEvent(scope, path, status, local, Error: reason), "");
        session.Warn($"granary: {status}: {Output.Show.Name(name)}: {reason}");
    }

    /// <summary>The exit code of the command.</summary>
    public int ExitCode => totals.Failed > 0 ? CommandLine.ExitCode.Incomplete : CommandLine.ExitCode.Done;

    private static bool IsForAll(Exception error) => error switch
    {
        UnreachableException => true,
        ApiException refusal => refusal.ServerFailed || refusal.Status is 401 or 403 || refusal.Code is "tenant-required",
        _ => false,
    };

    private static bool IsForOne(Exception error) =>
        error is ApiException or UnexpectedAnswerException or LocalFileException or CorruptContentException or IOException or UnauthorizedAccessException;

    private static async IAsyncEnumerable<T> ToAsync<T>(IReadOnlyList<T> items)
    {
        await Task.CompletedTask;
        foreach (var item in items)
            yield return item;
    }
}
