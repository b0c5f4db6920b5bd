using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Recounts the space of stores, as <see cref="UsageAudit"/> does usage.</summary>
internal static class SpaceAudit
{
    // By state, so that each sum walks its own index.
    private static readonly Sql Compare = new("""
        SELECT p.charged, p.stored_bytes, p.stored_chunks,
            (SELECT COALESCE(SUM(b.available), 0) FROM block b WHERE b.store = ?1)
                + (SELECT COALESCE(SUM(l.length), 0) FROM location l WHERE l.store = ?1 AND l.state = 0)
                + (SELECT COALESCE(SUM(l.length), 0) FROM location l WHERE l.store = ?1 AND l.state = 1)
                + (SELECT COALESCE(SUM(l.length), 0) FROM location l WHERE l.store = ?1 AND l.state = 2)
                + (SELECT COALESCE(SUM(l.length), 0) FROM location l WHERE l.store = ?1 AND l.state = 3),
            (SELECT COALESCE(SUM(l.length), 0) FROM location l WHERE l.store = ?1 AND l.state = 1),
            (SELECT COUNT(*) FROM location l WHERE l.store = ?1 AND l.state = 1)
        FROM store_space p WHERE p.store = ?1
        """);

    private static readonly Sql AddDifference = new(
        "UPDATE store_space SET charged = charged + ?2, stored_bytes = stored_bytes + ?3, stored_chunks = stored_chunks + ?4 WHERE store = ?1");

    private static readonly Sql SumOfScope = new("""
        SELECT COUNT(*), COALESCE(SUM(l.length), 0) FROM scope_chunk s JOIN location l ON l.tenant = s.tenant AND l.chunk = s.chunk
        WHERE s.scope = ?2 AND +l.store = ?1 AND l.state = 1
        """);

    private static readonly string[] Names = ["charged bytes", "stored bytes", "stored chunks"];

    public static TaskTotals MeasureScope(CatalogSession session, StoreId store, ScopeId scope)
    {
        using var rows = session.Query(SumOfScope, store, scope);
        return rows.Read() ? new TaskTotals(rows.Long(0), rows.Long(1)) : new TaskTotals(0, 0);
    }

    public static SumAudit Look(CatalogSession session, StoreId store, bool repair)
    {
        using var rows = session.Query(Compare, store);
        if (!rows.Read())
        {
            return new SumAudit([]);
        }

        var differences = Enumerable.Range(0, Names.Length).Select(i => rows.Long(i + Names.Length) - rows.Long(i)).ToArray();
        if (Array.TrueForAll(differences, static difference => difference == 0))
        {
            return new SumAudit([]);
        }

        var words = Enumerable.Range(0, Names.Length).Where(i => differences[i] != 0)
            .Select(i => $"{rows.Long(i)} {Names[i]} where there are {rows.Long(i + Names.Length)}").ToArray();
        var finding = new TaskFinding(
            repair ? FindingKind.Repaired : FindingKind.Error, "space-differs", $"The store counts {string.Join(", ", words)}.", null, store);
        return new SumAudit([finding])
        {
            Correction = repair ? session => session.Execute(AddDifference, store, differences[0], differences[1], differences[2]) : null,
        };
    }
}
