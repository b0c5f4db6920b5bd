using System.Diagnostics.Metrics;

namespace Granary.ClientApi.Metrics;

/// <summary>Counters of the HTTP API, meter <c>Granary.Api</c>. Nothing here names a tenant, a scope or a path.</summary>
public sealed class ApiMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Granary.Api";

    /// <summary>Boxed once: a label per request shall not cost an allocation.</summary>
    private static readonly object[] s_statuses = [.. Enumerable.Range(0, 600).Cast<object>()];

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _requests;
    private readonly Counter<long> _received;
    private readonly Counter<long> _sent;
    private readonly Counter<long> _written;
    private readonly Counter<long> _deduplicated;
    private readonly Counter<long> _failedWrites;
    private readonly Counter<long> _failedReads;
    private readonly Counter<long> _corrupt;
    private readonly Counter<long> _cacheHits;
    private readonly Counter<long> _aborted;
    private readonly Counter<long> _limited;
    private readonly UpDownCounter<long> _transfers;

    /// <summary>Makes the instruments.</summary>
    public ApiMetrics()
    {
        _requests = _meter.CreateCounter<long>("granary.api.requests", "{request}", "Requests answered, by method and status.");
        _received = _meter.CreateCounter<long>("granary.api.received", "By", "Bytes of file content received.");
        _sent = _meter.CreateCounter<long>("granary.api.sent", "By", "Bytes of file content sent.");
        _written = _meter.CreateCounter<long>("granary.api.chunks.written", "{chunk}", "Chunks written to a store.");
        _deduplicated = _meter.CreateCounter<long>("granary.api.chunks.deduplicated", "{chunk}", "Chunks that needed no write.");
        _failedWrites = _meter.CreateCounter<long>("granary.api.chunks.write_failures", "{chunk}", "Writes of chunks that a store did not accept.");
        _failedReads = _meter.CreateCounter<long>("granary.api.chunks.read_failures", "{chunk}", "Reads of copies that failed.");
        _corrupt = _meter.CreateCounter<long>("granary.api.chunks.corrupt", "{chunk}", "Copies whose bytes were not what their name says.");
        _cacheHits = _meter.CreateCounter<long>("granary.api.ranges.cache_hits", "{chunk}", "Chunks of ranges that were at hand.");
        _aborted = _meter.CreateCounter<long>("granary.api.transfers.aborted", "{transfer}", "Uploads and downloads that ended before their end.");
        _limited = _meter.CreateCounter<long>("granary.api.rate_limited", "{request}", "Requests refused by a rate limit, by limit.");
        _transfers = _meter.CreateUpDownCounter<long>("granary.api.transfers", "{transfer}", "Uploads and downloads under way, by direction.");
    }

    /// <summary>A request was answered.</summary>
    public void Request(string method, int status) =>
        _requests.Add(1, new KeyValuePair<string, object?>("method", Known(method)), new KeyValuePair<string, object?>("status", status is >= 0 and < 600 ? s_statuses[status] : status));

    /// <summary>Content came in.</summary>
    public void Received(long bytes) => _received.Add(bytes);

    /// <summary>Content went out.</summary>
    public void Sent(long bytes) => _sent.Add(bytes);

    /// <summary>A chunk was written.</summary>
    public void ChunkWritten() => _written.Add(1);

    /// <summary>A chunk needed no write.</summary>
    public void ChunkPresent() => _deduplicated.Add(1);

    /// <summary>A store did not accept a chunk.</summary>
    public void WriteFailed(string store) => _failedWrites.Add(1, new KeyValuePair<string, object?>("store", store));

    /// <summary>A copy could not be read.</summary>
    public void ReadFailed(string store) => _failedReads.Add(1, new KeyValuePair<string, object?>("store", store));

    /// <summary>A copy is not what its name says.</summary>
    public void Corrupt(string store) => _corrupt.Add(1, new KeyValuePair<string, object?>("store", store));

    /// <summary>A range was served from checked memory.</summary>
    public void CacheHit() => _cacheHits.Add(1);

    /// <summary>A transfer ended early.</summary>
    public void Aborted(string direction) => _aborted.Add(1, new KeyValuePair<string, object?>("direction", direction));

    /// <summary>A rate limit refused a request.</summary>
    public void RateLimited(string limit) => _limited.Add(1, new KeyValuePair<string, object?>("limit", limit));

    /// <summary>A transfer began (1) or ended (-1).</summary>
    public void Transfer(string direction, int change) =>
        _transfers.Add(change, new KeyValuePair<string, object?>("direction", direction));

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    /// <summary>Clients may invent methods; the label may not grow with them.</summary>
    private static string Known(string method) =>
        method is "GET" or "PUT" or "POST" or "DELETE" or "HEAD" or "PATCH" or "OPTIONS" ? method : "other";
}
