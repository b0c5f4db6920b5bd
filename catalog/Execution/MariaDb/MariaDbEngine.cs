using Microsoft.Extensions.Logging;

namespace Granary.Catalog.MariaDb;

/// <summary>
/// A MariaDB server: a bounded pool of threads that write, each with a transaction of its own, and of threads that read.
/// InnoDB gathers the commits of parallel sessions into one write of its log, so throughput comes from their number and not
/// from sharing transactions: a shared one would hold the rows that all need (usage) for the time of all.
/// </summary>
internal sealed class MariaDbEngine : ICatalogEngine
{
    private readonly CatalogOptions _options;
    private readonly MariaDbPool _pool;
    private readonly ILoggerFactory _logs;
    private readonly List<MariaDbWriter> _writers = [];
    private readonly List<Thread> _threads = [];

    /// <summary>For an up-to-date database; connects when there is work.</summary>
    public MariaDbEngine(CatalogOptions options, TimeProvider time, ILoggerFactory logs)
    {
        _options = options;
        _logs = logs;
        _pool = new MariaDbPool(options.MariaDb!, time, logs.CreateLogger<MariaDbPool>());
    }

    public long Commits => _writers.Sum(static writer => writer.Commits);

    public long Items => _writers.Sum(static writer => writer.Items);

    public bool SharesTransactions => false;

    public void Start(WorkQueue writes, WorkQueue reads)
    {
        for (var i = 0; i < _options.Writers; i++)
        {
            var writer = new MariaDbWriter(_pool, writes, i, _logs.CreateLogger<MariaDbWriter>());
            _writers.Add(writer);
            Start($"granary-catalog-writer-{i + 1}", writer.Loop);
        }

        for (var i = 0; i < _options.Readers; i++)
        {
            Start($"granary-catalog-reader-{i + 1}", new MariaDbReader(_pool, reads, _options.Readers).Loop);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _pool.Stop();
        await Task.Run(() => _threads.ForEach(static thread => thread.Join()));
        _pool.Dispose();
    }

    private void Start(string name, Action loop)
    {
        var thread = new Thread(() => loop()) { IsBackground = true, Name = name };
        _threads.Add(thread);
        thread.Start();
    }
}
