using Granary.ClientApi.Http;
using Granary.ClientApi.OpenApi;

namespace Granary.ClientApi.Maintenance;

/// <summary>What the API's description says of maintenance.</summary>
internal static class RunDescriptions
{
    private const string Group = "Maintenance";

    private static readonly BodySchema One = new("Run", MaintenanceJson.Default.RunView);
    private static readonly BodySchema Started = new("RunStarted", MaintenanceJson.Default.RunStarted);
    private static readonly BodySchema Settings = new("MaintenanceSettings", MaintenanceJson.Default.SettingsView);

    public static OperationDescription Start { get; } = new("startMaintenance", Group, "Starts a run that makes policies true, expires, collects, verifies and sweeps.")
    {
        Text = "Without scope and store it does everything. A dry run changes nothing; its findings say what it would do.",
        Body = BodyDescription.Json(
            Fields.Object(
                new Field("scope", Fields.Text("Only the policies of this scope.", nullable: true)),
                new Field("store", Fields.Text("Only what concerns this store.", nullable: true)),
                new Field("dryRun", Fields.Flag("Only say what would be done.")),
                new Field("keepSource", Fields.Flag("Copy where it would move: nothing is released."))),
            required: false),
        Answers = [AnswerDescription.Of(202, "The run works in the background.", Started)],
        Problems = [ProblemKinds.TenantRequired],
    };

    public static OperationDescription StartFsck { get; } = new("startFsck", Group, "Starts a check of the catalog against itself and the stores.")
    {
        Text = "Exact while uploads go on. What differs is a finding of the run; with repair it is put right where that is possible.",
        Body = BodyDescription.Json(
            Fields.Object(
                new Field("scope", Fields.Text("Only this scope and the stores that it names.", nullable: true)),
                new Field("data", Fields.Flag("Also read and hash every copy.")),
                new Field("repair", Fields.Flag("Put right what differs."))),
            required: false),
        Answers = [AnswerDescription.Of(202, "The run works in the background.", Started)],
        Problems = [ProblemKinds.TenantRequired],
    };

    public static OperationDescription List { get; } = new("listMaintenanceRuns", Group, "Lists runs, newest first.")
    {
        Parameters = ParameterDescription.Page,
        Answers = [AnswerDescription.Of(200, "A page.", new BodySchema("RunPage", MaintenanceJson.Default.RunPage))],
    };

    public static OperationDescription Show { get; } = new("getMaintenanceRun", Group, "Shows a run: tasks, progress, rate, and the first findings.")
    {
        Answers = [AnswerDescription.Of(200, "The run.", One)],
    };

    public static OperationDescription Findings { get; } = new("listMaintenanceFindings", Group, "Lists what a run found, in order.")
    {
        Parameters = ParameterDescription.Page,
        Answers = [AnswerDescription.Of(200, "A page.", new BodySchema("RunFindingPage", MaintenanceJson.Default.RunFindingPage))],
    };

    public static OperationDescription Pause { get; } = Change("pauseMaintenanceRun", "Pauses a run; the step that is under way ends and counts.");

    public static OperationDescription Resume { get; } = Change("resumeMaintenanceRun", "Resumes a paused run where it stopped.");

    public static OperationDescription Cancel { get; } = Change("cancelMaintenanceRun", "Ends a run for good; what it did stays done.");

    public static OperationDescription ShowSettings { get; } = new("getMaintenanceSettings", Group, "Shows how maintenance is set.")
    {
        Answers = [AnswerDescription.Of(200, "The settings.", Settings)],
    };

    public static OperationDescription ChangeSettings { get; } = new("changeMaintenanceSettings", Group, "Changes how maintenance is set, also while runs work.")
    {
        Body = BodyDescription.Json(Fields.Object(
            new Field("schedule", Fields.Object(new Field("dailyAt", Fields.Text("Time of the daily run in UTC, as 02:00; null: none.", nullable: true)))),
            new Field("pace", Fields.Object(
                new Field("parallel", Fields.Whole(1, SettingsEndpoints.MaxParallel, "Copies, deletes or reads at one time per store.")),
                new Field("bytesPerSecond", Fields.Whole(1, description: "Of background work per store or scope; null: no limit.", nullable: true)),
                new Field("restPercent", Fields.Whole(0, 1000, "Rest after a routine step, of the time it took.")))),
            new Field("scrub", Fields.Object(
                new Field("everyDays", Fields.Whole(1, 365, "Each store is read and hashed once in so many days; null: never.", nullable: true)),
                new Field("bytesPerSecond", Fields.Whole(1, description: "Per store.")))),
            new Field("graceSeconds", Fields.Whole(0, SettingsEndpoints.MaxGraceSeconds, "How long an unreferenced chunk stays; longer than any download may run.")),
            new Field("sweep", Fields.Flag("May bytes that no row knows be removed? False after a restore, until an operator knows that the catalog is current.")),
            new Field("changeDays", Fields.Whole(1, 3650, "Days that changes stay in the logs of scopes; null: as the servers are configured, 30 days unless set otherwise.", nullable: true)))),
        Answers = [AnswerDescription.Of(200, "The settings as they are now.", Settings)],
    };

    private static OperationDescription Change(string id, string summary) => new(id, Group, summary)
    {
        Answers = [AnswerDescription.Of(200, "The run as it is now.", One)],
        Problems = [ProblemKinds.Conflict],
    };
}
