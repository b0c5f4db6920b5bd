using System.Collections.Concurrent;
using System.Globalization;
using Granary.Catalog;
using Granary.ClientApi.Http;
using Granary.ClientApi.Metrics;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;

namespace Granary.ClientApi.RateLimits;

/// <summary>
/// Enforces <c>requestsPerMinute</c> of a tenant on the requests that lie in it (S18); each silo counts what it answers.
/// Resources of the operator lie in no tenant, so that a limit that was set too low can always be changed. A tenant without a
/// limit costs one comparison.
/// </summary>
internal sealed class TenantRateLimits(ApiMetrics metrics, TimeProvider time)
{
    /// <summary>The limit, sent where there is one.</summary>
    public const string LimitHeader = "X-RateLimit-Limit";

    /// <summary>How many more requests may follow now, sent where there is a limit.</summary>
    public const string RemainingHeader = "X-RateLimit-Remaining";

    private readonly ConcurrentDictionary<TenantId, RequestWindow> _windows = new();

    /// <summary>Counts a request of an authenticated caller.</summary>
    /// <returns>The refusal; null when it may go on.</returns>
    public Problem? Refuse(HttpContext context, TenantInfo tenant)
    {
        if (tenant.Settings.RequestsPerMinute is not { } limit)
            return null;
        var second = time.GetTimestamp() / time.TimestampFrequency;
        var turn = _windows.GetOrAdd(tenant.Id, static _ => new RequestWindow()).Take(limit, second);
        var headers = context.Response.Headers;
        headers[LimitHeader] = limit.ToString(CultureInfo.InvariantCulture);
        headers[RemainingHeader] = turn.Remaining.ToString(CultureInfo.InvariantCulture);
        if (turn.Granted)
            return null;
        metrics.RateLimited("tenant");
        return new Problem(ProblemKinds.RateLimited, $"The tenant may send {limit} requests a minute.") { RetryAfter = turn.RetryAfter }
            .With("limit", limit);
    }
}
