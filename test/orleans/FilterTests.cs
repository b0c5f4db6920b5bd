using System.Collections.Concurrent;
using Orleans;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Granary.OrleansTests;

public interface IFilteredGrain : IGrainWithStringKey
{
    Task<string> Greet(string name);

    Task<string> GreetThrough(string other);

    Task Fail();
}

public sealed class FilteredGrain : Grain, IFilteredGrain, IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        FilterTests.Log.Enqueue($"grain {context.ImplementationMethod.Name}");
        await context.Invoke();
    }

    public Task<string> Greet(string name) => Task.FromResult("hello " + name);

    public Task<string> GreetThrough(string other) => GrainFactory.GetGrain<IFilteredGrain>(other).Greet(other);

    public Task Fail() => throw new InvalidOperationException("inside");
}

public sealed class FilterTests : IAsyncLifetime
{
    private readonly InProcessTestCluster _cluster = Clusters.New(1)
        .ConfigureSilo((_, silo) => silo
            .AddIncomingGrainCallFilter<FirstFilter>()
            .AddIncomingGrainCallFilter(async context =>
            {
                if (context.TargetContext.GrainInstance is not FilteredGrain)
                {
                    await context.Invoke();
                    return;
                }

                Log.Enqueue("second in");
                await context.Invoke();
                Log.Enqueue("second out");
                if (context.Result is "hello loud")
                    context.Result = "HELLO";
            })
            .AddOutgoingGrainCallFilter(async context =>
            {
                if (context.InterfaceMethod.DeclaringType == typeof(IFilteredGrain))
                    Log.Enqueue($"leaves {context.SourceId?.Key.ToString()} to {context.TargetId.Key}");
                await context.Invoke();
            }))
        .Build();

    internal static ConcurrentQueue<string> Log { get; } = [];

    public Task InitializeAsync()
    {
        Log.Clear();
        return _cluster.DeployAsync();
    }

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task Filters_run_in_their_order_around_the_call_and_the_grains_own_last()
    {
        Assert.Equal("hello you", await Grain("a").Greet("you"));
        Assert.Equal(["first in Greet", "second in", "grain Greet", "second out", "first out"], Log);
    }

    [Fact]
    public async Task A_filter_may_replace_the_result() => Assert.Equal("HELLO", await Grain("a").Greet("loud"));

    [Fact]
    public async Task A_filter_sees_the_grains_exception()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => Grain("a").Fail());
        Assert.Contains("first saw inside", Log);
    }

    [Fact]
    public async Task Outgoing_filters_run_for_calls_from_grain_to_grain()
    {
        Assert.Equal("hello other", await Grain("a").GreetThrough("other"));
        Assert.Contains("leaves a to other", Log);
    }

    private IFilteredGrain Grain(string key) => _cluster.Client.GetGrain<IFilteredGrain>(key);

    private sealed class FirstFilter : IIncomingGrainCallFilter
    {
        public async Task Invoke(IIncomingGrainCallContext context)
        {
            if (context.TargetContext.GrainInstance is not FilteredGrain)
            {
                await context.Invoke();
                return;
            }

            Log.Enqueue("first in " + context.MethodName);
            try
            {
                await context.Invoke();
            }
            catch (InvalidOperationException error)
            {
                Log.Enqueue("first saw " + error.Message);
                throw;
            }

            Log.Enqueue("first out");
        }
    }
}
