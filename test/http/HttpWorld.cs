using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Granary.Catalog;
using Granary.ClientApi;
using Granary.GrainInterfaces;
using Granary.Stores;
using Granary.TestHost;
using Granary.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace Granary.Http.Tests;

/// <summary>The whole silo, shared by the tests of one class; each test makes scopes and stores of its own.</summary>
public sealed class HttpWorld : IAsyncLifetime
{
    private int _names;

    public GranaryHost Host { get; private set; } = null!;

    public HttpClient Client => Host.Client;

    public int Port => new Uri(Host.Url).Port;

    public TopologyCache Topologies => Service<TopologyCache>();

    public TenantId Tenant => Topologies.Current.TenantByName("default")!.Id;

    public T Service<T>()
        where T : notnull => Host.Services.GetRequiredService<T>();

    public async Task InitializeAsync() => Host = await GranaryHost.StartAsync();

    public async Task DisposeAsync() => await Host.DisposeAsync();

    public string NewName(string kind) => $"{kind}-{Interlocked.Increment(ref _names)}";

    /// <summary>A scope with store <c>local</c> attached.</summary>
    public async Task<string> MakeScopeAsync(ScopeSettings? settings = null)
    {
        var name = NewName("scope");
        var created = await Service<ScopeCatalog>().CreateAsync(Tenant, name, settings ?? new ScopeSettings(), null, default);
        Assert.Equal(AdminStatus.Created, created.Result.Status);
        return name;
    }

    public ScopeId ScopeOf(string name) => Topologies.Current.ScopeByName(Tenant, name)!.Id;

    public StoreId StoreOf(string name) => Topologies.Current.StoreByName(name)!.Id;

    /// <summary>A local store in a folder of its own, open and usable.</summary>
    public async Task<(string Name, string Folder)> MakeStoreAsync(FileStoreSettings? settings = null)
    {
        var name = NewName("store");
        var folder = Directory.CreateDirectory(Path.Combine(Host.DataPath, name)).FullName;
        var config = new LocalStoreConfig { Path = folder };
        var created = await Service<StoreCatalog>().CreateAsync(
            new NewFileStore
            {
                Name = name,
                Backend = LocalStoreConfig.Kind,
                Configuration = ChunkStoreConfigParser.Serialize(config),
                Settings = settings ?? new FileStoreSettings(),
            },
            null, default);
        var id = created.Id!.Value;
        await Service<ChunkStoreFactory>().InitializeAsync(
            new ChunkStoreDefinition { InstallationId = Service<ISiloContext>().InstallationId, StoreId = id.ToString(), Name = name, Configuration = config },
            takeOver: false, default);
        var tenant = Topologies.Current.Tenant(Tenant)!;
        await Service<TenantCatalog>().UpdateAsync(
            Tenant, tenant.Settings with { Stores = tenant.Settings.Stores.Append(id).ToList() }, null, default);
        await Eventually.BecomesAsync(() => Service<IStoreDirectory>().IsUsable(id), $"store {name} is open");
        return (name, folder);
    }

    /// <summary>A scope whose files go to a bucket of its own, which is also read first.</summary>
    /// <param name="endpoint">The S3 server, or a proxy before it.</param>
    /// <param name="settings">Further members of the store's configuration.</param>
    public async Task<string> ScopeOnS3Async(Uri endpoint, object? settings = null)
    {
        var server = S3Server.Current;
        var name = NewName("s3");
        var configuration = JsonSerializer.SerializeToNode(settings ?? new { })!.AsObject();
        configuration["endpoint"] = endpoint.GetLeftPart(UriPartial.Authority);
        configuration["bucket"] = await server.MakeBucketAsync();
        configuration["forcePathStyle"] = true;
        configuration["accessKey"] = server.Credentials.AccessKey;
        configuration["secretKey"] = server.Credentials.SecretKey;
        using var made = await PostAsync("api/v1/file-stores", new { name, backend = "s3", configuration });
        await JsonOf(made, 201);
        await ChangeTenantAsync(tenant => tenant with { Stores = tenant.Stores.Append(StoreOf(name)).ToList() });
        var scope = await MakeScopeAsync();
        await AttachAsync(scope, new AttachmentSettings { Store = StoreOf(name), UploadPriority = 500, DownloadPriority = 500 });
        return scope;
    }

    public async Task AttachAsync(string scope, AttachmentSettings settings)
    {
        var result = await Service<ScopeCatalog>().PutAttachmentAsync(Tenant, ScopeOf(scope), settings, null, default);
        Assert.True(result.Status is AdminStatus.Done or AdminStatus.Created, result.Detail);
    }

    public async Task DetachLocalAsync(string scope)
    {
        var result = await Service<IGrainFactory>().GetGrain<IScopeGrain>(GrainKeys.Scope(Tenant, ScopeOf(scope))).DetachAsync(StoreOf("local"), null, default);
        Assert.Equal(AdminStatus.Done, result.Status);
    }

    public async Task ChangeTenantAsync(Func<TenantSettings, TenantSettings> change)
    {
        var result = await Service<TenantCatalog>().UpdateAsync(Tenant, change(Topologies.Current.Tenant(Tenant)!.Settings), null, default);
        Assert.Equal(AdminStatus.Done, result.Status);
    }

    /// <summary>A client with a key of its own.</summary>
    public async Task<HttpClient> ClientWithAsync(string[] rights, params string[] scopes)
    {
        var created = await Service<ApiKeyCatalog>().CreateAsync(
            new NewApiKey
            {
                Tenant = Tenant,
                Name = NewName("key"),
                Rights = rights,
                Scopes = scopes.Length == 0 ? null : [.. scopes.Select(ScopeOf)],
            },
            null, default);
        return Host.ClientWithKey(created.Secret!);
    }

    public static string FileUrl(string scope, string path, string query = "") =>
        $"api/v1/scopes/{scope}/files/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}{query}";

    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string url, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, url) { Content = content };
        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
                request.Content!.Headers.TryAddWithoutValidation(name, value);
        }

        return await Client.SendAsync(request);
    }

    public Task<HttpResponseMessage> PutAsync(string scope, string path, byte[] content, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Put, FileUrl(scope, path), new ByteArrayContent(content), headers);

    public Task<HttpResponseMessage> GetAsync(string scope, string path, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, FileUrl(scope, path), null, headers);

    public Task<HttpResponseMessage> PostAsync(string url, object body, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, url, JsonContent.Create(body), headers);

    /// <summary>Asserts a status and, for refusals, the code; gives the JSON.</summary>
    public static async Task<JsonNode> JsonOf(HttpResponseMessage response, int? status, string? code = null)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status is null ? response.IsSuccessStatusCode : (int)response.StatusCode == status, $"{(int)response.StatusCode} instead of {status}: {text}");
        var json = JsonNode.Parse(text)!;
        if (code is not null)
        {
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
            Assert.Equal(code, (string?)json["code"]);
            Assert.Equal(status, (int?)json["status"]);
            Assert.False(string.IsNullOrWhiteSpace((string?)json["detail"]));
            Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
        }

        return json;
    }

    /// <summary>Bytes in use or reserved by the tenant.</summary>
    public async Task<long> UsedAsync()
    {
        var usage = await Service<TenantCatalog>().GetUsageAsync(Tenant, default);
        return usage!.Logical + usage.Reserved;
    }

    /// <summary>Files of chunks in a store's folder, apart from its own ones.</summary>
    public static string[] ChunkFiles(string folder) =>
        Directory.Exists(Path.Combine(folder, "chunks")) ? Directory.GetFiles(Path.Combine(folder, "chunks"), "*.*", SearchOption.AllDirectories) : [];

    public string LocalFolder => Path.Combine(Host.DataPath, "stores", "local");
}
