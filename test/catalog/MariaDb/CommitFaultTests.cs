using System.Collections.Concurrent;
using Granary.GrainInterfaces;
using Granary.TestSupport;
using Xunit.Abstractions;
using static Granary.Catalog.Tests.CatalogWorld;

namespace Granary.Catalog.Tests.MariaDb;

/// <summary>COMMITs that fail on their way to a real server and back: everything takes effect once, whatever was heard.</summary>
public sealed class CommitFaultTests(ITestOutputHelper output) : IDisposable
{
    private static readonly Sql ForgetMarkers = new("DELETE FROM commit_marker");
    private static readonly Sql SelectChanges = new("SELECT COUNT(*) FROM change");
    private static readonly Sql SelectFiles = new("SELECT COUNT(*) FROM file");

    private static readonly Sql SelectFenced = new("SELECT 1 FROM commit_marker WHERE number < 0");

    private readonly MariaDbDatabases _databases = new();

    public void Dispose() => _databases.Dispose();

    [MariaDbTheory]
    [InlineData(CommitFault.RequestLost)]
    [InlineData(CommitFault.ConnectionLost)]
    [InlineData(CommitFault.AnswerLost)]
    [InlineData(CommitFault.Deadlock)]
    public async Task A_write_whose_commit_fails_on_its_way_takes_effect_once_and_is_acknowledged(CommitFault fault)
    {
        const int Files = 24;
        var random = Seeds.Create(output, (int)fault);
        var connection = await _databases.CreateAsync();
        await using var faults = new CommitFaults(connection);
        await using var database = await MariaDbDatabases.OpenAsync(faults.ConnectionString);
        await using var world = await CatalogWorld.CreateAsync(database, keepVersions: 2);
        var draws = Enumerable.Range(0, 10_000).Select(_ => random.Next(4) == 0).ToArray();
        var drawn = 0;
        faults.Next = () => draws[Interlocked.Increment(ref drawn) % draws.Length] ? fault : null;

        // Each is three transactions; every one of them has to be settled, or run again.
        var results = new ConcurrentBag<NamespaceResult>();
        await Parallel.ForAsync(0, Files, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, _) => results.Add(await world.PutAsync($"f{i}", $"content {i % 7}")));
        faults.Next = null;

        output.WriteLine($"{faults.Met} commits of {drawn} met the fault");
        Assert.True(faults.Met > 5);
        Assert.All(results, static result => Assert.Equal(NamespaceStatus.Done, result.Status));
        Assert.Equal(Enumerable.Range(1, Files).Select(static i => (long)i), results.Select(static result => result.Sequence).Order());
        Assert.Equal((Files, Files), await database.ReadAsync(static session => (session.Scalar(SelectChanges), session.Scalar(SelectFiles)), default));
        await world.AssertInvariantsAsync();
    }

    [MariaDbFact]
    public async Task Where_even_the_marker_is_gone_the_operation_id_tells_what_became_of_a_commit()
    {
        var connection = await _databases.CreateAsync();
        await using var direct = await MariaDbDatabases.OpenAsync(connection);
        await using var faults = new CommitFaults(connection);
        await using var database = await MariaDbDatabases.OpenAsync(faults.ConnectionString);
        await using var world = await CatalogWorld.CreateAsync(database, keepVersions: 2);
        await world.PutAsync("a", "first");
        var left = 1;
        faults.AnswerLost = () => direct.WriteAsync(static session => session.Execute(ForgetMarkers), default).GetAwaiter().GetResult();
        faults.Next = () => Interlocked.Decrement(ref left) == 0 ? CommitFault.AnswerLost : null;
        var delete = new DeleteFile { By = "test", Path = Path("a"), Operation = new OperationKey("once", "f") };

        var unknown = await Assert.ThrowsAsync<CatalogUnavailableException>(() => world.ApplyAsync(delete));
        Assert.True(unknown.OutcomeUnknown);
        var again = await world.ApplyAsync(delete);
        var after = await world.PutAsync("a", "second");

        Assert.Equal((NamespaceStatus.Done, 2L), (again.Status, again.Sequence));
        Assert.Equal((NamespaceStatus.Done, 3L), (after.Status, after.Sequence));
        await world.AssertInvariantsAsync();
    }

    [MariaDbFact]
    public async Task A_commit_that_arrives_after_it_was_given_up_commits_nothing_any_more()
    {
        var connection = await _databases.CreateAsync();
        await using var direct = await MariaDbDatabases.OpenAsync(connection);
        await using var faults = new CommitFaults(connection);
        await using var database = await MariaDbDatabases.OpenAsync(faults.ConnectionString);
        await using var world = await CatalogWorld.CreateAsync(database, keepVersions: 2);
        await world.PutAsync("a", "content");
        var (left, delivered) = (1, false);
        faults.Next = () => Interlocked.Decrement(ref left) == 0 ? CommitFault.RequestLate : null;
        faults.Late = async cancellationToken =>
        {
            // Its session holds its locks for three seconds; before they are over, the writer has looked and decided.
            for (var i = 0; i < 100 && !await direct.ReadAsync(static session => session.Exists(SelectFenced), cancellationToken); i++)
            {
                await Task.Delay(20, cancellationToken);
            }

            delivered = true;
        };

        // No operation id: done twice, the second time would find nothing to delete.
        var deleted = await world.ApplyAsync(new DeleteFile { By = "test", Path = Path("a") });
        Assert.True(delivered);
        Assert.Equal((NamespaceStatus.Done, 2L), (deleted.Status, deleted.Sequence));
        Assert.Equal(2, await database.ReadAsync(static session => session.Scalar(SelectChanges), default));
        await world.AssertInvariantsAsync();
    }
}
