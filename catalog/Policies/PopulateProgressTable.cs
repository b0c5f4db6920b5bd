using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Rows of populate_progress: they live as long as an attachment asks to be populated.</summary>
internal static class PopulateProgressTable
{
    private static readonly Sql Select = new("SELECT sequence, walked FROM populate_progress WHERE scope = ?1 AND store = ?2");

    private static readonly Sql SelectWanted = new("SELECT populate FROM attachment WHERE scope = ?1 AND store = ?2 /*lock*/");

    private static readonly Sql Put = new("""
        INSERT INTO populate_progress (scope, store, sequence, walked) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (scope, store) DO UPDATE SET sequence = excluded.sequence, walked = excluded.walked
        """);

    private static readonly Sql Delete = new("DELETE FROM populate_progress WHERE scope = ?1 AND store = ?2");

    private static readonly Sql DeleteOfScope = new("DELETE FROM populate_progress WHERE scope = ?1");

    private static readonly Sql DeleteOfStore = new("DELETE FROM populate_progress WHERE store = ?1");

    public static PopulateProgress? Find(CatalogSession session, ScopeId scope, StoreId store)
    {
        using var rows = session.Query(Select, scope, store);
        return rows.Read() ? new PopulateProgress(rows.Long(0), rows.Long(1) == 0 ? null : rows.Time(1)) : null;
    }

    public static bool Save(CatalogSession session, ScopeId scope, StoreId store, PopulateProgress progress)
    {
        if (session.Scalar(SelectWanted, scope, store) is null or 0)
        {
            return false;
        }

        session.Execute(Put, scope, store, progress.Sequence, progress.Walked?.ToUnixTimeMilliseconds() ?? 0);
        return true;
    }

    public static void Forget(CatalogSession session, ScopeId scope, StoreId store) => session.Execute(Delete, scope, store);

    public static void ForgetScope(CatalogSession session, ScopeId scope) => session.Execute(DeleteOfScope, scope);

    public static void ForgetStore(CatalogSession session, StoreId store) => session.Execute(DeleteOfStore, store);
}
