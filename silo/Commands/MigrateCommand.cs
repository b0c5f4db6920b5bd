using Granary.Silo.Data;
using Granary.Silo.Hosting;
using Microsoft.Extensions.Logging;

namespace Granary.Silo.Commands;

/// <summary><c>migrate</c>: brings both databases up to date, and ends.</summary>
internal static class MigrateCommand
{
    /// <summary>Runs it.</summary>
    public static async Task<int> RunAsync(CommandLine command, TimeProvider time)
    {
        var settings = ServerSettings.Read(command);
        using var folder = DataFolder.Open(settings.Storage.Data);
        using var logs = LoggerFactory.Create(logging => LoggingSetup.Add(logging, settings));
        await using var databases = await Databases.OpenAsync(settings.Storage, time, logs, CancellationToken.None);
        await Console.Error.WriteLineAsync($"The databases in {folder.Root} are up to date.");
        return ExitCode.Done;
    }
}
