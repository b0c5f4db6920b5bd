using System.CommandLine;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;
using Granary.Admin.Paths;
using Granary.Admin.Transfer;

namespace Granary.Admin.Commands.Files;

/// <summary>cat SOURCE...: writes files to stdout, byte by byte as they are.</summary>
internal static class CatCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var sources = new Argument<string[]>("SCOPE:/PATH") { Description = "Files, one after the other", HelpName = "SCOPE:/PATH", Arity = ArgumentArity.OneOrMore };
        var version = FileOptions.Version("A version other than the current one");
        return new Command("cat", "Write files to stdout, verified chunk by chunk")
            .With(sources, version)
            .Does(runner, async (session, cancellationToken) =>
            {
                foreach (var source in Array.ConvertAll(session.Value(sources)!, RemotePath.Parse))
                {
                    session.Scope = source.Scope;
                    if (source.IsFolder)
                        throw new UsageException($"{source} is a folder; cat takes files.");
                    await PrintAsync(session, source, session.Value(version), cancellationToken);
                }

                return ExitCode.Done;
            });
    }

    /// <summary>Writes one file to stdout.</summary>
    public static async Task<int> PrintAsync(Session session, RemotePath source, long? version, CancellationToken cancellationToken)
    {
        var item = await VersionLookup.FindAsync(session.Client, source, version, cancellationToken);
        await new Downloader(session.Client, new TransferTotals(), session.Time).FetchAsync(source.Scope, item, new StreamSink(session.Terminal), cancellationToken);
        await session.Terminal.OutputStream.FlushAsync(cancellationToken);
        return ExitCode.Done;
    }
}
