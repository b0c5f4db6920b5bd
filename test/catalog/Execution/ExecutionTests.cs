using System.Reflection;
using Granary.Catalog.Sqlite;
using Granary.TestSupport;

namespace Granary.Catalog.Tests;

public sealed class ExecutionTests : IAsyncLifetime, IDisposable
{
    private static readonly Sql Insert = new("INSERT INTO operation (tenant, name, fingerprint, result, created) VALUES (9, ?1, '', '', 0)");

    private static readonly Sql Count = new("SELECT COUNT(*) FROM operation WHERE tenant = 9");

    private readonly TempFolder _folder = new();
    private CatalogDatabase _database = null!;

    public async Task InitializeAsync() => _database = await CatalogWorld.OpenAsync(_folder["catalog.db"]);

    public async Task DisposeAsync() => await _database.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Writes_that_wait_together_share_commits()
    {
        var before = _database.Statistics;
        await Task.WhenAll(Enumerable.Range(0, 1_000).Select(i => AddAsync($"{i}")));
        var after = _database.Statistics;
        Assert.Equal(1_000, after.Writes - before.Writes);
        Assert.InRange(after.Commits - before.Commits, 1, 200);
        Assert.Equal(1_000, await CountAsync());
    }

    [Fact]
    public async Task A_write_that_throws_is_undone_alone()
    {
        var held = new ManualResetEventSlim();
        var first = _database.WriteAsync(_ => held.Wait(TimeSpan.FromSeconds(10)), default);
        var good = Enumerable.Range(0, 10).Select(i => AddAsync($"good {i}")).ToArray();
        var bad = _database.WriteAsync<int>(
            session =>
            {
                session.Execute(Insert, "bad");
                throw new InvalidOperationException("on purpose");
            },
            default);
        var twice = AddAsync("good 3");
        var late = AddAsync("late");
        held.Set();
        await first;
        await Task.WhenAll(good);
        await late;
        Assert.Equal("on purpose", (await Assert.ThrowsAsync<InvalidOperationException>(() => bad)).Message);
        await Assert.ThrowsAsync<CatalogConflictException>(() => twice);
        Assert.Equal(11, await CountAsync());
    }

    [Fact]
    public async Task Ids_are_never_given_twice_also_after_a_rollback()
    {
        var given = new List<long>();
        for (var i = 0; i < 20; i++)
        {
            var number = i;
            var taken = _database.WriteAsync(session => session.NextId("location", 10), default);
            var failing = _database.WriteAsync<long>(
                session =>
                {
                    session.NextId("location", 10);
                    throw new InvalidOperationException($"{number}");
                },
                default);
            given.Add(await taken);
            await Assert.ThrowsAsync<InvalidOperationException>(() => failing);
            given.Add(await _database.WriteAsync(session => session.NextId("location", 10), default));
        }

        Assert.Equal(given.Count, given.Distinct().Count());
    }

    [Fact]
    public async Task A_read_sees_every_write_that_was_acknowledged()
    {
        await Task.WhenAll(Enumerable.Range(0, 50).Select(async i =>
        {
            await AddAsync($"{i}");
            Assert.True(await CountAsync() >= 1);
        }));
        Assert.Equal(50, await CountAsync());
    }

    [Fact]
    public async Task Cancelled_before_it_began_a_write_does_nothing()
    {
        using var held = new ManualResetEventSlim();
        using var cancellation = new CancellationTokenSource();
        var first = _database.WriteAsync(_ => held.Wait(TimeSpan.FromSeconds(10)), default);
        var second = _database.WriteAsync(session => session.Execute(Insert, "never"), cancellation.Token);
        await cancellation.CancelAsync();
        held.Set();
        await first;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.Equal(0, await CountAsync());
    }

    [Fact]
    public async Task A_full_queue_refuses_as_busy()
    {
        await using var small = await CatalogWorld.OpenAsync(_folder["small.db"], configure: static options => options.QueueLimit = 2);
        using var held = new ManualResetEventSlim();
        using var running = new ManualResetEventSlim();
        var first = small.WriteAsync(
            _ =>
            {
                running.Set();
                return held.Wait(TimeSpan.FromSeconds(10));
            },
            default);
        Assert.True(running.Wait(TimeSpan.FromSeconds(10)));
        var waiting = new[] { small.WriteAsync(static _ => 1, default), small.WriteAsync(static _ => 2, default) };
        var refused = await Assert.ThrowsAsync<CatalogBusyException>(() => small.WriteAsync(static _ => 3, default));
        Assert.True(refused.IsTransient);
        held.Set();
        await first;
        Assert.Equal(3, (await Task.WhenAll(waiting)).Sum());
    }

    [Fact]
    public async Task A_closed_catalog_finishes_what_waits_and_refuses_what_comes()
    {
        var database = await CatalogWorld.OpenAsync(_folder["closing.db"]);
        var waiting = Enumerable.Range(0, 100).Select(i => database.WriteAsync(session => session.Execute(Insert, $"{i}"), default)).ToArray();
        await database.DisposeAsync();
        Assert.Equal(100, (await Task.WhenAll(waiting)).Sum());
        await Assert.ThrowsAsync<CatalogUnavailableException>(() => database.WriteAsync(static _ => 1, default));
        await Assert.ThrowsAsync<CatalogUnavailableException>(() => database.ReadAsync(static _ => 1, default));
        Assert.False(File.Exists(_folder["closing.db-wal"]), "Closing writes the log back.");
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_unavailable()
    {
        await File.WriteAllTextAsync(_folder["text.db"], new string('x', 10_000));
        await Assert.ThrowsAsync<CatalogUnavailableException>(() => CatalogWorld.OpenAsync(_folder["text.db"]));
        await Assert.ThrowsAsync<CatalogUnavailableException>(() => CatalogWorld.OpenAsync(_folder["no/such/folder.db"]));
    }

    [Fact]
    public void Continuations_of_callers_never_run_on_the_catalogs_threads()
    {
        var names = Enumerable.Range(0, 20)
            .Select(_ => _database.WriteAsync(static _ => 1, default).ContinueWith(static _ => Thread.CurrentThread.Name, TaskContinuationOptions.ExecuteSynchronously).GetAwaiter().GetResult())
            .ToArray();
        Assert.All(names, static name => Assert.DoesNotContain("granary-catalog", name ?? "", StringComparison.Ordinal));
    }

    [MountFact]
    public async Task A_full_disk_fails_writes_clearly_and_the_catalog_goes_on_when_there_is_room()
    {
        using var mount = new MountNamespace(6 << 20);
        await using var database = await CatalogWorld.OpenAsync(Path.Combine(mount.Path, "catalog.db"));
        await File.WriteAllBytesAsync(Path.Combine(mount.Path, "filler"), new byte[3 << 20]);
        var done = 0;
        CatalogUnavailableException? full = null;
        for (var i = 0; i < 2_000 && full is null; i++)
        {
            try
            {
                await database.WriteAsync(session => session.Execute(Insert, $"{i} {new string('x', 4_000)}"), default);
                done++;
            }
            catch (CatalogUnavailableException failure)
            {
                full = failure;
            }
        }

        Assert.NotNull(full);
        Assert.Contains("full", full.Message, StringComparison.Ordinal);
        Assert.Equal(done, await database.ReadAsync(static session => session.Scalar(Count), default));
        File.Delete(Path.Combine(mount.Path, "filler"));
        await database.WriteAsync(session => session.Execute(Insert, "after"), default);
        Assert.Equal(done + 1, await database.ReadAsync(static session => session.Scalar(Count), default));
    }

    [Fact]
    public void No_statement_walks_a_table_that_grows_without_bound()
    {
        string[] growing = ["file", "file_version", "change", "location", "chunk", "chunk_reference", "scope_chunk", "manifest_chunk", "upload", "access", "operation"];
        using var connection = SqliteConnection.Open(_folder["catalog.db"], TimeProvider.System, "");
        var seen = 0;
        foreach (var sql in Statements())
        {
            seen++;
            foreach (var step in Plan(connection, sql))
            {
                var walks = growing.Any(table => step.StartsWith($"SCAN {table}", StringComparison.Ordinal) && step.Split(' ')[1] == table)
                    || step.Contains("SCAN l ", StringComparison.Ordinal);

                // Partial indexes hold the few rows that are being worked on, and nothing else.
                var few = step.Contains("location_writing", StringComparison.Ordinal) || step.Contains("location_deleting", StringComparison.Ordinal)
                    || step.Contains("upload_open", StringComparison.Ordinal) || step.Contains("upload_gone", StringComparison.Ordinal);
                Assert.False(walks && !few, $"{step}: {sql}");
                Assert.False(step.Contains("location_stored (store=?)", StringComparison.Ordinal) && sql.Text.Contains("chunk = ?", StringComparison.Ordinal), $"{step}: {sql}");
            }
        }

        Assert.True(seen > 100, $"Only {seen} statements were found.");
    }

    private static IEnumerable<Sql> Statements() =>
        typeof(CatalogDatabase).Assembly.GetTypes()
            .Where(static type => type.Namespace != "Granary.Catalog.MariaDb")
            .SelectMany(static type => type.GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly))
            .SelectMany(static field => field.FieldType == typeof(Sql) ? [(Sql)field.GetValue(null)!]
                : field.FieldType == typeof(IReadOnlyList<Sql>) ? (IReadOnlyList<Sql>)field.GetValue(null)!
                : [])
            .Where(static sql => !sql.Text.Contains("schema_migration", StringComparison.Ordinal));

    private static List<string> Plan(SqliteConnection connection, Sql sql)
    {
        var steps = new List<string>();
        using var rows = connection.Query(new Sql("EXPLAIN QUERY PLAN " + sql.Text));
        while (rows.Read())
        {
            steps.Add(rows.Text(3).Replace("TABLE ", "", StringComparison.Ordinal));
        }

        return steps;
    }

    private Task<int> AddAsync(string name) => _database.WriteAsync(session => session.Execute(Insert, name), default);

    private Task<long?> CountAsync() => _database.ReadAsync(static session => session.Scalar(Count), default);
}
