using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;
using Granary.Admin.Paths;
using Granary.Admin.Transfer;
using Granary.Admin.Transfer.Sessions;

namespace Granary.Admin.Commands.Files;

/// <summary>put SRC... TARGET: stores files of this machine.</summary>
internal static class PutCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var places = new Argument<string[]>("SRC... TARGET")
        {
            Description = "Files or folders (- for stdin), then the target SCOPE:/PATH; a target that ends in / is a folder",
            HelpName = "SRC... TARGET",
            Arity = ArgumentArity.OneOrMore,
        };
        var recursive = FileOptions.Recursive("Store what is in the folders, hidden files too; the target is the folder that takes it");
        var jobs = FileOptions.Jobs();
        var always = new Option<bool>("--always") { Description = "Send also what is there already; each becomes a new version" };
        var type = new Option<string?>("--content-type") { Description = "Content type of the files; else by their names", HelpName = "TYPE" };
        return new Command("put", "Store files of this machine; what is there already is not sent again")
            .With(places, recursive, jobs, always, type)
            .Does(runner, async (session, cancellationToken) =>
            {
                using var put = new Put(session, session.Value(jobs), session.Value(always), session.Value(type));
                return await RunAsync(put, session.Value(places)!, session.Value(recursive), cancellationToken);
            });
    }

    private static async Task<int> RunAsync(Put put, string[] places, bool recursive, CancellationToken cancellationToken)
    {
        if (places is not [.. var sources, var last] || sources.Length == 0)
            throw new UsageException("put takes what to store and where: granary put FILE SCOPE:/PATH.");
        var target = RemotePath.Parse(last);
        put.Session.Scope = target.Scope;
        if (sources is [PutPlan.Stdin])
            return await put.StdinAsync(target, cancellationToken);
        var plan = PutPlan.Make(sources, target, recursive);
        return plan is { Items: [var only], Skipped: [] } && !recursive
            ? await put.OneAsync(only, cancellationToken)
            : await put.ManyAsync(plan, cancellationToken);
    }

    private sealed class Put(Session session, int jobs, bool always, string? contentType) : IDisposable
    {
        private readonly Lock gate = new();
        private Uploader? uploader;
        private readonly TransferTotals totals = new();
        private long storedBytes;
        private long sentBytes;
        private long newChunks;
        private long sharedChunks;

        public Session Session => session;

        private Uploader Uploader
        {
            get
            {
                lock (gate)
                    return uploader ??= new Uploader(session.Client, totals, new UploadMemory(UploadMemory.FolderOf(session.Variable), session.Client.Server, session.Time));
            }
        }

        public void Dispose() => uploader?.Dispose();

        public async Task<int> StdinAsync(RemotePath target, CancellationToken cancellationToken)
        {
            if (target.IsFolder)
                throw new UsageException($"{target} is a folder; what comes from stdin needs a name.");
            totals.Files = 1;
            await using var progress = Progress();
            var stored = await Uploader.SendStreamAsync(session.Terminal.Input, target, contentType, cancellationToken);
            Report(target, null, new SentFile(stored, stored.Size));
            SayStored(target, stored);
            return ExitCode.Done;
        }

        public async Task<int> OneAsync(PutItem item, CancellationToken cancellationToken)
        {
            (totals.Files, totals.TotalBytes) = (1, item.Size);
            var existing = new Func<CancellationToken, Task<FileItem?>>(token => session.Client.FindAsync(item.Target.Scope, item.Target.Path, token));
            StoredFile? stored;
            await using (Progress())
                stored = await StoreAsync(item, existing, cancellationToken);
            if (stored is null)
                session.Say($"{Show.Name(item.Target.ToString())}: the same content is there already; nothing was sent.");
            else
                SayStored(item.Target, stored);
            return ExitCode.Done;
        }

        public async Task<int> ManyAsync(PutPlan plan, CancellationToken cancellationToken)
        {
            var client = session.Client;
            var batch = new Batch(session, totals, jobs);
            (totals.Files, totals.TotalBytes) = (plan.Items.Count, plan.Items.Sum(item => item.Size));
            var started = session.Time.GetTimestamp();
            await using (Progress())
            {
                foreach (var skipped in plan.Skipped)
                    batch.Fail(null, null, skipped.Path, "skipped", skipped.Skipped!);
                var existing = await ExistingFiles.LookAsync(client, plan, cancellationToken);
                try
                {
                    await batch.RunAsync(
                        plan.Items,
                        item => (item.Target.Scope, item.Target.Path, item.File),
                        async (item, token) => await StoreAsync(item, inner => existing.FindAsync(item.Target, inner), token),
                        cancellationToken);
                }
                catch (Exception error) when (error is UnreachableException or ApiException or OperationCanceledException)
                {
                    session.Warn($"granary: {Show.Count(totals.Done)} of {Show.Count(totals.Files)} files are stored; the same command continues from there.");
                    throw;
                }
            }

            SaySummary(plan, session.Time.GetElapsedTime(started));
            return batch.ExitCode;
        }

        private async Task<StoredFile?> StoreAsync(PutItem item, Func<CancellationToken, Task<FileItem?>> find, CancellationToken cancellationToken)
        {
            if (!always && await find(cancellationToken) is { } there && there.Size == item.Size
                && await new LocalContent(session.Client).EqualsAsync(item.File, item.Target.Scope, there, cancellationToken))
            {
                totals.FileUnchanged(item.Size);
                if (session.Json)
                    session.Printer.Event(new FileEvent(item.Target.Scope, item.Target.Path, "unchanged", item.File, null, there.Version, there.Size, there.Etag), "");
                return null;
            }

            var sent = await Uploader.SendFileAsync(item, contentType, cancellationToken);
            Report(item.Target, item.File, sent);
            return sent.Stored;
        }

        private void Report(RemotePath target, string? file, SentFile sent)
        {
            var stored = sent.Stored;
            Interlocked.Add(ref storedBytes, stored.Size);
            Interlocked.Add(ref sentBytes, sent.Sent);
            Interlocked.Add(ref newChunks, stored.Chunks?.Stored ?? 0);
            Interlocked.Add(ref sharedChunks, stored.Chunks?.Deduplicated ?? 0);
            if (session.Json)
                session.Printer.Event(new FileEvent(target.Scope, target.Path, "stored", file, null, stored.Version, stored.Size, stored.Etag, stored.Chunks, Sent: sent.Sent), "");
        }

        private void SayStored(RemotePath target, StoredFile stored)
        {
            var chunks = stored.Chunks is { Total: > 0 } counts ? $", {Chunks(counts.Total)} ({Show.Count(counts.Deduplicated)} there already)" : "";
            session.Say($"{Show.Name(target.ToString())}: stored as version {stored.Version}, {session.Show.Size(stored.Size)}{chunks}.");
        }

        private void SaySummary(PutPlan plan, TimeSpan elapsed)
        {
            var stored = totals.Done - totals.Unchanged;
            var rate = elapsed.TotalSeconds > 0.05 ? $" at {session.Show.Size((long)(sentBytes / elapsed.TotalSeconds))}/s" : "";
            var sent = stored > 0
                ? $"{Files(stored)} stored, {session.Show.Size(storedBytes)}{rate}{(sentBytes < storedBytes ? $" ({session.Show.Size(sentBytes)} sent)" : "")}; {Chunks(newChunks)} new, {Show.Count(sharedChunks)} there already"
                : "nothing was sent";
            var unchanged = totals.Unchanged > 0 ? $"; {Files(totals.Unchanged)} unchanged" : "";
            var failed = totals.Failed > 0 ? $"; {Files(totals.Failed)} failed or skipped" : "";
            session.Say($"{Show.Name(plan.Target.ToString())}: {sent}{unchanged}{failed}.");
        }

        private static string Files(long count) => count == 1 ? "1 file" : $"{Show.Count(count)} files";

        private static string Chunks(long count) => count == 1 ? "1 chunk" : $"{Show.Count(count)} chunks";

        private ProgressReporter Progress() => new(session.Terminal, totals, "put", session.Show, session.Time, session.Quiet);
    }
}
