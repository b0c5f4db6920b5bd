using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Answers to requests that carried an idempotency key, kept in the transaction of what they did: the same key gives the
/// same answer, also after a time-out. Only what was done is kept; a refusal may be tried again.
/// </summary>
internal static class OperationLedger
{
    private static readonly Sql SelectOperation = new("SELECT fingerprint, result FROM operation WHERE tenant = ?1 AND name = ?2");

    private static readonly Sql InsertOperation = new("INSERT INTO operation (tenant, name, fingerprint, result, created) VALUES (?1, ?2, ?3, ?4, ?5)");

    private static readonly Sql SelectOld = new("SELECT tenant, name FROM operation WHERE created < ?1 ORDER BY created LIMIT ?2");

    private static readonly Sql DeleteOne = new("DELETE FROM operation WHERE tenant = ?1 AND name = ?2");

    /// <summary>Looks a key up; null when it was not used (or the request has none).</summary>
    public static StoredOperation? Find(CatalogSession session, TenantId tenant, OperationKey? key)
    {
        if (key is null)
        {
            return null;
        }

        using var rows = session.Query(SelectOperation, tenant, key.Key);
        return rows.Read() ? new StoredOperation(rows.Text(1), rows.Text(0) == key.Fingerprint) : null;
    }

    /// <summary><see cref="Find"/> is going to be asked.</summary>
    public static void Expect(CatalogSession session, TenantId tenant, OperationKey? key)
    {
        if (key is not null)
        {
            session.Expect(SelectOperation, tenant, key.Key);
        }
    }

    /// <summary>Keeps an answer.</summary>
    public static void Save(CatalogSession session, TenantId tenant, OperationKey? key, string result)
    {
        if (key is not null)
        {
            // Our own keys are asked for within seconds or never: they are the first to be pruned.
            var created = key.IsOwn ? session.Now - OperationCatalog.Retention + OperationCatalog.OwnRetention : session.Now;
            session.Post(InsertOperation, tenant, key.Key, key.Fingerprint, result, created);
        }
    }

    /// <summary>Removes answers older than a time, at most so many.</summary>
    public static int DeleteBefore(CatalogSession session, DateTimeOffset before, int limit)
    {
        var old = new List<(long Tenant, string Name)>();
        using (var rows = session.Query(SelectOld, before, limit))
        {
            while (rows.Read())
            {
                old.Add((rows.Long(0), rows.Text(1)));
            }
        }

        old.ForEach(row => session.Post(DeleteOne, row.Tenant, row.Name));
        return old.Count;
    }
}

/// <summary>A stored answer.</summary>
/// <param name="Result">As JSON.</param>
/// <param name="Matches">The request is the same as the one that was answered.</param>
public sealed record StoredOperation(string Result, bool Matches);
