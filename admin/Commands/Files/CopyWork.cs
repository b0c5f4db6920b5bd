using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;
using Granary.Admin.Paths;
using Granary.Admin.Transfer;

namespace Granary.Admin.Commands.Files;

/// <summary>
/// What cp and mv share. The server copies references, not bytes. A move within a scope is one step of the server;
/// across scopes it is a copy and then a delete of exactly the version that was copied.
/// </summary>
internal sealed class CopyWork(Session session, bool move, int jobs)
{
    private readonly TransferTotals totals = new();

    /// <summary>Copies or moves one file, or everything below a folder.</summary>
    public async Task<int> RunAsync(RemotePath source, RemotePath target, bool recursive, CancellationToken cancellationToken)
    {
        session.Scope = source.Scope;
        if (!recursive && source.IsFolder)
            throw FileOptions.NotAFile(source);
        if (recursive && source.Scope == target.Scope && target.FolderPrefix.StartsWith(source.FolderPrefix, StringComparison.Ordinal))
            throw new UsageException($"{target} lies inside {source}; a folder cannot go into itself.");
        if (!recursive)
            return await OneAsync(source, target, cancellationToken);

        var batch = new Batch(session, totals, jobs);
        await using (new ProgressReporter(session.Terminal, totals, move ? "mv" : "cp", session.Show, session.Time, session.Quiet))
        {
            await batch.RunAsync(
                new RemoteTree(session.Client).WalkAsync(source, totals, cancellationToken),
                item => (source.Scope, item.Path, null),
                async (item, token) =>
                {
                    await TransferAsync(source with { Path = item.Path }, target.Inside(item.Path[source.FolderPrefix.Length..]), token);
                    totals.Moved(item.Size);
                },
                cancellationToken);
        }

        if (totals.Done + totals.Failed > 0)
        {
            session.Say($"{Show.Count(totals.Done)} files {(move ? "moved" : "copied")}{(totals.Failed > 0 ? $", {Show.Count(totals.Failed)} failed" : "")}.");
            return batch.ExitCode;
        }

        if (!source.IsFolder && await session.Client.FindAsync(source.Scope, source.Path, cancellationToken) is not null)
            return await OneAsync(source, target, cancellationToken);
        session.Warn($"granary: there are no files below {Show.Name(source.ToString())}.");
        return ExitCode.Incomplete;
    }

    private async Task<int> OneAsync(RemotePath source, RemotePath target, CancellationToken cancellationToken)
    {
        var place = target.IsFolder ? target.Inside(source.Name) : target;
        if (place == source)
            throw new UsageException($"{source} is both source and target.");
        await TransferAsync(source, place, cancellationToken);
        return ExitCode.Done;
    }

    private async Task TransferAsync(RemotePath source, RemotePath target, CancellationToken cancellationToken)
    {
        var sameScope = source.Scope == target.Scope;
        var action = move && sameScope ? "move" : "copy";
        var request = new CopyRequest(source.Path, target.Path, sameScope ? null : target.Scope, null);
        var stored = await session.Client.SendAsync<CopyRequest, StoredFile>(
            HttpMethod.Post, $"/api/v1/scopes/{RequestTarget.Segment(source.Scope)}/files:{action}", request, cancellationToken);
        if (move && !sameScope)
            await session.Client.DeleteAsync(RequestTarget.File(source.Scope, source.Path), stored?.Etag, cancellationToken);
        var status = move ? "moved" : "copied";
        session.Printer.Event(
            new FileEvent(source.Scope, source.Path, status, null, target.ToString(), stored?.Version, stored?.Size, stored?.Etag),
            $"{status} {Show.Name(source.ToString())} to {Show.Name(target.ToString())}");
    }
}
