using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Granary.TestSupport;

namespace Granary.Cluster.Tests;

/// <summary>
/// Writers that store small files in several scopes through a balancer, each under one idempotency key, and remember what was
/// acknowledged; in the end everything is there, in whole sequences, and no request found nobody.
/// </summary>
internal sealed class PlainLoad : IDisposable
{
    private const int Scopes = 8;
    private const int Writers = 6;
    private readonly ConcurrentDictionary<(string Scope, string Path), byte[]> _acknowledged = [];
    private readonly CancellationTokenSource _over = new();
    private readonly RoundRobin _balancer;
    private readonly HttpClient _http;
    private readonly string _name;
    private readonly string[] _stores;
    private Task[] _writers = [];

    /// <param name="cluster">The silos.</param>
    /// <param name="name">Tells the scopes of several loads apart.</param>
    /// <param name="stores">Stores of the scopes; the first is preferred.</param>
    public PlainLoad(SiloCluster cluster, string name = "load", params string[] stores)
    {
        _balancer = new RoundRobin(cluster);
        _http = new HttpClient(_balancer, disposeHandler: false) { BaseAddress = cluster.Urls[0], Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", cluster.OperatorKey);
        (_name, _stores) = (name, stores.Length > 0 ? stores : [.. cluster.Silos.Select(static silo => $"local-{silo.Name}")]);
    }

    /// <summary>A client behind the balancer.</summary>
    public HttpClient Http => _http;

    /// <summary>Writes that were acknowledged.</summary>
    public int Acknowledged => _acknowledged.Count;

    /// <summary>How often requests were repeated.</summary>
    public int Repeats => _balancer.Repeats;

    /// <summary>Longest time that one write took with its repeats.</summary>
    public TimeSpan Slowest => _balancer.Slowest;

    /// <summary>Makes the scopes and begins to write.</summary>
    public async Task BeginAsync()
    {
        foreach (var scope in Enumerable.Range(0, Scopes))
        {
            await DoAsync(_http.PostAsJsonAsync("api/v1/scopes", new { name = $"{_name}-{scope}" }));
            for (var i = 0; i < _stores.Length; i++)
            {
                await DoAsync(_http.PutAsJsonAsync($"api/v1/scopes/{_name}-{scope}/stores/{_stores[i]}", new { uploadPriority = 100 - i, downloadPriority = 100 - i }));
            }
        }

        _writers = [.. Enumerable.Range(0, Writers).Select(WriteAsync)];
    }

    /// <summary>Gives the scopes another store.</summary>
    public async Task AttachAsync(string store, int priority)
    {
        foreach (var scope in Enumerable.Range(0, Scopes))
        {
            await DoAsync(_http.PutAsJsonAsync($"api/v1/scopes/{_name}-{scope}/stores/{store}", new { uploadPriority = priority, downloadPriority = priority }));
        }
    }

    /// <summary>Chunks that a store holds.</summary>
    public async Task<long> ChunksAsync(string store)
    {
        using var view = JsonDocument.Parse(await _http.GetByteArrayAsync($"api/v1/file-stores/{store}"));
        return view.RootElement.GetProperty("chunks").GetInt64();
    }

    /// <summary>Ends the load, and asserts that nothing was lost and nobody turned away.</summary>
    public async Task EndAsync()
    {
        await _over.CancelAsync();
        await Task.WhenAll(_writers).WithinAsync("the writers end", TimeSpan.FromSeconds(120));
        Assert.Empty(_balancer.Faults);
        await AssertNothingLostAsync();
        foreach (var scope in Enumerable.Range(0, Scopes))
        {
            await AssertSequenceIsWholeAsync($"{_name}-{scope}");
        }

        Assert.Empty(_balancer.GivenUp);
        Assert.True(Acknowledged > 0);
    }

    /// <summary>Asserts that everything acknowledged reads back equal.</summary>
    public async Task AssertNothingLostAsync() =>
        await Parallel.ForEachAsync(_acknowledged, new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (file, token) =>
        {
            var content = await _http.GetByteArrayAsync($"api/v1/scopes/{file.Key.Scope}/files/{file.Key.Path}", token);
            Assert.True(file.Value.AsSpan().SequenceEqual(SHA256.HashData(content)), $"{file.Key} reads back as something else.");
        });

    public void Dispose()
    {
        _over.Dispose();
        _http.Dispose();
        _balancer.Dispose();
    }

    private async Task WriteAsync(int writer)
    {
        var random = Seeds.Create(writer);
        for (var i = 0; !_over.IsCancellationRequested; i++)
        {
            var content = random.Bytes(random.Next(1, 20_000));
            var (scope, path) = ($"{_name}-{i % Scopes}", $"w{writer}/{i}");
            using var request = new HttpRequestMessage(HttpMethod.Put, $"api/v1/scopes/{scope}/files/{path}") { Content = new ByteArrayContent(content) };
            request.Headers.Add("Idempotency-Key", $"{random.NextInt64():x}");
            await DoAsync(_http.SendAsync(request));
            _acknowledged[(scope, path)] = SHA256.HashData(content);
        }
    }

    private static async Task DoAsync(Task<HttpResponseMessage> sending)
    {
        using var answer = await sending;
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private async Task AssertSequenceIsWholeAsync(string scope)
    {
        for (var expected = 0L; ;)
        {
            using var page = JsonDocument.Parse(await _http.GetByteArrayAsync($"api/v1/scopes/{scope}/changes?since={expected}&limit=1000"));
            var items = page.RootElement.GetProperty("items").EnumerateArray().Select(static item => item.GetProperty("sequence").GetInt64()).ToList();
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
