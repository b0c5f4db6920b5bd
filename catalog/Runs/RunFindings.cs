using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>What runs found. Rows are bounded per run; the counts are not.</summary>
internal static class RunFindings
{
    /// <summary>Findings that are kept of one run.</summary>
    public const int MostKept = 10_000;

    private const int LongestMessage = 1_000;

    private static readonly Sql SelectCount = new("SELECT findings FROM run WHERE id = ?1 /*lock*/");

    private static readonly Sql Count = new("UPDATE run SET findings = findings + ?2 WHERE id = ?1");

    private static readonly Sql Insert = new("""
        INSERT INTO run_finding (run, number, task, kind, code, message, chunk, store, scope, location, time)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
        """);

    private static readonly Sql Select = new("""
        SELECT number, task, kind, code, message, chunk, store, scope, location, time FROM run_finding
        WHERE run = ?1 AND number > ?2 ORDER BY number LIMIT ?3
        """);

    private static readonly Sql SelectOfTask = new("SELECT 1 FROM run_finding WHERE run = ?1 AND task = ?2 AND code = ?3 AND message = ?4");

    public static void Add(CatalogSession session, long run, int task, IReadOnlyList<TaskFinding> findings)
    {
        if (findings.Count == 0)
        {
            return;
        }

        var number = session.Scalar(SelectCount, run) ?? 0;
        session.Execute(Count, run, findings.Count);
        foreach (var finding in findings.Take((int)Math.Clamp(MostKept - number, 0, findings.Count)))
        {
            session.Execute(
                Insert,
                run,
                ++number,
                task,
                (int)finding.Kind,
                finding.Code,
                Cut(finding.Message),
                finding.Chunk is { } chunk ? chunk : SqlValue.Null,
                finding.Store?.Value,
                finding.Scope?.Value,
                finding.Location?.Value,
                session.Now);
        }
    }

    /// <summary>Leaves out what a step that is tried again has said before.</summary>
    public static IReadOnlyList<TaskFinding> WithoutRepeated(CatalogSession session, long run, int task, IReadOnlyList<TaskFinding> findings) =>
        [.. findings.Where(finding => !session.Exists(SelectOfTask, run, task, finding.Code, Cut(finding.Message)))];

    public static IReadOnlyList<RunFinding> List(CatalogSession session, long run, long after, int limit)
    {
        var found = new List<RunFinding>();
        using var rows = session.Query(Select, run, after, limit);
        while (rows.Read())
        {
            var finding = new TaskFinding(
                (FindingKind)rows.Int(2),
                rows.Text(3),
                rows.Text(4),
                rows.HashOrNull(5),
                rows.LongOrNull(6) is { } store ? new StoreId(store) : null,
                rows.LongOrNull(7) is { } scope ? new ScopeId(scope) : null,
                rows.LongOrNull(8) is { } location ? new LocationId(location) : null);
            found.Add(new RunFinding(rows.Long(0), rows.Int(1), finding, rows.Time(9)));
        }

        return found;
    }

    private static string Cut(string message) => message.Length <= LongestMessage ? message : message[..LongestMessage];
}
