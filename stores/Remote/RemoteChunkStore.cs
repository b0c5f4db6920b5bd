using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Granary.Stores;

/// <summary>
/// A local store of another silo. The owner applies its own limits and checks; here only the way there can fail, which reads
/// as unavailable, never as empty.
/// </summary>
internal sealed class RemoteChunkStore : IChunkStore
{
    /// <summary>How long one attempt may take: a request's fixed part, and its bytes at 256 KiB/s, as with S3.</summary>
    private static readonly TimeSpan s_attempt = TimeSpan.FromSeconds(15);

    private const double SlowestBytesPerSecond = 256 << 10;

    private readonly HttpClient _client;
    private readonly RemoteStoreConfig _config;
    private readonly TimeProvider _time;
    private readonly string _path;
    private readonly bool _maintenance;
    private readonly bool _owns;

    /// <summary>Makes the store; it does not talk to the owner yet.</summary>
    public RemoteChunkStore(ChunkStoreDefinition definition, TimeProvider time)
    {
        _config = (RemoteStoreConfig)definition.Configuration;
        _time = time;
        _path = RemoteProtocol.PathOf(definition.StoreId);
        _owns = true;
        var token = definition.Credentials?.SecretKey
            ?? throw new ChunkStoreException(definition.Name, ChunkStoreFault.AccessDenied, $"Store {definition.Name}: silos reach each other's stores only with the cluster key, and none is set.");
        _client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(3),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
            MaxConnectionsPerServer = definition.MaxConcurrentReads + definition.MaxConcurrentWrites + 4,
        })
        {
            BaseAddress = _config.Endpoint,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _client.DefaultRequestHeaders.Add(RemoteProtocol.EpochHeader, definition.Credentials!.AccessKey);
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        Traits = new()
        {
            Name = definition.Name,
            Backend = LocalStoreConfig.Kind,
            IsLocal = false,
            ListIsConsistent = true,
            VerifiesWrites = true,
            ConcurrencyHint = 16,
        };
    }

    private RemoteChunkStore(RemoteChunkStore other)
    {
        (_client, _config, _time, _path, Traits) = (other._client, other._config, other._time, other._path, other.Traits);
        _maintenance = true;
    }

    /// <inheritdoc/>
    public ChunkStoreTraits Traits { get; }

    /// <summary>The same store as background work asks for it.</summary>
    public RemoteChunkStore ForMaintenance() => new(this);

    /// <inheritdoc/>
    public async Task PutAsync(LocationKey key, ChunkBuffer content, CancellationToken ct)
    {
        ChunkStore.ThrowUnlessFits(key, content);
        await CallAsync("writing", key.ToString(), content.Length, async token =>
        {
            using var request = Request(HttpMethod.Put, key.ToString());
            request.Content = new ReadOnlyPieces(content);
            using var answer = await SendAsync(request, token).ConfigureAwait(false);
            return Expect(answer, HttpStatusCode.NoContent);
        }, ct).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<ChunkStat?> StatAsync(LocationKey key, CancellationToken ct) => CallAsync<ChunkStat?>("looking at", key.ToString(), 0, async token =>
    {
        using var request = Request(HttpMethod.Head, key.ToString());
        using var answer = await SendAsync(request, token).ConfigureAwait(false);
        return IsAbsent(answer)
            ? null
            : new ChunkStat(Number(answer, RemoteProtocol.LengthHeader), DateTimeOffset.FromUnixTimeMilliseconds(Number(answer, RemoteProtocol.ModifiedHeader)));
    }, ct);

    /// <inheritdoc/>
    public Task<int?> ReadAsync(LocationKey key, long offset, IReadOnlyList<Memory<byte>> destination, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        var wanted = destination.Sum(d => (long)d.Length);
        return CallAsync<int?>("reading", key.ToString(), wanted, async token =>
        {
            using var request = Request(HttpMethod.Get, key.ToString());
            request.Headers.Add(RemoteProtocol.RangeHeader, string.Create(CultureInfo.InvariantCulture, $"{offset} {wanted}"));
            using var answer = await SendAsync(request, token).ConfigureAwait(false);
            if (IsAbsent(answer))
                return null;
            var expected = Math.Min(wanted, Math.Max(0, Number(answer, RemoteProtocol.LengthHeader) - offset));
            return await FillAsync(key, answer, destination, expected, token).ConfigureAwait(false);
        }, ct);
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(LocationKey key, CancellationToken ct) => CallAsync("deleting", key.ToString(), 0, async token =>
    {
        using var request = Request(HttpMethod.Delete, key.ToString());
        using var answer = await SendAsync(request, token).ConfigureAwait(false);
        return !IsAbsent(answer) && Expect(answer, HttpStatusCode.NoContent);
    }, ct);

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChunkListing> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{_path}?prefix={Uri.EscapeDataString(prefix)}");
        using var answer = await CallAsync("listing", prefix, 0, token => SendAsync(request, token), ct).ConfigureAwait(false);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(ct).ConfigureAwait(false));
        for (var listed = 0L; ; listed++)
        {
            var line = await CallAsync("listing", prefix, 1 << 20, token => reader.ReadLineAsync(token).AsTask(), ct).ConfigureAwait(false)
                ?? throw Broken("listing", prefix, "the answer ended before the listing did");
            var entry = Parse(line, prefix);
            if (entry.Key is null)
            {
                if (entry.Length != listed)
                    throw Broken("listing", prefix, $"{listed} of {entry.Length} copies arrived");
                yield break;
            }

            if (!LocationKey.TryParse(entry.Key, out var key))
                throw Broken("listing", prefix, "the owner named something that is no key");
            yield return new(key, entry.Length, DateTimeOffset.FromUnixTimeMilliseconds(entry.Modified));
        }
    }

    /// <inheritdoc/>
    public Task CheckAsync(CancellationToken ct) => CallAsync("checking", "", 0, async token =>
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _path);
        using var answer = await SendAsync(request, token).ConfigureAwait(false);
        return Expect(answer, HttpStatusCode.NoContent);
    }, ct);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (_owns)
            _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private HttpRequestMessage Request(HttpMethod method, string key)
    {
        var request = new HttpRequestMessage(method, $"{_path}/{key}");
        if (_maintenance)
            request.Headers.Add(RemoteProtocol.MaintenanceHeader, "1");
        return request;
    }

    /// <summary>Sends, and turns every answer that is neither success nor "absent" into its fault.</summary>
    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        var answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct).ConfigureAwait(false);
        if (answer.IsSuccessStatusCode || IsAbsent(answer))
            return answer;
        using (answer)
        {
            if ((int)answer.StatusCode == RemoteProtocol.FaultStatus && answer.Headers.TryGetValues(RemoteProtocol.FaultHeader, out var names)
                && Enum.TryParse<ChunkStoreFault>(names.First(), out var fault))
            {
                var said = request.Method == HttpMethod.Head ? null : await answer.Content.ReadFromJsonAsync<RemoteFault>(ct).ConfigureAwait(false);
                throw Fault(fault, said?.Detail ?? $"Store {Traits.Name}: silo {_config.Silo} cannot look into it ({fault}).");
            }

            throw answer.StatusCode == HttpStatusCode.Unauthorized
                ? Fault(ChunkStoreFault.AccessDenied, $"Store {Traits.Name}: silo {_config.Silo} does not accept this silo's cluster key.")
                : Broken("asking for", request.RequestUri!.OriginalString, $"it answered {(int)answer.StatusCode}");
        }
    }

    private async Task<T> CallAsync<T>(string doing, string what, long bytes, Func<CancellationToken, Task<T>> call, CancellationToken ct)
    {
        var limit = s_attempt + TimeSpan.FromSeconds(bytes / SlowestBytesPerSecond);
        using var timer = new CancellationTokenSource(limit, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(ct, timer.Token);
        try
        {
            return await call(both.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (ct.IsCancellationRequested && e is OperationCanceledException or HttpRequestException or IOException)
        {
            throw new OperationCanceledException(e.Message, e, ct);
        }
        catch (Exception e) when (timer.IsCancellationRequested && e is OperationCanceledException or HttpRequestException or IOException)
        {
            throw new ChunkStoreException(Traits.Name, ChunkStoreFault.Timeout, $"Store {Traits.Name}: {doing} {what} took silo {_config.Silo} longer than {limit.TotalSeconds:0} s.", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or JsonException)
        {
            throw new ChunkStoreOfflineException(Traits.Name, ChunkStoreFault.Unavailable, $"Store {Traits.Name} belongs to silo {_config.Silo}, which cannot be reached.", e);
        }
    }

    private async Task<int> FillAsync(LocationKey key, HttpResponseMessage answer, IReadOnlyList<Memory<byte>> destination, long expected, CancellationToken ct)
    {
        await using var stream = await answer.Content.ReadAsStreamAsync(ct).ConfigureAwait(false);
        var read = 0;
        foreach (var part in destination)
        {
            var room = part[..(int)Math.Min(part.Length, expected - read)];
            var got = await stream.ReadAtLeastAsync(room, room.Length, throwOnEndOfStream: false, ct).ConfigureAwait(false);
            read += got;
            if (got < room.Length)
                throw Broken("reading", key.ToString(), $"the answer ended after {read} of {expected} bytes");
        }

        return read;
    }

    private RemoteListing Parse(string line, string prefix)
    {
        try
        {
            return JsonSerializer.Deserialize<RemoteListing>(line, JsonSerializerOptions.Web) ?? throw Broken("listing", prefix, "a line is empty");
        }
        catch (JsonException)
        {
            throw Broken("listing", prefix, "a line is not what it should be");
        }
    }

    private long Number(HttpResponseMessage answer, string header) =>
        answer.Headers.TryGetValues(header, out var values) && long.TryParse(values.Single(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Broken("asking", header, "the answer lacks it");

    private bool Expect(HttpResponseMessage answer, HttpStatusCode expected) =>
        answer.StatusCode == expected ? true : throw Broken("asking", _path, $"it answered {(int)answer.StatusCode}");

    private static bool IsAbsent(HttpResponseMessage answer) =>
        answer.StatusCode == HttpStatusCode.NotFound && answer.Headers.Contains(RemoteProtocol.AbsentHeader);

    private ChunkStoreException Broken(string doing, string what, string how) =>
        Fault(ChunkStoreFault.Unavailable, $"Store {Traits.Name}: {doing} {what} at silo {_config.Silo} failed: {how}.");

    private ChunkStoreException Fault(ChunkStoreFault fault, string detail) => fault is ChunkStoreFault.IdentityMissing or ChunkStoreFault.IdentityForeign or ChunkStoreFault.Locked
        ? new ChunkStoreOfflineException(Traits.Name, fault, detail)
        : new ChunkStoreException(Traits.Name, fault, detail);

    /// <summary>The chunk's pieces as a body of known length.</summary>
    private sealed class ReadOnlyPieces : HttpContent
    {
        private readonly ChunkBuffer _chunk;

        public ReadOnlyPieces(ChunkBuffer chunk)
        {
            _chunk = chunk;
            Headers.ContentLength = chunk.Length;
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            foreach (var piece in _chunk.Pieces)
                await stream.WriteAsync(piece, cancellationToken).ConfigureAwait(false);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _chunk.Length;
            return true;
        }
    }
}
