using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Commands.Scopes;
using Granary.Admin.Output;
using Granary.Admin.Paths;

namespace Granary.Admin.Commands.Files;

/// <summary>ls [SCOPE:/PATH]: lists a folder, or the scopes.</summary>
internal static class LsCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var places = new Argument<string[]>("SCOPE:/PATH") { Description = "Files or folders; none lists the scopes", HelpName = "SCOPE:/PATH", Arity = ArgumentArity.ZeroOrMore };
        var recursive = FileOptions.Recursive("List everything below, with full paths");
        return new Command("ls", "List files, in the order of their bytes; without an argument, the scopes")
            .With(places, recursive)
            .Does(runner, (session, cancellationToken) => RunAsync(session, session.Value(places) ?? [], session.Value(recursive), cancellationToken));
    }

    private static async Task<int> RunAsync(Session session, string[] places, bool recursive, CancellationToken cancellationToken)
    {
        if (places.Length == 0)
            return await ScopeListCommand.ListAsync(session, cancellationToken);
        var complete = true;
        foreach (var place in Array.ConvertAll(places, RemotePath.Parse))
        {
            session.Scope = place.Scope;
            complete &= await ListAsync(session, place, recursive, cancellationToken);
        }

        return complete ? ExitCode.Done : ExitCode.Incomplete;
    }

    private static async Task<bool> ListAsync(Session session, RemotePath place, bool recursive, CancellationToken cancellationToken)
    {
        var table = Files(session.Show, recursive ? "" : place.FolderPrefix);
        var any = false;
        if (!place.IsFolder && await session.Client.FindAsync(place.Scope, place.Path, cancellationToken) is { } file)
        {
            session.Printer.Rows(Files(session.Show, ""), [file]);
            any = true;
        }

        await foreach (var page in session.Client.FilesAsync(place.Scope, place.FolderPrefix, recursive ? null : "/", cancellationToken))
        {
            any |= Print(session, table, page);
            session.Terminal.FlushPage();
        }

        if (!any && place.Path.Length > 0)
            session.Warn($"granary: there is nothing at {Show.Name(place.ToString())}.");
        return any || place.Path.Length == 0;
    }

    private static bool Print(Session session, Table<FileItem> table, FilePage page)
    {
        // Files and folders share one table; a folder is shown as a file with a name that ends in a slash.
        var rows = (page.Items ?? []).Concat((page.Prefixes ?? []).Select(prefix => new FileItem(prefix, 0, "", null, 0, null, null)))
            .Order(Comparer<FileItem>.Create((left, right) => RemotePath.CompareBytes(left.Path, right.Path)))
            .ToList();
        if (session.Json)
        {
            foreach (var row in rows)
                PrintJson(session, table, row);
        }
        else if (rows.Count > 0)
        {
            session.Printer.Rows(table, rows);
        }

        return rows.Count > 0;
    }

    private static void PrintJson(Session session, Table<FileItem> table, FileItem row)
    {
        if (IsFolder(row))
            session.Printer.Event(new FolderItem(row.Path), row.Path);
        else
            session.Printer.Rows(table, [row]);
    }

    private static bool IsFolder(FileItem item) => item.Version == 0 && item.Etag.Length == 0;

    private static Table<FileItem> Files(Show show, string hiddenPrefix) => new(
        new Column<FileItem>("SIZE", item => IsFolder(item) ? Show.None : show.Size(item.Size), Right: true),
        new Column<FileItem>("MODIFIED", item => Show.Time(item.Modified)),
        new Column<FileItem>("VERSION", item => IsFolder(item) ? Show.None : Show.Number(item.Version), Right: true),
        new Column<FileItem>("NAME", item => Show.Name(item.Path[hiddenPrefix.Length..])));
}
