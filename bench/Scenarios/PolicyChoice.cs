using System.Diagnostics;
using Granary.Catalog;
using Granary.GrainInterfaces;
using Microsoft.Extensions.Logging.Abstractions;

namespace Granary.Bench.Scenarios;

/// <summary>
/// What policies ask of a large catalog: the least recently read of two million copies, and a round over a million chunks that
/// finds nothing to do.
/// </summary>
internal sealed class PolicyChoice : Scenario
{
    private const int Copies = 2_000_000;
    private const int Chunks = 1_000_000;
    private const int Chosen = 10_000;
    private const int Page = 512;
    private static readonly TenantId s_tenant = new(1);
    private static readonly ScopeId s_scope = new(1);
    private static readonly StoreId s_first = new(1);
    private static readonly StoreId s_second = new(2);
    private static readonly StoreId s_large = new(3);

    private static readonly Sql InsertLocation = new(
        "INSERT INTO location (id, tenant, chunk, store, state, length, created) VALUES (?1, 1, ?2, ?3, 1, 65536, ?4)");

    private static readonly Sql InsertAccess = new("INSERT INTO access (store, tenant, chunk, at) VALUES (?1, 1, ?2, ?3)");

    private static readonly Sql InsertChunk = new("INSERT INTO chunk (tenant, hash, size, refs) VALUES (1, ?1, 65536, 1)");

    private static readonly Sql InsertScopeChunk = new("INSERT INTO scope_chunk (tenant, chunk, scope, refs) VALUES (1, ?1, 1, 1)");

    private static readonly IReadOnlyList<Sql> Setup =
    [
        new("INSERT INTO scope (id, tenant, name, keep_versions, created) VALUES (1, 1, 'main', 1, 0)"),
        new("INSERT INTO attachment (scope, store, populate, drain, read_only, write_only) VALUES (1, 1, 0, 0, 0, 0)"),
        new("INSERT INTO attachment (scope, store, populate, drain, read_only, write_only) VALUES (1, 2, 1, 0, 0, 0)"),
    ];

    public override string Name => "policy-choice";

    public override string Summary => "least recently read of 2,000,000 copies; a round with nothing to do over 1,000,000 chunks";

    public override async Task RunAsync(ScenarioContext context, CancellationToken cancellationToken)
    {
        await using var database = await CatalogDatabase.OpenAsync(
            new CatalogOptions { DataSource = Path.Combine(context.Folder, "catalog.db") }, TimeProvider.System, NullLoggerFactory.Instance, cancellationToken).ConfigureAwait(false);
        await SeedAsync(database, context.Seed, cancellationToken).ConfigureAwait(false);
        var policies = new PolicyCatalog(database);
        await ChooseAsync(context, policies, s_large, "half of them read", cancellationToken).ConfigureAwait(false);
        await EmptyRoundAsync(context, policies, cancellationToken).ConfigureAwait(false);
    }

    private static async Task ChooseAsync(ScenarioContext context, PolicyCatalog policies, StoreId store, string what, CancellationToken cancellationToken)
    {
        GC.Collect();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var largest = 0L;
        var clock = Stopwatch.StartNew();
        var position = default(LeastRecentPosition);
        for (var found = 0; found < Chosen;)
        {
            var page = await policies.LeastRecentAsync(store, position, Page, cancellationToken).ConfigureAwait(false);
            found += page.Chunks.Count;
            position = page.Next;
            largest = Math.Max(largest, GC.GetTotalMemory(forceFullCollection: false) - before);
        }

        context.Hold($"choose {Chosen:#,0} of {Copies:#,0}, {what}", clock.Elapsed.TotalSeconds, "s", 2, atMost: true);
        context.Hold("memory on top while choosing", largest / 1048576.0, "MiB", 32, atMost: true);
    }

    private static async Task EmptyRoundAsync(ScenarioContext context, PolicyCatalog policies, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var busy = Environment.CpuUsage.TotalTime;
        await policies.CountMissingAsync(s_tenant, s_scope, s_second, cancellationToken).ConfigureAwait(false);
        await policies.ChangesAsync(s_tenant, s_scope, s_second, default, Page, cancellationToken).ConfigureAwait(false);
        var populate = clock.Elapsed.TotalSeconds;
        context.Tell("populate: compare everything", populate, "s");
        clock.Restart();
        await policies.ClaimAsync(s_tenant, s_scope, s_first, after: null, limit: Chosen, cancellationToken).ConfigureAwait(false);
        var claim = clock.Elapsed.TotalSeconds;
        context.Tell("soft limit of the scope: count and choose", claim, "s");
        clock.Restart();
        for (LocationId? after = null; ;)
        {
            var page = await policies.LeftoverAsync(s_first, after, Page, cancellationToken).ConfigureAwait(false);
            if ((after = page.Next) is null)
            {
                break;
            }
        }

        var leftover = clock.Elapsed.TotalSeconds;
        context.Tell("copies that nobody has a use for", leftover, "s");
        context.Hold($"round with nothing to do, {Chunks:#,0} chunks", populate + claim + leftover, "s", 10, atMost: true,
            $"{(Environment.CpuUsage.TotalTime - busy).TotalSeconds:0.0} s of a processor; load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");
    }

    private static async Task SeedAsync(CatalogDatabase database, long seed, CancellationToken cancellationToken)
    {
        await database.WriteAsync(session => Setup.Sum(sql => session.Execute(sql)), cancellationToken).ConfigureAwait(false);
        for (var from = 0; from < Copies; from += 20_000)
        {
            var first = from;
            await database.WriteAsync(session => Insert(session, first, first + 20_000, seed), cancellationToken).ConfigureAwait(false);
        }
    }

    // Chunks of the first million also belong to the scope, whole in its two stores.
    private static int Insert(CatalogSession session, int from, int to, long seed)
    {
        var hash = new byte[32];
        var word = new byte[8];
        for (var i = from; i < to; i++)
        {
            Content.Fill(hash, seed + (i * 31L));
            session.Execute(InsertLocation, i + 1, hash, s_large, 1_000_000 + (i * 10L));
            if (i % 2 == 0)
            {
                Content.Fill(word, seed + i);
                session.Execute(InsertAccess, s_large, hash, 1_000_000 + (i * 10L) + (BitConverter.ToUInt32(word) % 20_000_000));
            }

            if (i < Chunks)
            {
                session.Execute(InsertChunk, hash);
                session.Execute(InsertScopeChunk, hash);
                session.Execute(InsertLocation, Copies + (2 * i) + 1, hash, s_first, 1_000_000 + (i * 10L));
                session.Execute(InsertLocation, Copies + (2 * i) + 2, hash, s_second, 1_000_000 + (i * 10L));
            }
        }

        return to - from;
    }
}
