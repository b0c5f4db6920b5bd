using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Granary.Catalog;
using Granary.Process.Tests.Servers;
using Granary.Stores;
using Granary.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Granary.Process.Tests.Maintenance;

/// <summary>What the tests of policies ask of a real server over HTTP, and look up in its files.</summary>
internal static class MaintainedServer
{
    private static readonly Sql SelectCopies = new("""
        SELECT s.name, l.tenant, l.chunk, l.id, l.state, l.length FROM location l JOIN store s ON s.id = l.store WHERE l.state <> 2
        """);

    private static readonly Sql CountStored = new("SELECT COUNT(*) FROM location l JOIN store s ON s.id = l.store WHERE s.name = ?1 AND l.state = 1");

    private static readonly Sql CountAccess = new("SELECT COUNT(*) FROM access");

    /// <summary>Makes a local store below the data folder, of the same silo as the first one: what a dead process wrote there needs no grace.</summary>
    public static async Task AddLocalStoreAsync(HttpClient client, string data, string name, long? softMaxSize = null)
    {
        var folder = Path.Combine(data, "stores", name);
        Directory.CreateDirectory(folder);
        var first = await client.GetFromJsonAsync<JsonElement>("api/v1/file-stores/local");
        var silo = first.GetProperty("configuration").GetProperty("silo").GetString();
        await SendAsync(client, HttpMethod.Post, "api/v1/file-stores", new { name, backend = "local", configuration = new { path = folder, silo }, softMaxSize });
        await AllowAsync(client, name);
    }

    /// <summary>Makes a store in a new bucket of the test's S3 server.</summary>
    /// <returns>The bucket.</returns>
    public static async Task<string> AddS3StoreAsync(HttpClient client, string name)
    {
        var server = S3Server.Current;
        var bucket = await server.MakeBucketAsync();
        await SendAsync(client, HttpMethod.Post, "api/v1/file-stores", new
        {
            name,
            backend = "s3",
            configuration = new
            {
                endpoint = server.Endpoint.GetLeftPart(UriPartial.Authority),
                bucket,
                forcePathStyle = true,
                accessKey = server.Credentials.AccessKey,
                secretKey = server.Credentials.SecretKey,
            },
        });
        await AllowAsync(client, name);
        return bucket;
    }

    public static Task AttachAsync(HttpClient client, string store, object settings) =>
        SendAsync(client, HttpMethod.Put, $"api/v1/scopes/main/stores/{store}", settings);

    /// <summary>Uploads files of random bytes, several at one time.</summary>
    /// <returns>The hash of each by its path.</returns>
    public static async Task<Dictionary<string, byte[]>> UploadAsync(HttpClient client, int seed, int count, int size)
    {
        var files = Enumerable.Range(0, count).ToDictionary(i => $"f{i:0000}", i => Content(seed, i, size));
        await Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (file, token) =>
        {
            using var answer = await client.PutAsync($"api/v1/scopes/main/files/{file.Key}", new ByteArrayContent(file.Value), token);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(token));
        });
        return files.ToDictionary(file => file.Key, file => SHA256.HashData(file.Value));
    }

    /// <summary>Every file reads back equal.</summary>
    public static Task AssertReadsAsync(HttpClient client, IEnumerable<KeyValuePair<string, byte[]>> files) =>
        Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (file, token) =>
            Assert.Equal(file.Value, SHA256.HashData(await client.GetByteArrayAsync($"api/v1/scopes/main/files/{file.Key}", token))));

    /// <summary>Starts a run of everything and waits for its end.</summary>
    /// <returns>The run.</returns>
    public static async Task<JsonElement> RunAsync(HttpClient client, object? limitedTo = null)
    {
        var started = await SendAsync(client, HttpMethod.Post, "api/v1/maintenance/runs", limitedTo ?? new { });
        return await WaitAsync(client, started.GetProperty("id").GetString()!);
    }

    /// <summary>Waits until a run has ended.</summary>
    public static async Task<JsonElement> WaitAsync(HttpClient client, string run)
    {
        for (var i = 0; i < 1_500; i++)
        {
            var view = await client.GetFromJsonAsync<JsonElement>($"api/v1/maintenance/runs/{run}");
            if (view.GetProperty("state").GetString() is "done" or "failed" or "cancelled")
            {
                return view;
            }

            await Task.Delay(200);
        }

        throw new TimeoutException($"Run {run} has not ended: {await client.GetStringAsync($"api/v1/maintenance/runs/{run}")}");
    }

    /// <summary>The catalog's counts are right, and every copy in every store is there with the bytes of its name.</summary>
    public static async Task AssertFsckIsCleanAsync(HttpClient client)
    {
        var started = await SendAsync(client, HttpMethod.Post, "api/v1/fsck", new { data = true });
        var run = await WaitAsync(client, started.GetProperty("id").GetString()!);
        Assert.Equal(("done", 0L), (run.GetProperty("state").GetString(), run.GetProperty("findings").GetInt64()));
    }

    /// <summary>Waits until no run is open.</summary>
    public static async Task WaitForAllRunsAsync(HttpClient client)
    {
        var page = await client.GetFromJsonAsync<JsonElement>("api/v1/maintenance/runs");
        foreach (var run in page.GetProperty("items").EnumerateArray().Where(run => run.GetProperty("state").GetString() == "running").ToArray())
        {
            await WaitAsync(client, run.GetProperty("id").GetString()!);
        }
    }

    public static async Task<JsonElement> SendAsync(HttpClient client, HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var answer = await client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {(int)answer.StatusCode} {text}");
        return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
    }

    /// <summary>Copies by store: keys with their lengths. Beside a running server too.</summary>
    public static async Task<Dictionary<string, Dictionary<string, long>>> CopiesAsync(string data)
    {
        await using var database = await OpenAsync(data);
        return await database.ReadAsync(
            session =>
            {
                var stores = new Dictionary<string, Dictionary<string, long>>();
                using var rows = session.Query(SelectCopies);
                while (rows.Read())
                {
                    Assert.Equal((long)LocationState.Stored, rows.Long(4));
                    var store = stores.TryGetValue(rows.Text(0), out var known) ? known : stores[rows.Text(0)] = [];
                    store.Add(new LocationKey(rows.Long(1).ToString(), rows.Hash(2), rows.Long(3)).ToString(), rows.Long(5));
                }

                return stores;
            },
            default);
    }

    /// <summary>Copies that a store counts as stored.</summary>
    public static async Task<long> CountCopiesAsync(string data, string store)
    {
        await using var database = await OpenAsync(data);
        return await database.ReadAsync(session => session.Scalar(CountStored, store), default) ?? 0;
    }

    /// <summary>The rows agree with each other, and each local store holds exactly the copies that its rows name.</summary>
    public static async Task AssertConsistentAsync(string data, params string[] localStores)
    {
        await using (var database = await OpenAsync(data))
        {
            Assert.Empty(await CatalogInvariants.CheckAsync(database, default));
        }

        var copies = await CopiesAsync(data);
        foreach (var store in localStores)
        {
            var folder = Path.Combine(data, "stores", store);
            var chunks = Path.Combine(folder, "chunks");
            var found = Directory.Exists(chunks)
                ? Directory.EnumerateFiles(chunks, "*", SearchOption.AllDirectories).ToDictionary(file => Path.GetRelativePath(folder, file), file => new FileInfo(file).Length)
                : [];
            Assert.Equal(copies.GetValueOrDefault(store, []).Order(Comparer<KeyValuePair<string, long>>.Create((a, b) => string.CompareOrdinal(a.Key, b.Key))), found.OrderBy(file => file.Key, StringComparer.Ordinal));
        }
    }

    /// <summary>Waits until the last reads of so many chunks are written down.</summary>
    public static async Task WaitForAccessAsync(string data, int chunks)
    {
        await using var database = await OpenAsync(data);
        for (var i = 0; i < 600; i++)
        {
            if (await database.ReadAsync(session => session.Scalar(CountAccess), default) >= chunks)
            {
                return;
            }

            await Task.Delay(100);
        }

        throw new TimeoutException("The last reads were not written down in a minute.");
    }

    private static async Task AllowAsync(HttpClient client, string store)
    {
        var tenant = await client.GetFromJsonAsync<JsonElement>("api/v1/tenants/default");
        var stores = tenant.GetProperty("stores").EnumerateArray().Select(one => one.GetString()!).Append(store).Distinct().ToArray();
        await SendAsync(client, HttpMethod.Patch, "api/v1/tenants/default", new { stores });
    }

    private static byte[] Content(int seed, int index, int size)
    {
        var content = new byte[size];
        Seeds.Create(seed + index).NextBytes(content);
        return content;
    }

    private static Task<CatalogDatabase> OpenAsync(string data) => CatalogDatabase.OpenAsync(
        new CatalogOptions { DataSource = Path.Combine(data, "catalog.db"), Readers = 1 }, TimeProvider.System, NullLoggerFactory.Instance, default);
}
