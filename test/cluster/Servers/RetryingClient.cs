using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;

namespace Granary.Cluster.Tests;

/// <summary>
/// A client behind a round-robin balancer that repeats what was refused or not answered, each write under one idempotency
/// key, and remembers what was acknowledged.
/// </summary>
internal sealed class RetryingClient(LocalCluster cluster) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly HttpClient[] _clients = [.. Enumerable.Range(0, cluster.Silos).Select(i => cluster.Client(i, TimeSpan.FromSeconds(10)))];
    private readonly ConcurrentDictionary<(string Scope, string Path), byte[]> _acknowledged = [];
    private int _next;

    /// <summary>Longest time that one write took with its repeats.</summary>
    public TimeSpan Slowest { get; private set; }

    /// <summary>Writes that were acknowledged.</summary>
    public int Acknowledged => _acknowledged.Count;

    public void Dispose() => Array.ForEach(_clients, client => client.Dispose());

    /// <summary>Stores a file, with repeats.</summary>
    public async Task PutAsync(string scope, string path, byte[] content)
    {
        var key = Guid.NewGuid().ToString("N");
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await RepeatAsync(HttpMethod.Put, $"api/v1/scopes/{scope}/files/{path}", request =>
        {
            request.Content = new ByteArrayContent(content);
            request.Headers.Add("Idempotency-Key", key);
        });
        _acknowledged[(scope, path)] = SHA256.HashData(content);
        if (clock.Elapsed > Slowest)
        {
            Slowest = clock.Elapsed;
        }
    }

    /// <summary>A request to the next silo, and to further ones until one answers with success.</summary>
    public async Task<byte[]> RepeatAsync(HttpMethod method, string path, Action<HttpRequestMessage>? prepare = null)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        for (var last = "";;)
        {
            var client = _clients[(uint)Interlocked.Increment(ref _next) % _clients.Length];
            using var request = new HttpRequestMessage(method, path);
            prepare?.Invoke(request);
            try
            {
                using var answer = await client.SendAsync(request);
                if (answer.IsSuccessStatusCode)
                {
                    return await answer.Content.ReadAsByteArrayAsync();
                }

                last = $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
                Assert.True(answer.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests, $"{method} {path} at {client.BaseAddress}: {last}");
            }
            catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException or IOException)
            {
                last = failure.Message;
            }

            Assert.True(clock.Elapsed < Patience, $"{method} {path} found nobody for {Patience.TotalSeconds} s; last: {last}");
            await Task.Delay(100);
        }
    }

    /// <summary>Asserts that everything acknowledged reads back equal, through any silo.</summary>
    public async Task AssertNothingLostAsync()
    {
        foreach (var ((scope, path), hash) in _acknowledged)
        {
            var content = await RepeatAsync(HttpMethod.Get, $"api/v1/scopes/{scope}/files/{path}");
            Assert.True(hash.AsSpan().SequenceEqual(SHA256.HashData(content)), $"{scope}:/{path} reads back as something else.");
        }
    }

    /// <summary>Asserts that the change log of a scope has no gap and no duplicate.</summary>
    public async Task AssertSequenceIsWholeAsync(string scope)
    {
        long expected = 0;
        while (true)
        {
            using var page = JsonDocument.Parse(await RepeatAsync(HttpMethod.Get, $"api/v1/scopes/{scope}/changes?since={expected}&limit=1000"));
            var items = page.RootElement.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("sequence").GetInt64()).ToList();
            if (items.Count == 0)
            {
                return;
            }

            foreach (var sequence in items)
            {
                Assert.Equal(++expected, sequence);
            }
        }
    }
}
