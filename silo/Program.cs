using Granary.Catalog;
using Granary.Silo.Commands;
using Granary.Silo.Configuration;
using Granary.Silo.Data;
using Granary.Silo.Hosting;

// Every failure that an operator can do something about ends as a sentence on standard error and a stable exit code.
try
{
    var command = CommandLine.Parse(args);
    switch (command.Role)
    {
        case "help":
            Console.Out.WriteLine(HelpText.Text);
            return ExitCode.Done;
        case "version":
            Console.Out.WriteLine($"granary {RuntimeIdentity.ProductVersion} on {RuntimeIdentity.Runtime}");
            return ExitCode.Done;
        case "down":
            return await DownCommand.RunAsync(command, TimeProvider.System);
        case "migrate":
            return await MigrateCommand.RunAsync(command, TimeProvider.System);
        default:
            return await ServerCommand.RunAsync(command, TimeProvider.System);
    }
}
catch (UsageException failure)
{
    Console.Error.WriteLine(failure.Message);
    return ExitCode.Usage;
}
catch (InvalidSettingsException failure)
{
    foreach (var error in failure.Errors)
    {
        Console.Error.WriteLine(error);
    }

    return ExitCode.Usage;
}
catch (DataFolderInUseException failure)
{
    Console.Error.WriteLine(failure.Message);
    return ExitCode.Refused;
}
catch (Exception failure) when (failure is StartException or CatalogException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(failure.Message);
    return ExitCode.Failed;
}
