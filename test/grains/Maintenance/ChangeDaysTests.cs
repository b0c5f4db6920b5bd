using Granary.Catalog;
using Granary.Grains.Changes;
using Granary.Grains.Tests.Worlds;

namespace Granary.Grains.Tests.Maintenance;

/// <summary>How long change logs are kept, by the operator's setting over the server's.</summary>
public sealed class ChangeDaysTests : IAsyncLifetime
{
    private GrainWorld _world = null!;

    public async Task InitializeAsync() => _world = await GrainWorld.StartAsync();

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Theory]
    [InlineData(null, 3)]
    [InlineData(11, 3)]
    [InlineData(9, 1)]
    public async Task Changes_stay_for_the_days_that_are_set_or_else_as_the_server_is_configured(int? days, int left)
    {
        var writer = new Writer(_world);
        await writer.StoreAsync("a", "a");
        await writer.StoreAsync("b", "b");
        await SqlAsync("UPDATE change SET time = time - 864000000");
        await writer.StoreAsync("c", "c");
        await _world.Get<RunCatalog>().UpdateSettingsAsync(settings => settings with { ChangeDays = days }, default);

        // One that has not looked yet; the grain's own looks again in some minutes.
        var cutter = new ChangeLogCutter(_world.Get<ChangeLogCatalog>(), _world.Get<RunCatalog>(), new ChangeRetention(), TimeProvider.System);
        while (await cutter.CutAsync(_world.Tenant, default) > 0)
        {
        }

        Assert.Equal(left, await _world.Database.ReadAsync(static session => session.Scalar(new Sql("SELECT COUNT(*) FROM change")), default));
    }

    private Task<int> SqlAsync(string text)
    {
        var sql = new Sql(text);
        return _world.Database.WriteAsync(session => session.Execute(sql), default);
    }
}
