using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;
using Granary.Admin.Paths;
using Granary.Admin.Transfer;

namespace Granary.Admin.Commands.Files;

/// <summary>rm TARGET...: deletes files; earlier versions stay until their retention ends.</summary>
internal static class RmCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var targets = new Argument<string[]>("SCOPE:/PATH") { Description = "Files, or folders with -r", HelpName = "SCOPE:/PATH", Arity = ArgumentArity.OneOrMore };
        var recursive = FileOptions.Recursive("Delete everything below the folders");
        var dryRun = FileOptions.DryRun();
        var yes = new Option<bool>("--yes") { Description = "Needed to delete everything in a scope" };
        var jobs = FileOptions.Jobs();
        return new Command("rm", "Delete files; earlier versions stay until their retention ends")
            .With(targets, recursive, dryRun, yes, jobs)
            .Does(runner, (session, cancellationToken) => RunAsync(
                session, Array.ConvertAll(session.Value(targets)!, RemotePath.Parse), session.Value(recursive),
                session.Value(dryRun), session.Value(yes), session.Value(jobs), cancellationToken));
    }

    private static async Task<int> RunAsync(
        Session session, RemotePath[] targets, bool recursive, bool dryRun, bool yes, int jobs, CancellationToken cancellationToken)
    {
        foreach (var target in targets)
        {
            if (target.IsFolder && !recursive)
                throw FileOptions.NotAFile(target);
            if (target.Path.Length == 0 && !yes && !dryRun)
                throw new UsageException($"{target} is a whole scope; add --yes to delete everything in it, or look first with --dry-run.");
        }

        session.Scope = targets[0].Scope;
        if (!recursive && targets is [var only])
        {
            await RemoveAsync(session, only, await VersionLookup.FindAsync(session.Client, only, null, cancellationToken), dryRun, cancellationToken);
            return ExitCode.Done;
        }

        var totals = new TransferTotals();
        var batch = new Batch(session, totals, jobs);
        foreach (var target in targets)
        {
            session.Scope = target.Scope;
            await batch.RunAsync(
                ItemsAsync(session, target, recursive, batch, totals, cancellationToken),
                item => (target.Scope, item.Path, null),
                (item, token) => RemoveAsync(session, target with { Path = item.Path }, item, dryRun, token),
                cancellationToken);
        }

        session.Say($"{Show.Count(totals.Done)} files {(dryRun ? "would be deleted" : "deleted")}{(totals.Failed > 0 ? $", {Show.Count(totals.Failed)} failed" : "")}.");
        return batch.ExitCode;
    }

    private static async IAsyncEnumerable<FileItem> ItemsAsync(
        Session session, RemotePath target, bool recursive, Batch batch, TransferTotals totals,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var any = false;
        if (!target.IsFolder && await session.Client.FindAsync(target.Scope, target.Path, cancellationToken) is { } file)
        {
            any = true;
            yield return file;
        }

        if (recursive)
        {
            await foreach (var item in new RemoteTree(session.Client).WalkAsync(target, totals, cancellationToken))
            {
                any = true;
                yield return item;
            }
        }

        if (!any)
            batch.Fail(target.Scope, target.Path, null, "missing", "there is nothing.");
    }

    private static async ValueTask RemoveAsync(Session session, RemotePath place, FileItem item, bool dryRun, CancellationToken cancellationToken)
    {
        if (!dryRun)
            await session.Client.DeleteAsync(RequestTarget.File(place.Scope, place.Path), null, cancellationToken);
        var removed = new FileEvent(place.Scope, place.Path, dryRun ? "would-remove" : "removed", null, null, item.Version, item.Size, item.Etag);
        session.Printer.Event(removed, $"{(dryRun ? "would remove" : "removed")} {Show.Name(place.ToString())}");
    }
}
