using System.Globalization;
using Granary.Catalog.Migrations;
using Granary.Catalog.Tests;
using Microsoft.Extensions.Logging.Abstractions;

// A test assembly is a program as well: what crash tests kill, and a measurement that is no test.
//   dotnet Granary.Catalog.Tests.dll crash FILE SEED     writes until it is killed, printing what was acknowledged
//   dotnet Granary.Catalog.Tests.dll migrate FILE        applies the migrations
//   dotnet Granary.Catalog.Tests.dll measure FOLDER      prints figures
switch (args)
{
    case ["crash", var file, var seed]:
        return await CrashTests.WriteUntilKilledAsync(file, int.Parse(seed, CultureInfo.InvariantCulture));
    case ["migrate", var file]:
        await CatalogMigrator.MigrateAsync(file, CatalogMigrator.CatalogSet, TimeProvider.System, NullLoggerFactory.Instance, default);
        return 0;
    case ["measure", var folder]:
        return await Measurement.RunAsync(folder);
    default:
        return 2;
}
