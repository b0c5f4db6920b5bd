using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Commands.Holds;
using Granary.Admin.Output;
using Granary.Admin.Paths;

namespace Granary.Admin.Commands.Files;

/// <summary>stat SOURCE: what is known about one file.</summary>
internal static class StatCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var source = new Argument<string>("SCOPE:/PATH") { Description = "A file", HelpName = "SCOPE:/PATH" };
        var version = FileOptions.Version("A version other than the current one");
        return new Command("stat", "Show one file: size, version, time, identity of its content")
            .With(source, version)
            .Does(runner, async (session, cancellationToken) =>
            {
                var place = RemotePath.Parse(session.Value(source)!);
                session.Scope = place.Scope;
                if (place.IsFolder)
                    throw new UsageException($"{place} is a folder; folders have no properties of their own. 'granary ls {place}' lists it.");
                var item = await VersionLookup.FindAsync(session.Client, place, session.Value(version), cancellationToken);
                var hold = await session.Client.GetAsync<FileHold>(HoldView.Target(place), cancellationToken);
                session.Printer.Record(
                    new FileStat(
                        item.Path, item.Size, item.Etag, item.Sha256, item.Version, item.Modified, item.ContentType,
                        hold.LegalHold, hold.Since, hold.By, hold.Reason),
                    ("path", Show.Name(place.ToString())),
                    ("version", Show.Number(item.Version)),
                    ("size", session.Show.Size(item.Size)),
                    ("modified", Show.Time(item.Modified)),
                    ("content type", item.ContentType ?? Show.None),
                    ("etag", item.Etag),
                    ("sha256", item.Sha256 ?? (item.Etag.Contains('-') ? Show.None : item.Etag)),
                    ("legal hold", HoldView.Text(hold)));
                return ExitCode.Done;
            });
    }
}
