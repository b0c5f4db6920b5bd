using System.Diagnostics;
using System.Text;
using Granary.Catalog;
using Granary.Crash.Tests.Model;
using Granary.GrainInterfaces;
using Granary.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace Granary.Crash.Tests.Checks;

/// <summary>The catalog, read beside running servers or after them.</summary>
internal sealed class Rows : IAsyncDisposable
{
    private static readonly Sql SelectChanges = new("""
        SELECT c.sequence, c.kind, c.path, c.old_path, c.version, c.size FROM change c JOIN scope s ON s.id = c.scope
        WHERE s.name = ?1 AND c.sequence > ?2 ORDER BY c.sequence
        """);

    private static readonly Sql SelectLocations = new("SELECT s.name, l.tenant, l.chunk, l.id, l.state, l.length FROM location l JOIN store s ON s.id = l.store");

    private static readonly Sql SelectSpace = new("SELECT s.name, p.charged, p.stored_bytes FROM store_space p JOIN store s ON s.id = p.store");

    private static readonly Sql SelectUnreferenced = new("SELECT COUNT(*) FROM chunk WHERE refs = 0");

    private static readonly Sql SelectUnsettled = new("SELECT COUNT(*) FROM upload WHERE state <> 1");

    private static readonly (string Name, Sql Sql)[] s_due =
    [
        ("uploads to uncount", new("SELECT COUNT(*) FROM upload WHERE state >= 2")),
        ("uploads of dead silos", new("SELECT COUNT(*) FROM upload WHERE state = 0 AND epoch IS NOT NULL AND epoch NOT IN (SELECT id FROM silo_epoch WHERE ended IS NULL)")),
        ("copies to delete", new("SELECT COUNT(*) FROM location WHERE state = 2")),
        ("writes of dead silos", new("SELECT COUNT(*) FROM location l JOIN silo_epoch e ON e.id = l.epoch WHERE l.state = 0 AND e.ended IS NOT NULL")),
        ("blocks of dead silos", new("SELECT COUNT(*) FROM block b JOIN silo_epoch e ON e.id = b.epoch WHERE e.ended IS NOT NULL")),
    ];

    private readonly CatalogDatabase _database;

    private Rows(CatalogDatabase database) => _database = database;

    /// <summary>The file in a data folder.</summary>
    public static Task<Rows> OpenAsync(string data) => OpenAsync(new CatalogOptions { DataSource = Path.Combine(data, "catalog.db") });

    /// <summary>Any catalog.</summary>
    public static async Task<Rows> OpenAsync(CatalogOptions options)
    {
        (options.Readers, options.Writers) = (1, 1);
        return new(await CatalogDatabase.OpenAsync(options, TimeProvider.System, NullLoggerFactory.Instance, default));
    }

    /// <summary>A scope's changes after a number.</summary>
    public Task<List<Change>> ChangesAsync(string scope, long after) => _database.ReadAsync(
        session =>
        {
            var found = new List<Change>();
            using var rows = session.Query(SelectChanges, scope, after);
            while (rows.Read())
            {
                found.Add(new Change(rows.Long(0), rows.Int(1), Encoding.UTF8.GetString(rows.Span(2)), rows.IsNull(3) ? null : Encoding.UTF8.GetString(rows.Span(3)), rows.Long(4), rows.Long(5)));
            }

            return found;
        },
        default);

    /// <summary>Changes rows behind the servers' back, as time alone would.</summary>
    public Task<int> ChangeAsync(Sql change, params SqlValue[] values) => _database.WriteAsync(session => session.Execute(change, values), default);

    /// <summary>Whatever rule of the catalog does not hold, recounted from the rows.</summary>
    public Task<IReadOnlyList<string>> BrokenRulesAsync() => CatalogInvariants.CheckAsync(_database, default);

    /// <summary>Waits until nothing is left to uncount, to delete or to release.</summary>
    public async Task WaitForQuietAsync(TimeSpan limit)
    {
        var began = Stopwatch.GetTimestamp();
        while (await _database.ReadAsync(static session => string.Join(", ", s_due.Where(due => session.Scalar(due.Sql) is not 0).Select(static due => due.Name)), default) is { Length: > 0 } due)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < limit, $"After {limit.TotalSeconds:0} s there still are {due}.");
            await Task.Delay(50);
        }
    }

    /// <summary>
    /// Compares the rows with the disk once all has settled and the server has stopped: every copy lies in its store with its
    /// length, nothing else does, and just that is charged.
    /// </summary>
    /// <param name="contentOf">The length of each copy that lies in a store, by its key.</param>
    public async Task<List<string>> CompareWithStoresAsync(Func<string, Task<IReadOnlyDictionary<string, long>>> contentOf)
    {
        var wrong = new List<string>();
        var (copies, space, unsettled) = await _database.ReadAsync(Read, default);
        if (unsettled != 0)
        {
            wrong.Add($"{unsettled} uploads are neither versions nor gone");
        }

        if (await _database.ReadAsync(static session => session.Scalar(SelectUnreferenced), default) is var unreferenced and not 0)
        {
            wrong.Add($"{unreferenced} chunks that nothing references were not collected");
        }

        foreach (var (store, charged, stored) in space)
        {
            var files = await contentOf(store);
            var rows = copies.Where(copy => copy.Store == store).ToDictionary(static copy => copy.Key, static copy => (copy.Length, copy.State));
            wrong.AddRange(rows.Where(static row => row.Value.State != LocationState.Stored).Select(row => $"{store}: {row.Key} is still {row.Value.State}"));
            wrong.AddRange(rows.Where(row => row.Value.State == LocationState.Stored && files.GetValueOrDefault(row.Key, -1) != row.Value.Length).Select(row => $"{store}: {row.Key} of {row.Value.Length} bytes has no bytes, or others"));
            wrong.AddRange(files.Where(file => !rows.ContainsKey(file.Key)).Select(file => $"{store}: {file.Key} of {file.Value} bytes has no row"));
            if (charged != stored || charged != files.Values.Sum())
            {
                wrong.Add($"{store}: charged {charged}, stored {stored}, on the disk {files.Values.Sum()}");
            }
        }

        return wrong;
    }

    /// <summary>What lies in a local store's folder.</summary>
    public static Task<IReadOnlyDictionary<string, long>> ContentOfFolderAsync(string folder)
    {
        var chunks = Path.Combine(folder, "chunks");
        IReadOnlyDictionary<string, long> files = Directory.Exists(chunks)
            ? Directory.EnumerateFiles(chunks, "*", SearchOption.AllDirectories).ToDictionary(file => Path.GetRelativePath(folder, file), static file => new FileInfo(file).Length)
            : new Dictionary<string, long>();
        return Task.FromResult(files);
    }

    public async ValueTask DisposeAsync() => await _database.DisposeAsync();

    private static (List<(string Store, string Key, LocationState State, long Length)> Copies, List<(string Store, long Charged, long Stored)> Space, long Unsettled) Read(CatalogSession session)
    {
        var copies = new List<(string, string, LocationState, long)>();
        using (var rows = session.Query(SelectLocations))
        {
            while (rows.Read())
            {
                var key = new LocationKey(rows.Long(1).ToString(System.Globalization.CultureInfo.InvariantCulture), rows.Hash(2), rows.Long(3));
                copies.Add((rows.Text(0), key.ToString(), (LocationState)rows.Long(4), rows.Long(5)));
            }
        }

        var space = new List<(string, long, long)>();
        using (var rows = session.Query(SelectSpace))
        {
            while (rows.Read())
            {
                space.Add((rows.Text(0), rows.Long(1), rows.Long(2)));
            }
        }

        return (copies, space, session.Scalar(SelectUnsettled) ?? -1);
    }
}
