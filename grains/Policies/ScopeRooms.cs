using System.Collections.Concurrent;
using Granary.Catalog;
using Granary.GrainInterfaces;

namespace Granary.Grains.Policies;

/// <summary>
/// How much room a scope's own soft limit leaves in a store that maintenance copies to (D4, D43). The count is a walk over the
/// scope, so it is kept for a minute and carried on by what is copied meanwhile; uploads do not ask it, and shrinking has the
/// last word.
/// </summary>
internal sealed class ScopeRooms(PolicyCatalog policies, TimeProvider time)
{
    private static readonly TimeSpan KeepFor = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<(ScopeId Scope, StoreId Store), Count> _counts = new();

    /// <summary>Takes room for a copy; false when the limit would be passed. Always true where there is none.</summary>
    public async ValueTask<bool> TryTakeAsync(TenantId tenant, ScopeId scope, AttachmentSettings target, long bytes, CancellationToken cancellationToken)
    {
        if (target.SoftMaxSize is not { } limit)
        {
            return true;
        }

        var key = (scope, target.Store);
        if (!_counts.TryGetValue(key, out var count) || time.GetElapsedTime(count.Since) > KeepFor)
        {
            var since = time.GetTimestamp();
            var claim = await policies.ClaimAsync(tenant, scope, target.Store, after: null, limit: 0, cancellationToken);
            _counts[key] = count = new Count(since, claim.Bytes);
        }

        return count.TryAdd(bytes, limit);
    }

    /// <summary>Gives room back: the copy was not made.</summary>
    public void Return(ScopeId scope, AttachmentSettings target, long bytes)
    {
        if (target.SoftMaxSize is not null && _counts.TryGetValue((scope, target.Store), out var count))
        {
            count.Subtract(bytes);
        }
    }

    /// <summary>Forgets what was counted in a store: something else changed it.</summary>
    public void Forget(ScopeId scope, StoreId store) => _counts.TryRemove((scope, store), out _);

    private sealed class Count(long since, long bytes)
    {
        private readonly Lock _gate = new();
        private long _bytes = bytes;

        public long Since => since;

        public bool TryAdd(long more, long limit)
        {
            lock (_gate)
            {
                if (_bytes + more > limit)
                {
                    return false;
                }

                _bytes += more;
                return true;
            }
        }

        public void Subtract(long less)
        {
            lock (_gate)
            {
                _bytes -= less;
            }
        }
    }
}
