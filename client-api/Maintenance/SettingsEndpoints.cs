using System.Globalization;
using Granary.Catalog;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.Http;
using Granary.ClientApi.OpenApi;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Granary.ClientApi.Maintenance;

/// <summary><c>/api/v1/maintenance/settings</c>: for operators. A change takes effect with the next step of every task.</summary>
internal sealed class SettingsEndpoints(RunCatalog runs)
{
    /// <summary>Most copies at one time per store.</summary>
    public const int MaxParallel = 64;

    /// <summary>Longest grace: a year.</summary>
    public const long MaxGraceSeconds = 365 * 86_400;

    private const string Resource = ApiEndpoints.Root + "/maintenance/settings";
    private const string DailyFormat = "HH:mm";

    /// <summary>Maps the resource.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGlobal("GET", Resource, Rights.Operator, ShowAsync).Describe(RunDescriptions.ShowSettings);
        routes.MapGlobal("PATCH", Resource, Rights.Operator, ChangeAsync).Describe(RunDescriptions.ChangeSettings);
    }

    private async Task<IResult> ShowAsync(ApiCall call) => Answer(await runs.GetSettingsAsync(call.Aborted));

    private async Task<IResult> ChangeAsync(ApiCall call)
    {
        var (body, problem) = await call.ReadBodyAsync();
        if (body is null)
        {
            return problem!;
        }

        var change = Read(body);
        if (call.Check(body, out _) is { } refused)
        {
            return refused;
        }

        // A patch that is repeated sets the same again, so the key need not be kept.
        return Answer(await runs.UpdateSettingsAsync(change, call.Aborted));
    }

    private static IResult Answer(MaintenanceSettings settings) => ApiResults.Json(SettingsView.Of(settings), MaintenanceJson.Default.SettingsView);

    private static Func<MaintenanceSettings, MaintenanceSettings> Read(JsonRequest body)
    {
        var changes = new List<Func<MaintenanceSettings, MaintenanceSettings>>();
        if (body.Object("schedule") is { } schedule && schedule.Has("dailyAt"))
        {
            var minutes = DailyAt(schedule);
            changes.Add(settings => settings with { DailyAt = minutes });
        }

        ReadPace(body.Object("pace"), changes);
        ReadScrub(body.Object("scrub"), changes);
        if (body.Number("graceSeconds", min: 0, max: MaxGraceSeconds) is { } grace)
        {
            changes.Add(settings => settings with { Grace = TimeSpan.FromSeconds(grace) });
        }

        if (body.Flag("sweep") is { } sweep)
        {
            changes.Add(settings => settings with { Sweep = sweep });
        }

        if (body.Has("changeDays"))
        {
            var days = body.Int32("changeDays", min: 1, max: 3650);
            changes.Add(settings => settings with { ChangeDays = days });
        }

        return settings => changes.Aggregate(settings, static (current, change) => change(current));
    }

    private static void ReadPace(JsonRequest? pace, List<Func<MaintenanceSettings, MaintenanceSettings>> changes)
    {
        if (pace?.Int32("parallel", min: 1, max: MaxParallel) is { } parallel)
        {
            changes.Add(settings => settings with { Parallel = parallel });
        }

        if (pace?.Has("bytesPerSecond") == true)
        {
            var rate = pace.Number("bytesPerSecond", min: 1);
            changes.Add(settings => settings with { BytesPerSecond = rate });
        }

        if (pace?.Int32("restPercent", min: 0, max: 1000) is { } rest)
        {
            changes.Add(settings => settings with { Rest = rest });
        }
    }

    private static void ReadScrub(JsonRequest? scrub, List<Func<MaintenanceSettings, MaintenanceSettings>> changes)
    {
        if (scrub?.Has("everyDays") == true)
        {
            var days = scrub.Int32("everyDays", min: 1, max: 365);
            changes.Add(settings => settings with { ScrubDays = days });
        }

        if (scrub?.Number("bytesPerSecond", min: 1) is { } rate)
        {
            changes.Add(settings => settings with { ScrubBytesPerSecond = rate });
        }
    }

    private static int? DailyAt(JsonRequest schedule)
    {
        if (schedule.Text("dailyAt") is not { } text)
        {
            return null;
        }

        if (TimeOnly.TryParseExact(text, DailyFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
        {
            return (time.Hour * 60) + time.Minute;
        }

        schedule.Error("dailyAt", "dailyAt is a time of the day in UTC such as 02:00.");
        return null;
    }
}

/// <summary>How maintenance is set.</summary>
internal sealed record SettingsView(
    ScheduleView Schedule, PaceView Pace, ScrubView Scrub, long GraceSeconds, bool Sweep, int? ChangeDays)
{
    /// <summary>The view of settings.</summary>
    public static SettingsView Of(MaintenanceSettings settings) => new(
        new ScheduleView(settings.DailyAt is { } minutes ? $"{minutes / 60:00}:{minutes % 60:00}" : null, settings.NextDaily),
        new PaceView(settings.Parallel, settings.BytesPerSecond, settings.Rest),
        new ScrubView(settings.ScrubDays, settings.ScrubBytesPerSecond, settings.NextScrub),
        (long)settings.Grace.TotalSeconds,
        settings.Sweep,
        settings.ChangeDays);
}

/// <summary>When the daily run begins.</summary>
internal sealed record ScheduleView(string? DailyAt, DateTimeOffset? Next);

/// <summary>How fast background work goes.</summary>
internal sealed record PaceView(int Parallel, long? BytesPerSecond, int RestPercent);

/// <summary>How often and how fast stores are read and hashed.</summary>
internal sealed record ScrubView(int? EveryDays, long BytesPerSecond, DateTimeOffset? Next);
