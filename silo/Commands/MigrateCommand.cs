using Granary.Silo.Data;
using Granary.Silo.Hosting;
using Microsoft.Extensions.Logging;

namespace Granary.Silo.Commands;

/// <summary>
/// <c>migrate</c>: brings the databases up to date, makes the first tenant and scope of a cluster, and ends. Safe to run twice
/// and from two places.
/// </summary>
internal static class MigrateCommand
{
    /// <summary>Runs it.</summary>
    public static async Task<int> RunAsync(CommandLine command, TimeProvider time)
    {
        var settings = ServerSettings.Read(command);
        using var folder = settings.Storage.Database is null ? DataFolder.Open(settings.Storage.Data) : null;
        using var logs = LoggerFactory.Create(logging => LoggingSetup.Add(logging, settings));
        await Databases.MigrateAsync(settings.Storage, time, logs, CancellationToken.None);
        if (settings.Storage.Database is not null)
        {
            await using var databases = await Databases.OpenAsync(settings.Storage, time, logs, CancellationToken.None);
            await Installation.PrepareDatabaseAsync(databases.Catalog, settings.Cluster is not null, logs, CancellationToken.None);
        }

        await Console.Error.WriteLineAsync(folder is null ? "The database is up to date." : $"The databases in {folder.Root} are up to date.");
        return ExitCode.Done;
    }
}
