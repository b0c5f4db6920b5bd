using Xunit.Abstractions;

namespace Granary.Catalog.Tests.Races;

public sealed class SqliteRaceTests(ITestOutputHelper output) : RaceSuite(output), IDisposable
{
    private readonly SqliteFiles _files = new();

    protected override Task<CatalogDatabase[]> OpenAsync(int processes, TimeProvider time) => _files.OpenAsync(processes, time);

    public void Dispose() => _files.Dispose();
}
