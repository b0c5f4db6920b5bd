using System.CommandLine;
using System.Text.Json.Nodes;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;

namespace Granary.Admin.Commands.Maintenance;

/// <summary>maintenance settings: shows them, and changes those that are named.</summary>
internal static class SettingsCommand
{
    private const string Target = "/api/v1/maintenance/settings";

    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var options = new Options();
        var unset = Patch.UnsetOption("daily-at, bytes-per-second, scrub-days, change-days");
        return new Command("settings", "Show how maintenance is set, and change what is named; \"\" unsets")
            .With(
                options.DailyAt, options.Parallel, options.BytesPerSecond, options.Rest, options.ScrubDays, options.ScrubRate, options.Grace, options.Sweep,
                options.ChangeDays, unset)
            .Does(runner, async (session, cancellationToken) =>
            {
                var body = Body(session, options, unset);
                Print(session, body.Count == 0
                    ? await session.Client.GetAsync<MaintenanceSettings>(Target, cancellationToken)
                    : await session.Client.PatchAsync<MaintenanceSettings>(Target, body, cancellationToken)
                        ?? await session.Client.GetAsync<MaintenanceSettings>(Target, cancellationToken));
                return ExitCode.Done;
            });
    }

    private static JsonObject Body(Session session, Options options, Option<string[]> unset)
    {
        var (schedule, pace, scrub) = (new JsonObject(), new JsonObject(), new JsonObject());
        var patch = new Patch(session);
        patch.Text(schedule, "dailyAt", options.DailyAt)
            .Number(pace, "parallel", options.Parallel)
            .Size(pace, "bytesPerSecond", options.BytesPerSecond)
            .Number(pace, "restPercent", options.Rest)
            .Number(scrub, "everyDays", options.ScrubDays)
            .Size(scrub, "bytesPerSecond", options.ScrubRate)
            .Custom(patch.Body, "graceSeconds", options.Grace, text => Seconds(session, options.Grace.Name, text))
            .Number("changeDays", options.ChangeDays)
            .Unset(unset);

        // Not a flag of Patch: unsetting it would mean to forbid sweeping.
        if (session.Has(options.Sweep))
            patch.Body["sweep"] = session.Value(options.Sweep) ?? true;
        foreach (var (name, part) in new[] { ("schedule", schedule), ("pace", pace), ("scrub", scrub) })
        {
            if (part.Count > 0)
                patch.Body[name] = part;
        }

        return patch.Body;
    }

    private static JsonValue? Seconds(Session session, string option, string? text)
    {
        var now = session.Time.GetUtcNow();
        return Values.Moment(option, text, session.Time) is { } moment ? JsonValue.Create((long)Math.Round((moment - now).TotalSeconds)) : null;
    }

    private static void Print(Session session, MaintenanceSettings settings)
    {
        var show = session.Show;
        session.Printer.Record(
            settings,
            ("daily at", settings.Schedule?.DailyAt is { } daily ? $"{daily} UTC" : "never"),
            ("next daily run", Show.Time(settings.Schedule?.Next)),
            ("parallel", Show.Number(settings.Pace?.Parallel)),
            ("bytes per second", settings.Pace?.BytesPerSecond is { } rate ? show.Size(rate) : "no limit"),
            ("rest", $"{Show.Number(settings.Pace?.RestPercent)} %"),
            ("scrub every", settings.Scrub?.EveryDays is { } days ? $"{Show.Number(days)} days" : "never"),
            ("scrub bytes per second", show.Size(settings.Scrub?.BytesPerSecond)),
            ("next scrub", Show.Time(settings.Scrub?.Next)),
            ("grace", TimeSpan.FromSeconds(settings.GraceSeconds).ToString("c", System.Globalization.CultureInfo.InvariantCulture)),
            ("sweep", Show.YesNo(settings.Sweep)),
            ("change log kept", settings.ChangeDays is { } kept ? $"{Show.Number(kept)} days" : "as the server is configured"));
    }

    private sealed class Options
    {
        public Option<string?> DailyAt { get; } = new("--daily-at") { Description = "Time of the daily run in UTC", HelpName = "HH:MM" };

        public Option<string?> Parallel { get; } = new("--parallel") { Description = "Copies, deletes or reads at one time per store", HelpName = "N" };

        public Option<string?> BytesPerSecond { get; } = new("--bytes-per-second") { Description = "Most that background work moves per store or scope", HelpName = "SIZE" };

        public Option<string?> Rest { get; } = new("--rest") { Description = "Rest after a routine step, in percent of the time it took", HelpName = "PERCENT" };

        public Option<string?> ScrubDays { get; } = new("--scrub-days") { Description = "Read and hash each store once in so many days", HelpName = "DAYS" };

        public Option<string?> ScrubRate { get; } = new("--scrub-bytes-per-second") { Description = "How fast a scrub reads a store", HelpName = "SIZE" };

        public Option<string?> Grace { get; } = new("--grace") { Description = "How long an unreferenced chunk stays: 24h, 45m", HelpName = "SPAN" };

        public Option<bool?> Sweep { get; } = new("--sweep") { Description = "Remove bytes that no row knows [=false: never]" };

        public Option<string?> ChangeDays { get; } = new("--change-days") { Description = "Days that changes stay in the logs of scopes", HelpName = "DAYS" };
    }
}
