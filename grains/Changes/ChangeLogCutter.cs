using Granary.Catalog;
using Granary.GrainInterfaces;

namespace Granary.Grains.Changes;

/// <summary>
/// Removes what retention does not keep of one tenant's change logs, a page at a time, in rounds. Owned by the tenant's
/// maintenance grain and called in its turns only. What is due is in the rows: a crash only begins a round anew.
/// </summary>
internal sealed class ChangeLogCutter(ChangeLogCatalog changes, RunCatalog runs, ChangeRetention configured, TimeProvider time)
{
    /// <summary>Changes of one transaction: some milliseconds.</summary>
    private const int Page = 1000;

    /// <summary>Looking at the beginning of every log costs a lookup for each; what is a few minutes too old harms nobody.</summary>
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(15);

    private DateTimeOffset _due;
    private ScopeId? _at;

    /// <summary>Removes one page.</summary>
    /// <returns>How many changes were removed; 0 when none is due now.</returns>
    public async Task<int> CutAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (now < _due)
        {
            return 0;
        }

        // An operator's setting wins over what the servers are configured with, which may differ between them for a while.
        var retention = (await runs.GetSettingsAsync(cancellationToken)).ChangeDays is { } days
            ? new ChangeRetention { Age = TimeSpan.FromDays(days), Count = configured.Count }
            : configured;
        var cut = await changes.CutAsync(tenant, _at, retention, Page, cancellationToken);
        _at = cut?.Scope;
        if (cut is null)
        {
            var rest = retention.Age / 10;
            _due = now + (rest < LongestRest ? rest : LongestRest);
        }

        return cut?.Removed ?? 0;
    }
}
