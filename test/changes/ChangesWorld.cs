using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Granary.Catalog;
using Granary.ClientApi.Changes;
using Granary.GrainInterfaces;
using Granary.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Granary.Changes.Tests;

/// <summary>The whole silo, shared by the tests of one class; each test makes scopes of its own.</summary>
public sealed class ChangesWorld : IAsyncLifetime
{
    private int _names;

    public GranaryHost Host { get; private set; } = null!;

    public HttpClient Client => Host.Client;

    public TenantId Tenant => Service<TopologyCache>().Current.TenantByName("default")!.Id;

    internal ChangeFeedOptions Options => Service<IOptions<ChangeFeedOptions>>().Value;

    public T Service<T>()
        where T : notnull => Host.Services.GetRequiredService<T>();

    public async Task InitializeAsync() =>
        Host = await GranaryHost.StartAsync(new GranaryHostOptions { Settings = { ["GRANARY_WEBHOOK_PRIVATE"] = "127.0.0.0/8" } });

    public async Task DisposeAsync() => await Host.DisposeAsync();

    public ScopeId ScopeOf(string name) => Service<TopologyCache>().Current.ScopeByName(Tenant, name)!.Id;

    public async Task<string> MakeScopeAsync()
    {
        var name = $"scope-{Interlocked.Increment(ref _names)}";
        using var made = await Client.PostAsJsonAsync("api/v1/scopes", new { name });
        made.EnsureSuccessStatusCode();
        return name;
    }

    /// <summary>A key's id and secret.</summary>
    public async Task<(string Id, string Secret)> MakeKeyAsync(string right, DateTimeOffset? expires = null, params string[] scopes)
    {
        var created = await Service<ApiKeyCatalog>().CreateAsync(
            new NewApiKey
            {
                Tenant = Tenant,
                Name = $"key-{Interlocked.Increment(ref _names)}",
                Rights = [right],
                Expires = expires,
                Scopes = scopes.Length == 0 ? null : [.. scopes.Select(ScopeOf)],
            },
            null, default);
        return (created.Id!, created.Secret!);
    }

    /// <summary>Stores a small file and gives its sequence number.</summary>
    public async Task<long> PutAsync(string scope, string path, string content = "x")
    {
        using var put = await Client.PutAsync($"api/v1/scopes/{scope}/files/{path}", new StringContent(content));
        put.EnsureSuccessStatusCode();
        return (long)JsonNode.Parse(await put.Content.ReadAsStringAsync())!["changeSequence"]!;
    }

    public async Task PutManyAsync(string scope, string prefix, int count) =>
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) => await PutAsync(scope, $"{prefix}{i}"));

    public async Task<JsonNode> GetAsync(string url, int status = 200, HttpClient? client = null)
    {
        using var answer = await (client ?? Client).GetAsync(url);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == status, $"{url}: {(int)answer.StatusCode} instead of {status}: {text}");
        return JsonNode.Parse(text)!;
    }

    /// <summary>Removes the beginning of a scope's log, as retention does.</summary>
    public async Task CutLogAsync(string scope, long upTo)
    {
        var head = (await Service<ChangeLogCatalog>().HeadsAsync([ScopeOf(scope)], default))[0];
        var retention = new ChangeRetention { Count = head - upTo };
        ScopeId? at = null;
        while (await Service<ChangeLogCatalog>().CutAsync(Tenant, at ?? ScopeOf(scope), retention, 100, default) is { } cut && cut.Scope == ScopeOf(scope))
            at = cut.Scope;
    }

    /// <summary>Opens a socket with a key in the header, or, where <paramref name="inQuery"/>, in the address; null sends none.</summary>
    public Task<ChangeClient> ConnectAsync(string target, string? key = "", bool inQuery = false) =>
        ChangeClient.ConnectAsync(Host.Url, target, key == "" ? Host.OperatorKey : key, inQuery);

    public Task<ChangeClient> FollowAsync(string scope, string query = "") => ConnectAsync($"/api/v1/scopes/{scope}/changes{query}");
}
