using Orleans.TestingHost;

namespace Granary.OrleansTests;

public sealed class CallTests(OneSilo silo) : IClassFixture<OneSilo>
{
    [Fact]
    public async Task Calls_of_all_return_types_answer()
    {
        var echo = silo.Client.GetGrain<IEchoGrain>("a");
        await echo.Nothing();
        await echo.NothingByValue();
        Assert.Equal("a:x", await echo.Text("x"));
        Assert.Equal(42, await echo.Number(41));
    }
}
