using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Granary.TestSupport;

namespace Granary.Command.Tests.Servers;

/// <summary>
/// Puts of large files through a proxy that lets only the first parts pass, so that a test interferes at a known place, and
/// counts what was sent.
/// </summary>
internal sealed class InterruptedPuts : IAsyncDisposable
{
    /// <summary>Bytes of a part, the server's default.</summary>
    public const int Part = 4 << 20;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly string state;
    private readonly string key;
    private readonly HttpClient api;

    /// <summary>Before a server that runs.</summary>
    /// <param name="folder">Takes the state of the command.</param>
    /// <param name="data">The server's data folder.</param>
    /// <param name="scope">Where the files go.</param>
    public InterruptedPuts(Files folder, string data, string scope)
    {
        Scope = scope;
        state = folder.At("state");
        key = folder.At("key");
        File.Copy(Path.Combine(data, "operator.key"), key, overwrite: true);
        var url = new Uri(File.ReadAllText(Path.Combine(data, "url")).Trim());
        Proxy = new FaultProxy(url);
        Granary = new Granary(data);
        api = new HttpClient { BaseAddress = url };
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", File.ReadAllText(key).Trim());
    }

    public string Scope { get; }

    public FaultProxy Proxy { get; }

    public Granary Granary { get; }

    /// <summary>The files that remember uploads under way.</summary>
    public string[] Remembered => Directory.Exists(Path.Combine(state, "granary", "uploads")) ? Directory.GetFiles(Path.Combine(state, "granary", "uploads")) : [];

    /// <summary>Indexes of all parts that were sent since the last look, repeats too, in ascending order.</summary>
    public int[] TakeSent()
    {
        var indexes = new List<int>();
        while (Proxy.Heads.TryDequeue(out var head))
        {
            if (head[0].StartsWith("PUT ", StringComparison.Ordinal) && IndexOf(head[0].Split(' ')[1]) is { } index)
                indexes.Add(index);
        }

        return [.. indexes.Order()];
    }

    /// <summary>Parts from an index on meet a fault.</summary>
    public void Stop(ProxyFault fault, int from) =>
        Proxy.Rule = new ProxyRule(fault) { Matches = (verb, target) => verb == "PUT" && IndexOf(target) >= from };

    /// <summary>Everything passes.</summary>
    public void Pass() => Proxy.Rule = null;

    /// <summary>Runs the command to its end.</summary>
    public Task<Granary.Result> PutAsync(params string[] arguments) => Granary.RunAsync([], ("XDG_STATE_HOME", state), CommandLine(arguments));

    /// <summary>Starts the command.</summary>
    public Process Begin(params string[] arguments) => Granary.Begin(("XDG_STATE_HOME", state), CommandLine(arguments));

    /// <summary>Puts a file until just its first parts are stored, then kills the command.</summary>
    /// <returns>The upload's id.</returns>
    public async Task<string> KillAfterAsync(int parts, params string[] arguments)
    {
        Stop(ProxyFault.Hang, parts);
        using var put = Begin(arguments);
        var id = await UntilStoredAsync(parts);
        put.Kill();
        await put.WaitForExitAsync();
        Assert.Equal(Enumerable.Range(0, parts), TakeSent().Where(index => index < parts));
        Pass();
        return id;
    }

    /// <summary>Waits until the only upload of the scope has just so many parts.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> UntilStoredAsync(int parts)
    {
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < Limit)
        {
            if (await UploadsAsync() is [var upload] && await ReceivedAsync(upload) == parts)
                return upload;
            await Task.Delay(20);
        }

        throw new TimeoutException($"{parts} parts were not stored; open are {string.Join(", ", await UploadsAsync())}.");
    }

    /// <summary>
    /// Waits until just the first parts are stored, and the command knows that they are: it may send a part again whose answer
    /// died with the server.
    /// </summary>
    public async Task UntilToldAsync(int parts)
    {
        await UntilStoredAsync(parts);
        await Eventually.BecomesAsync(() => Proxy.Answered.Select(static line => IndexOf(line.Split(' ')[1])).Count(index => index < parts) >= parts, "the parts are answered");
    }

    /// <summary>Ids of the scope's open uploads.</summary>
    public async Task<string[]> UploadsAsync()
    {
        var page = JsonNode.Parse(await api.GetStringAsync($"api/v1/scopes/{Scope}/uploads"))!;
        return [.. page["items"]!.AsArray().Select(static item => (string)item!["id"]!)];
    }

    /// <summary>Ends an upload, as another client may.</summary>
    public async Task AbortAsync(string id)
    {
        using var answer = await api.DeleteAsync($"api/v1/uploads/{id}");
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Makes the file of an upload, as the command would have.</summary>
    public async Task CompleteAsync(string id)
    {
        using var answer = await api.PostAsync($"api/v1/uploads/{id}/complete", null);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>The status of an upload's own address.</summary>
    public async Task<int> StatusAsync(string id)
    {
        using var answer = await api.GetAsync($"api/v1/uploads/{id}");
        return (int)answer.StatusCode;
    }

    /// <summary>Asserts that a file has this content and this version, and that the scope has no open upload any more.</summary>
    public async Task AssertStoredAsync(string path, byte[] content, long version = 1)
    {
        Assert.Equal(content, await api.GetByteArrayAsync($"api/v1/scopes/{Scope}/files/{path}"));
        var versions = JsonNode.Parse(await api.GetStringAsync($"api/v1/scopes/{Scope}/files/{path}?versions"))!;
        Assert.Equal(version, versions["items"]!.AsArray().Max(static item => (long)item!["version"]!));
        Assert.Empty(await UploadsAsync());
    }

    public async ValueTask DisposeAsync()
    {
        api.Dispose();
        await Proxy.DisposeAsync();
    }

    private string[] CommandLine(string[] arguments) => ["put", .. arguments, "--url", Proxy.Endpoint.ToString(), "--token", key];

    private async Task<int> ReceivedAsync(string id)
    {
        var upload = JsonNode.Parse(await api.GetStringAsync($"api/v1/uploads/{id}"))!;
        return upload["received"]!.AsArray().Sum(static range => (int)range!["last"]! - (int)range["first"]! + 1);
    }

    private static int? IndexOf(string target)
    {
        const string Place = "/chunks/";
        var at = target.IndexOf(Place, StringComparison.Ordinal);
        return target.Contains("/uploads/", StringComparison.Ordinal) && at >= 0 ? int.Parse(target[(at + Place.Length)..]) : null;
    }
}
