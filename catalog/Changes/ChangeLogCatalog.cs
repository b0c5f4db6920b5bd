using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// The change logs of scopes, read and cut. An entry is appended in the transaction of its change, under the lock of the
/// scope's head, so that a log has neither gap nor duplicate and is never seen in another order (S12, S13, G11).
/// </summary>
public sealed class ChangeLogCatalog(CatalogDatabase database)
{
    private const int ScopesPerPage = 200;

    /// <summary>Reads the changes after a cursor.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="scope">The scope.</param>
    /// <param name="after">Sequence number of the last change that the follower knows; 0 from the beginning.</param>
    /// <param name="limit">At most so many, at least 1.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<ChangePage> ReadAsync(TenantId tenant, ScopeId scope, long after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(session => ChangeLog.Read(session, tenant, scope, after, limit), cancellationToken);

    /// <summary>Where the logs of some scopes end, in the order of the scopes; 0 for one without changes.</summary>
    public Task<long[]> HeadsAsync(IReadOnlyList<ScopeId> scopes, CancellationToken cancellationToken) =>
        database.ReadAsync(session => scopes.Select(scope => ChangeLog.Head(session, scope)).ToArray(), cancellationToken);

    /// <summary>Removes one page of the changes that retention does not keep, from one of the tenant's scopes.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="after">The scope where the last page was found; null at the beginning of a round.</param>
    /// <param name="retention">What is kept.</param>
    /// <param name="limit">At most so many changes.</param>
    /// <param name="cancellationToken">Stops before the transaction.</param>
    /// <returns>Where the next page continues, and how many were removed; null when the round is over.</returns>
    public async Task<ChangeCut?> CutAsync(TenantId tenant, ScopeId? after, ChangeRetention retention, int limit, CancellationToken cancellationToken)
    {
        var olderThan = database.Time.GetUtcNow() - retention.Age;
        var position = after ?? new ScopeId(0);
        while (true)
        {
            // The scope where the last page was found is looked at again: it may have more.
            var from = new ScopeId(position.Value - 1);
            var (due, last) = await database.ReadAsync(session => FindDue(session, tenant, from, olderThan, retention.Count, limit), cancellationToken);
            if (due is { } found)
            {
                var removed = await database.WriteAsync(session => ChangeLog.Cut(session, tenant, found.Scope, found.UpTo), cancellationToken);
                return new ChangeCut(found.Scope, removed);
            }

            if (last is not { } end)
            {
                return null;
            }

            position = new ScopeId(end.Value + 1);
        }
    }

    private static ((ScopeId Scope, long UpTo)? Due, ScopeId? Last) FindDue(
        CatalogSession session, TenantId tenant, ScopeId after, DateTimeOffset olderThan, long count, int limit)
    {
        var scopes = ChangeLog.Scopes(session, tenant, after, ScopesPerPage);
        foreach (var scope in scopes)
        {
            if (ChangeLog.Overdue(session, tenant, scope, olderThan, count, limit) is { } upTo)
            {
                return ((scope, upTo), scope);
            }
        }

        return (null, scopes.Count == ScopesPerPage ? scopes[^1] : null);
    }
}

/// <summary>A page of changes was removed.</summary>
/// <param name="Scope">From this scope.</param>
/// <param name="Removed">So many.</param>
public sealed record ChangeCut(ScopeId Scope, int Removed);
