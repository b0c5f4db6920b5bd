using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Granary.TestHost;
using Granary.TestSupport;
using Microsoft.Extensions.DependencyInjection;

namespace Granary.Http.Tests.Administration;

/// <summary>One silo for all tests of the administration; each makes tenants, scopes and stores with names of its own.</summary>
public sealed class AdminWorld : IAsyncLifetime
{
    private int _names;

    public GranaryHost Host { get; private set; } = null!;

    public async Task InitializeAsync() => Host = await GranaryHost.StartAsync();

    public async Task DisposeAsync() => await Host.DisposeAsync();

    public T Service<T>()
        where T : notnull => Host.Services.GetRequiredService<T>();

    public string NewName(string kind) => $"{kind}-{Interlocked.Increment(ref _names)}";

    /// <summary>Sends a request as the operator, or with another key; an empty key sends none.</summary>
    public async Task<AdminAnswer> SendAsync(
        string method, string target, string? json = null, string? key = null, string? tenant = null, string? operation = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), Host.Url + target);
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        if (key != "")
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key ?? Host.OperatorKey);
        if (tenant is not null)
            request.Headers.Add("X-Granary-Tenant", tenant);
        if (operation is not null)
            request.Headers.Add("Idempotency-Key", operation);
        if (target.Contains("/tus", StringComparison.Ordinal))
            request.Headers.Add("Tus-Resumable", "1.0.0"); // without it nothing there is looked at
        using var client = new HttpClient();
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new AdminAnswer((int)response.StatusCode, text, response);
    }

    public Task<AdminAnswer> GetAsync(string target, string? key = null) => SendAsync("GET", target, key: key);

    public async Task<string> MakeTenantAsync(string settings = "")
    {
        var name = NewName("tenant");
        (await SendAsync("POST", "/api/v1/tenants", $$"""{"name": "{{name}}"{{settings}}}""")).Is(201);
        return name;
    }

    public async Task<string> MakeScopeAsync(string? tenant = null, string settings = "")
    {
        var name = NewName("scope");
        (await SendAsync("POST", "/api/v1/scopes", $$"""{"name": "{{name}}"{{settings}}}""", tenant: tenant)).Is(201);
        return name;
    }

    /// <summary>A key in tenant <c>default</c> or another.</summary>
    public async Task<string> MakeKeyAsync(string right, string? tenant = null, string? scope = null)
    {
        var scopes = scope is null ? "" : $", \"scopes\": [\"{scope}\"]";
        var made = await SendAsync(
            "POST", "/api/v1/api-keys", $$"""{"name": "{{NewName("key")}}", "rights": ["{{right}}"]{{scopes}}}""", tenant: tenant);
        return (string)made.Is(201).Json["secret"]!;
    }

    /// <summary>A local store in a folder of its own that the tenant may attach.</summary>
    public async Task<(string Name, string Folder)> MakeStoreAsync(string settings = "", string tenant = "default")
    {
        var name = NewName("store");
        var folder = Directory.CreateDirectory(Path.Combine(Host.DataPath, name)).FullName;
        (await SendAsync("POST", "/api/v1/file-stores", LocalStore(name, folder, settings))).Is(201);
        await AllowAsync(tenant, name);
        return (name, folder);
    }

    public static string LocalStore(string name, string folder, string settings = "") =>
        $$$"""{"name": "{{{name}}}", "backend": "local", "configuration": {"path": "{{{folder}}}"}{{{settings}}}}""";

    /// <summary>Lets a tenant attach one more store.</summary>
    public async Task AllowAsync(string tenant, string store)
    {
        var now = (await GetAsync($"/api/v1/tenants/{tenant}")).Is(200).Json["stores"]!.AsArray().Select(s => (string)s!);
        var list = string.Join(", ", now.Append(store).Select(s => $"\"{s}\""));
        (await SendAsync("PATCH", $"/api/v1/tenants/{tenant}", $$"""{"stores": [{{list}}]}""")).Is(200);
    }

    public async Task PutFileAsync(string scope, string path, string content = "content") =>
        Assert.InRange((await SendAsync("PUT", $"/api/v1/scopes/{scope}/files/{path}", content)).Status, 200, 201);

    /// <summary>Asks again until the answer has a status.</summary>
    public async Task BecomesAsync(string target, int status, string what)
    {
        var last = 0;
        for (var tries = 0; tries < 400 && last != status; tries++)
        {
            last = (await GetAsync(target)).Status;
            if (last != status)
                await Task.Delay(50);
        }

        Assert.True(last == status, $"{what}: after 20 s {target} still answered {last}.");
    }
}

/// <summary>The tests that share a silo.</summary>
[CollectionDefinition("administration")]
public sealed class AdministrationCollection : ICollectionFixture<AdminWorld>;

/// <summary>An answer.</summary>
public sealed record AdminAnswer(int Status, string Text, HttpResponseMessage Response)
{
    public JsonNode Json => JsonNode.Parse(Text)!;

    public string? Code => (string?)Json["code"];

    /// <summary>Fails with the whole answer unless the status is this.</summary>
    public AdminAnswer Is(int status)
    {
        Assert.True(Status == status, $"{Response.RequestMessage!.Method} {Response.RequestMessage.RequestUri!.PathAndQuery}: {status} expected, was {Status}: {Text}");
        return this;
    }

    /// <summary>Fails unless it is a refusal of this kind.</summary>
    public AdminAnswer Refused(int status, string code, string? field = null)
    {
        Is(status);
        Assert.Equal("application/problem+json", Response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(code, Code);
        Assert.EndsWith(".", (string?)Json["detail"]);
        if (field is not null)
            Assert.Equal(field, (string?)Json["field"]);
        return this;
    }

    public string? Header(string name) => Response.Headers.TryGetValues(name, out var values) ? values.Single() : null;
}
