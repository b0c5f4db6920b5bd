using System.CommandLine;
using System.Text.Json.Nodes;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Commands.Maintenance;
using Granary.Admin.Output;

namespace Granary.Admin.Commands.Cluster;

/// <summary>cluster drain SILO, cluster undrain SILO: empties a silo's local stores before it leaves, and takes that back.</summary>
internal static class ClusterDrainCommand
{
    /// <summary>cluster drain.</summary>
    public static Command Create(Runner runner)
    {
        var silo = Silo();
        var noWait = new Option<bool>("--no-wait") { Description = "Do not wait for the end; 'cluster status' shows how far it is" };
        return new Command("drain", "Empty the local stores of a silo, so that it may leave; exit 1 while something there is needed")
            .With(silo, noWait)
            .Does(runner, async (session, cancellationToken) =>
            {
                var name = session.Value(silo)!;
                var drain = await session.Client.SendAsync<JsonObject, SiloDrain>(HttpMethod.Post, Target(name), [], cancellationToken)
                    ?? throw new UnexpectedAnswerException("The server did not say how far the draining is.");
                if (!session.Value(noWait))
                {
                    session.Say($"Nothing new is written to the local stores of {name}; run {drain.Run} empties them. Interrupting this leaves it alone.");
                    await RunWatcher.WaitAsync(session, drain.Run, cancellationToken);
                    drain = await session.Client.GetAsync<SiloDrain>(Target(name), cancellationToken);
                }

                return Print(session, name, drain, waited: !session.Value(noWait));
            });
    }

    /// <summary>cluster undrain.</summary>
    public static Command CreateUndo(Runner runner)
    {
        var silo = Silo();
        return new Command("undrain", "Let the local stores of a silo take uploads again")
            .With(silo)
            .Does(runner, async (session, cancellationToken) =>
            {
                var name = session.Value(silo)!;
                await session.Client.DeleteAsync(Target(name), ifMatch: null, cancellationToken);
                session.Printer.Event(new Deleted("drain", name), $"{name} is not drained; its local stores take uploads again");
                return ExitCode.Done;
            });
    }

    /// <summary>What a drained silo's stores still hold.</summary>
    public static Table<DrainedStore> Stores(Show show) => new(
        new Column<DrainedStore>("  STORE", store => "  " + store.Name),
        new Column<DrainedStore>("CHUNKS", store => Show.Count(store.Chunks), Right: true),
        new Column<DrainedStore>("BYTES", store => show.Size(store.Bytes), Right: true),
        new Column<DrainedStore>("NEEDED", store => Show.YesNo(store.Needed)));

    private static int Print(Session session, string silo, SiloDrain drain, bool waited)
    {
        session.Printer.Record(
            drain,
            ("silo", drain.Silo),
            ("state", drain.State),
            ("since", Show.Time(drain.Since)),
            ("asked for by", drain.By ?? Show.None),
            ("run", drain.Run),
            ("", drain.Detail ?? ""));
        session.Printer.Detail("stores:", Stores(session.Show), drain.Stores ?? []);
        if (drain.IsDrained || !waited)
            return ExitCode.Done;
        session.Warn($"granary: {silo} cannot leave yet.");
        session.Warn($"  Try 'granary maintenance show {drain.Run}', then 'granary cluster drain {silo}' again.");
        return ExitCode.Incomplete;
    }

    private static Argument<string> Silo() => new("silo") { Description = "Name of the silo, as 'cluster status' shows it", HelpName = "SILO" };

    private static string Target(string silo) => $"/api/v1/cluster/silos/{RequestTarget.Segment(silo)}/drain";
}
