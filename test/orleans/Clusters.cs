using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Granary.OrleansTests;

/// <summary>A test cluster with memory storage and short reminders, shared by the tests of a class.</summary>
public abstract class SharedCluster(short silos) : IAsyncLifetime
{
    public InProcessTestCluster Cluster { get; } = Clusters.New(silos).Build();

    public IClusterClient Client => Cluster.Client;

    public Task InitializeAsync() => Cluster.DeployAsync();

    public async Task DisposeAsync() => await Cluster.DisposeAsync();
}

public sealed class OneSilo() : SharedCluster(1);

public sealed class TwoSilos() : SharedCluster(2);

internal static class Clusters
{
    /// <summary>How long any wait of a test may take before it says what it waited for.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static InProcessTestClusterBuilder New(short silos)
    {
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureSilo((_, silo) => silo
            .AddMemoryGrainStorageAsDefault()
            .UseInMemoryReminderService()
            .Configure<ReminderOptions>(options => options.MinimumReminderPeriod = TimeSpan.FromSeconds(1)));
        return builder;
    }

    /// <summary>Waits for a condition that some other thread makes true.</summary>
    public static async Task Until(Func<Task<bool>> condition, string what)
    {
        using var late = new CancellationTokenSource(Patience);
        while (!await condition())
        {
            Assert.False(late.IsCancellationRequested, "Waited in vain until " + what);
            await Task.Delay(20);
        }
    }

    public static Task Until(Func<bool> condition, string what) => Until(() => Task.FromResult(condition()), what);

    /// <summary>Calls again while the silo of a grain is being found dead.</summary>
    public static async Task<T> Retry<T>(Func<Task<T>> call)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (Exception error) when (attempt < 100 && error is OrleansMessageRejectionException or TimeoutException)
            {
                await Task.Delay(200);
            }
        }
    }
}
