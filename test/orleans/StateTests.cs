using Microsoft.Data.Sqlite;
using Orleans;
using Orleans.Hosting;
using Orleans.Storage;
using Orleans.TestingHost;

namespace Granary.OrleansTests;

/// <summary>What holds for every store.</summary>
public abstract class StateTests
{
    private readonly string _key = Probe.NewKey();

    private IStateGrain Grain => NewGrain(_key);

    [Fact]
    public async Task State_that_was_never_written_is_fresh()
    {
        Assert.Equal(0, await Grain.Balance());
        Assert.False(await Grain.Exists());
    }

    [Fact]
    public async Task Written_state_outlives_the_activation()
    {
        await Grain.Add(3);
        await Renew();
        Assert.Equal(3, await Grain.Balance());
        Assert.True(await Grain.Exists());
        Assert.Equal(7, await Grain.Add(4));
    }

    [Fact]
    public async Task Cleared_state_is_gone_and_can_be_written_again()
    {
        await Grain.Add(3);
        await Grain.Forget();
        Assert.Equal(0, await Grain.Balance());
        await Renew();
        Assert.False(await Grain.Exists());
        Assert.Equal(5, await Grain.Add(5));
    }

    [Fact]
    public async Task Writing_over_somebody_elses_version_throws_and_ends_the_activation()
    {
        await Grain.Add(1);
        var before = await Grain.Identity();
        await Assert.ThrowsAsync<InconsistentStateException>(() => Grain.WriteStale());
        Assert.NotEqual(before, await Grain.Identity());
        Assert.Equal(1000, await Grain.Balance());
    }

    [Fact]
    public async Task The_first_write_too_is_refused_when_somebody_else_wrote_first()
    {
        await Assert.ThrowsAsync<InconsistentStateException>(() => Grain.WriteStale());
        Assert.Equal(1000, await Grain.Balance());
    }

    [Fact]
    public async Task A_grain_that_catches_the_conflict_lives_on()
    {
        var before = await Grain.Identity();
        Assert.True(await Grain.WriteStaleAndCatch());
        Assert.Equal(before, await Grain.Identity());
    }

    [Fact]
    public async Task State_is_refused_off_the_grains_scheduler() => Assert.True(await Grain.ReadOffScheduler());

    protected abstract IStateGrain NewGrain(string key);

    private async Task Renew()
    {
        var before = await Grain.Identity();
        await Grain.End();
        await Clusters.Until(async () => await Grain.Identity() != before, "the grain was activated anew");
    }
}

public sealed class MemoryStateTests(OneSilo silo) : StateTests, IClassFixture<OneSilo>
{
    protected override IStateGrain NewGrain(string key) => silo.Client.GetGrain<IMemoryStateGrain>(key);
}

/// <summary>A SQLite file with Orleans' tables, and a silo on it that can be replaced.</summary>
public sealed class SqliteSilo : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("granary-orleans-").FullName;
    private InProcessTestCluster _cluster = null!;

    public IClusterClient Client => _cluster.Client;

    private string ConnectionString => $"Data Source={Path.Combine(_folder, "orleans.db")}";

    public async Task InitializeAsync()
    {
        using (var script = new StreamReader(typeof(SqliteSilo).Assembly.GetManifestResourceStream("0001_orleans.sql")!))
        await using (var connection = new SqliteConnection(ConnectionString))
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // A constant of this assembly.
            command.CommandText = await script.ReadToEndAsync();
#pragma warning restore CA2100
            await command.ExecuteNonQueryAsync();
        }

        await StartAsync();
    }

    /// <summary>Ends the silo, gracefully or not, and starts another on the same file.</summary>
    public async Task RestartAsync(bool gracefully)
    {
        if (gracefully)
            await _cluster.StopSiloAsync(_cluster.Silos[0]);
        else
            await _cluster.KillSiloAsync(_cluster.Silos[0]);
        await _cluster.DisposeAsync();
        await StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _cluster.DisposeAsync();
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartAsync()
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.Options.ServiceId = "granary-tests";
        builder.ConfigureSilo((_, silo) => silo
            .AddMemoryGrainStorageAsDefault()
            .AddAdoNetGrainStorage("sqlite", options => (options.Invariant, options.ConnectionString) = ("System.Data.SQLite", ConnectionString))
            .UseAdoNetReminderService(options => (options.Invariant, options.ConnectionString) = ("System.Data.SQLite", ConnectionString))
            .Configure<ReminderOptions>(options => options.MinimumReminderPeriod = TimeSpan.FromSeconds(1)));
        _cluster = builder.Build();
        await _cluster.DeployAsync();
    }
}

public sealed class SqliteStateTests(SqliteSilo silo) : StateTests, IClassFixture<SqliteSilo>
{
    protected override IStateGrain NewGrain(string key) => silo.Client.GetGrain<ISqliteStateGrain>(key);
}

public sealed class ReminderTests(SqliteSilo silo) : IClassFixture<SqliteSilo>
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly string _key = Probe.NewKey();

    private ISqliteStateGrain Grain => silo.Client.GetGrain<ISqliteStateGrain>(_key);

    [Fact]
    public async Task A_reminder_ticks_again_and_again()
    {
        await Grain.Remind("tick", TimeSpan.Zero, Second);
        await Clusters.Until(() => Probe.For(_key).Events.Count >= 2, "the reminder ticked twice");
        Assert.All(Probe.For(_key).Events, e => Assert.Equal("tick 1 True", e));
    }

    [Fact]
    public async Task A_reminder_shorter_than_the_minimum_is_refused()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Grain.Remind("short", Second, TimeSpan.FromMilliseconds(999)));
        Assert.False(await Grain.HasReminder("short"));
    }

    [Fact]
    public async Task Reminders_can_be_looked_up_changed_and_removed()
    {
        await Grain.Remind("a", TimeSpan.FromHours(1), Second);
        await Grain.Remind("a", TimeSpan.FromHours(2), Second);
        await Grain.Remind("b", TimeSpan.FromHours(1), Second);
        Assert.Equal(2, await Grain.CountReminders());
        await Grain.ForgetReminder("a");
        Assert.False(await Grain.HasReminder("a"));
        Assert.True(await Grain.HasReminder("b"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reminders_and_state_outlive_the_silo(bool gracefully)
    {
        await Grain.Add(5);
        await Grain.Remind("survivor", TimeSpan.FromSeconds(3), Second);
        await silo.RestartAsync(gracefully);
        await Clusters.Until(() => Probe.For(_key).Events.Contains("survivor 1 True"), "the reminder ticked in the new silo");
        Assert.Equal(5, await Grain.Balance());
    }
}
