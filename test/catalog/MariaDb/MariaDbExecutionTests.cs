using Granary.TestSupport;
using Xunit.Abstractions;

namespace Granary.Catalog.Tests.MariaDb;

public sealed class MariaDbExecutionTests(ITestOutputHelper output) : IAsyncLifetime, IDisposable
{
    private static readonly Sql Insert = new("INSERT INTO operation (tenant, name, fingerprint, result, created) VALUES (9, ?1, '', '0', 0)");
    private static readonly Sql InsertOnce = new("INSERT OR IGNORE INTO operation (tenant, name, fingerprint, result, created) VALUES (9, ?1, ?2, '', 0)");
    private static readonly Sql Count = new("SELECT COUNT(*) FROM operation WHERE tenant = 9");
    private static readonly Sql Read = new("SELECT created FROM operation WHERE tenant = 9 AND name = ?1 /*lock*/");
    private static readonly Sql Look = new("SELECT created FROM operation WHERE tenant = 9 AND name = ?1");
    private static readonly Sql Write = new("UPDATE operation SET created = ?2 WHERE tenant = 9 AND name = ?1");

    private readonly MariaDbDatabases _databases = new();
    private string _connection = null!;
    private CatalogDatabase _database = null!;

    public async Task InitializeAsync()
    {
        if (MariaDbServer.Missing is null)
        {
            _connection = await _databases.CreateAsync();
            _database = await MariaDbDatabases.OpenAsync(_connection);
        }
    }

    public async Task DisposeAsync()
    {
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }
    }

    public void Dispose() => _databases.Dispose();

    [MariaDbFact]
    public async Task Two_writes_that_lock_crosswise_both_complete()
    {
        await AddAsync("a");
        await AddAsync("b");
        using var bothHaveOne = new Barrier(2);
        await Task.WhenAll(Cross("a", "b"), Cross("b", "a")).WithinAsync("both to complete");
        Assert.Equal((2L, 2L), (await LookAsync("a"), await LookAsync("b")));

        Task<int> Cross(string first, string second)
        {
            var meet = true;
            return _database.WriteAsync(
                session =>
                {
                    Add(session, first);
                    if (meet)
                    {
                        meet = false;
                        bothHaveOne.SignalAndWait(TimeSpan.FromSeconds(10));
                    }

                    Add(session, second);
                    return 0;
                },
                default);
        }
    }

    [MariaDbFact]
    public async Task Two_writes_that_find_a_row_missing_insert_it_once()
    {
        using var bothLooked = new Barrier(2);
        var added = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => InsertIfMissing())).WithinAsync("both to complete");
        Assert.Single(added, static one => one);
        Assert.Equal(1, await CountAsync());

        Task<bool> InsertIfMissing()
        {
            var meet = true;
            return _database.WriteAsync(
                session =>
                {
                    var missing = session.Scalar(Look, "x") is null;
                    if (meet)
                    {
                        meet = false;
                        bothLooked.SignalAndWait(TimeSpan.FromSeconds(10));
                    }

                    if (missing)
                    {
                        session.Post(Insert, "x");
                    }

                    return missing;
                },
                default);
        }
    }

    [MariaDbFact]
    public async Task Many_writers_of_two_processes_lose_no_update()
    {
        await using var other = await MariaDbDatabases.OpenAsync(_connection);
        var names = Enumerable.Range(0, 5).Select(static i => $"row {i}").ToArray();
        foreach (var name in names)
        {
            await AddAsync(name);
        }

        var random = Seeds.Create(output);
        var plans = Enumerable.Range(0, Seeds.Times(200, 5_000)).Select(_ => (First: names[random.Next(5)], Second: names[random.Next(5)])).ToArray();
        await Task.WhenAll(plans.Select((plan, i) => (i % 2 == 0 ? _database : other).WriteAsync(
            session =>
            {
                // Whatever the order: a deadlock runs the whole again.
                Add(session, plan.First);
                Add(session, plan.Second);
                return 0;
            },
            default))).WithinAsync("all writes", TimeSpan.FromSeconds(60));
        var sum = 0L;
        foreach (var name in names)
        {
            sum += (await LookAsync(name))!.Value;
        }

        Assert.Equal(plans.Length * 2, sum);
    }

    [MariaDbFact]
    public async Task Ids_of_two_processes_are_never_given_twice_also_after_rollbacks()
    {
        await using var other = await MariaDbDatabases.OpenAsync(_connection);
        var given = await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
        {
            var database = i % 2 == 0 ? _database : other;
            if (i % 5 == 0)
            {
                await Assert.ThrowsAsync<InvalidOperationException>(() => database.WriteAsync<long>(
                    session =>
                    {
                        session.NextId("location", 3);
                        throw new InvalidOperationException("on purpose");
                    },
                    default));
            }

            return await database.WriteAsync(session => session.NextId("location", 3), default);
        }));
        Assert.Equal(given.Length, given.Distinct().Count());
    }

    [MariaDbFact]
    public async Task A_write_that_throws_is_undone_and_its_thread_goes_on()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => _database.WriteAsync<int>(
            session =>
            {
                session.Execute(Insert, "bad");
                session.Post(Insert, "worse");
                throw new InvalidOperationException("on purpose");
            },
            default));
        await AddAsync("good");
        Assert.Equal(1, await CountAsync());
    }

    [MariaDbFact]
    public async Task A_failure_among_statements_that_travel_together_undoes_all_of_them()
    {
        await AddAsync("there");
        await Assert.ThrowsAsync<CatalogConflictException>(() => _database.WriteAsync(
            session =>
            {
                session.Post(Insert, "before");
                session.Post(Insert, "there");
                session.Post(Insert, "after");
                return 0;
            },
            default));
        Assert.Equal(1, await CountAsync());
    }

    [MariaDbFact]
    public async Task Ignoring_duplicates_ignores_nothing_else()
    {
        Assert.Equal(1, await _database.WriteAsync(static session => session.Execute(InsertOnce, "x", ""), default));
        Assert.Equal(0, await _database.WriteAsync(static session => session.Execute(InsertOnce, "x", ""), default));
        await Assert.ThrowsAsync<CatalogException>(() => _database.WriteAsync(static session => session.Execute(InsertOnce, "y", new string('x', 1_000)), default));
        Assert.Equal(1, await CountAsync());
    }

    [MariaDbFact]
    public async Task A_process_that_stops_in_a_transaction_gives_its_locks_up_and_does_its_work_afterwards()
    {
        await AddAsync("a");
        using var holds = new ManualResetEventSlim();
        var stop = true;
        var stopsFor = TimeSpan.FromSeconds(10); // the server waits three
        var stopped = _database.WriteAsync(
            session =>
            {
                Add(session, "a");
                if (stop)
                {
                    stop = false;
                    holds.Set();
                    new ManualResetEventSlim().Wait(stopsFor);
                }

                Add(session, "a");
                return 0;
            },
            default);
        Assert.True(holds.Wait(TimeSpan.FromSeconds(10)));
        await using var other = await MariaDbDatabases.OpenAsync(_connection);
        var began = TimeProvider.System.GetTimestamp();
        await other.WriteAsync(
            static session =>
            {
                Add(session, "a");
                return 0;
            },
            default);
        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero, stopsFor - TimeSpan.FromSeconds(0.5));
        await stopped.WithinAsync("the stopped work");
        Assert.Equal(3, await LookAsync("a"));
    }

    [MariaDbFact]
    public async Task A_read_sees_every_write_that_was_acknowledged_and_one_moment_throughout()
    {
        await Task.WhenAll(Enumerable.Range(0, 50).Select(async i =>
        {
            await AddAsync($"{i}");
            var (first, second) = await _database.ReadAsync(
                static session =>
                {
                    var before = session.Scalar(Count);
                    new ManualResetEventSlim().Wait(TimeSpan.FromMilliseconds(2));
                    return (before, session.Scalar(Count));
                },
                default);
            Assert.Equal(first, second);
            Assert.NotNull(await LookAsync($"{i}"));
        }));
        Assert.Equal(50, await CountAsync());
    }

    private static void Add(CatalogSession session, string name) => session.Execute(Write, name, session.Scalar(Read, name)!.Value + 1);

    private Task<int> AddAsync(string name) => _database.WriteAsync(session => session.Execute(Insert, name), default);

    private Task<long?> LookAsync(string name) => _database.ReadAsync(session => session.Scalar(Look, name), default);

    private Task<long?> CountAsync() => _database.ReadAsync(static session => session.Scalar(Count), default);
}
