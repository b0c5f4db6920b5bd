using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Catalog.Tests.Races;

public sealed class SqliteRaceTests(ITestOutputHelper output) : RaceSuite(new SqliteFiles(), output);

[RequiresMariaDb]
public sealed class MariaDbRaceTests(ITestOutputHelper output) : RaceSuite(new MariaDbDatabases(), output);
