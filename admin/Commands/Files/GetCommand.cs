using System.CommandLine;
using System.Runtime.CompilerServices;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;
using Granary.Admin.Paths;
using Granary.Admin.Transfer;

namespace Granary.Admin.Commands.Files;

/// <summary>get SOURCE [DEST]: fetches files, verifies every byte, and gives them their time back.</summary>
internal static class GetCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var source = new Argument<string>("SCOPE:/PATH") { Description = "A file, or a folder with -r", HelpName = "SCOPE:/PATH" };
        var destination = new Argument<string?>("DEST")
        {
            Description = "File or folder of this machine, - for stdout [default: the current folder]",
            HelpName = "DEST",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var recursive = FileOptions.Recursive("Fetch everything below SOURCE into DEST");
        var jobs = FileOptions.Jobs();
        var version = FileOptions.Version("A version other than the current one");
        return new Command("get", "Fetch files and verify every byte; a file appears whole or not at all")
            .With(source, destination, recursive, jobs, version)
            .Does(runner, (session, cancellationToken) => RunAsync(
                session, RemotePath.Parse(session.Value(source)!), session.Value(destination), session.Value(recursive),
                session.Value(jobs), session.Value(version), cancellationToken));
    }

    private static async Task<int> RunAsync(
        Session session, RemotePath source, string? destination, bool recursive, int jobs, long? version, CancellationToken cancellationToken)
    {
        session.Scope = source.Scope;
        if (recursive && version is not null)
            throw new UsageException("--version is of one file; it does not go with -r.");
        if (!recursive && source.IsFolder)
            throw FileOptions.NotAFile(source);
        if (recursive && destination == PutPlan.Stdin)
            throw new UsageException("-r needs a folder to write to; stdout takes one file.");
        var get = new Get(session, jobs);
        if (recursive)
            return await get.TreeAsync(source, destination ?? ".", cancellationToken);
        return destination == PutPlan.Stdin
            ? await CatCommand.PrintAsync(session, source, version, cancellationToken)
            : await get.OneAsync(source, destination, version, cancellationToken);
    }

    private sealed class Get(Session session, int jobs)
    {
        private readonly TransferTotals totals = new();

        public async Task<int> OneAsync(RemotePath source, string? destination, long? version, CancellationToken cancellationToken)
        {
            var item = await VersionLookup.FindAsync(session.Client, source, version, cancellationToken);
            (totals.Files, totals.TotalBytes) = (1, item.Size);
            var file = destination is null ? source.Name
                : Directory.Exists(destination) || destination.EndsWith('/') ? Path.Combine(destination, source.Name)
                : destination;
            // Only the name comes from the server here, and TargetFolder judges it.
            var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
            bool sent;
            await using (Progress())
                sent = await FetchAsync(source.Scope, item, new TargetFolder(folder).Prepare(Path.GetFileName(file)), version is null, cancellationToken);
            session.Say(sent
                ? $"{Show.Name(file)}: {session.Show.Size(item.Size)} fetched and verified, version {item.Version}."
                : $"{Show.Name(file)}: the same content is there already; verified, version {item.Version}.");
            return ExitCode.Done;
        }

        public async Task<int> TreeAsync(RemotePath source, string destination, CancellationToken cancellationToken)
        {
            var batch = new Batch(session, totals, jobs);
            var folder = new TargetFolder(destination);
            var started = session.Time.GetTimestamp();
            await using (Progress())
            {
                await batch.RunAsync(
                    FilesAsync(source, batch, cancellationToken),
                    item => (source.Scope, item.Path, null),
                    async (item, token) => await FetchAsync(source.Scope, item, folder.Prepare(item.Path[source.FolderPrefix.Length..]), true, token),
                    cancellationToken);
            }

            if (totals.Done + totals.Failed == 0)
                return await NothingAsync(source, destination, cancellationToken);
            var elapsed = session.Time.GetElapsedTime(started);
            var rate = elapsed.TotalSeconds > 0.05 ? $" at {session.Show.Size((long)(totals.Bytes / elapsed.TotalSeconds))}/s" : "";
            var unchanged = totals.Unchanged > 0 ? $", {Show.Count(totals.Unchanged)} of them there already" : "";
            var failed = totals.Failed > 0 ? $", {Show.Count(totals.Failed)} failed" : "";
            session.Say($"{Show.Name(destination)}: {Show.Count(totals.Done)} files verified, {session.Show.Size(totals.Bytes)}{rate}{unchanged}{failed}.");
            return batch.ExitCode;
        }

        // -r of what turns out to be a file fetches that file.
        private async Task<int> NothingAsync(RemotePath source, string destination, CancellationToken cancellationToken)
        {
            if (!source.IsFolder && await session.Client.FindAsync(source.Scope, source.Path, cancellationToken) is not null)
                return await OneAsync(source, destination, null, cancellationToken);
            session.Warn($"granary: there are no files below {Show.Name(source.ToString())}.");
            return ExitCode.Incomplete;
        }

        private async IAsyncEnumerable<FileItem> FilesAsync(RemotePath source, Batch batch, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            var clash = new NameClash();
            await foreach (var item in new RemoteTree(session.Client).WalkAsync(source, totals, cancellationToken))
            {
                if (clash.Next(item.Path) is { } file)
                    batch.Fail(source.Scope, item.Path, null, "failed", $"'{file}' is a file, so it cannot be a folder on this disk as well.");
                else
                    yield return item;
            }
        }

        private async ValueTask<bool> FetchAsync(string scope, FileItem item, string file, bool follow, CancellationToken cancellationToken)
        {
            if (new FileInfo(file) is { Exists: true, LinkTarget: null } && await new LocalContent(session.Client).EqualsAsync(file, scope, item, cancellationToken))
            {
                if (item.Modified is { } time)
                    File.SetLastWriteTimeUtc(file, time.UtcDateTime);
                totals.FileUnchanged(item.Size);
                Report(scope, item, file, "unchanged");
                return false;
            }

            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    using var sink = new FileSink(file, item.Size);
                    await new Downloader(session.Client, totals, session.Time).FetchAsync(scope, item, sink, cancellationToken);
                    sink.Keep(item.Modified);
                    Report(scope, item, file, "fetched");
                    return true;
                }
                catch (ApiException gone) when (gone.Status is 404 && follow && attempt < 3)
                {
                    // Overwritten since it was listed, and the old version is not kept: the new one is what is wanted.
                    item = await VersionLookup.FindAsync(session.Client, new RemotePath(scope, item.Path), null, cancellationToken);
                }
            }
        }

        private void Report(string scope, FileItem item, string file, string status)
        {
            if (session.Json)
                session.Printer.Event(new FileEvent(scope, item.Path, status, file, null, item.Version, item.Size, item.Etag), "");
        }

        private ProgressReporter Progress() => new(session.Terminal, totals, "get", session.Show, session.Time, session.Quiet);
    }
}
