using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Granary.Bench.Client;

namespace Granary.Bench.Scenarios;

/// <summary>
/// Chunks of 64 KiB that policies copy and move, beside what a person would do by hand: cp, sha256sum and sync for a directory,
/// rclone for S3. And uploads of small files while a store is drained.
/// </summary>
internal sealed class PolicyTransfers : Scenario
{
    private const int Files = 10_000;
    private const int FileSize = 64 << 10;
    private const int Connections = 16;
    private const string S3Variable = "GRANARY_TEST_S3";

    public override string Name => "policies";

    public override string Summary => "populate and drain of 10,000 chunks of 64 KiB beside cp and rclone; 4 KiB uploads during a drain";

    public override async Task RunAsync(ScenarioContext context, CancellationToken cancellationToken)
    {
        await using var server = await GranaryServer.StartAsync(Path.Combine(context.Folder, "data"), cancellationToken).ConfigureAwait(false);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}/"), Timeout = TimeSpan.FromMinutes(2) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", server.Token);
        await SendAsync(client, HttpMethod.Patch, "api/v1/maintenance/settings", new { pace = new { parallel = 8, restPercent = 0 } }, cancellationToken).ConfigureAwait(false);
        await PutAsync(server, "load", Files, FileSize, context.Seed, cancellationToken).ConfigureAwait(false);

        // By hand before and after each: the machine may not be as quick all the time.
        var local = Path.Combine(server.Data, "stores", "local");
        var hand = Path.Combine(context.Folder, "by-hand");
        var before = await CopyByHandAsync(local, hand, cancellationToken).ConfigureAwait(false);
        await AddLocalAsync(client, server.Data, "second", cancellationToken).ConfigureAwait(false);
        await AttachAsync(client, "second", new { uploadPriority = 50, policy = new { populate = true } }, cancellationToken).ConfigureAwait(false);
        var populate = await TaskAsync(client, "populate", cancellationToken).ConfigureAwait(false);
        var between = await CopyByHandAsync(local, hand, cancellationToken).ConfigureAwait(false);
        HoldRatio(context, "populate local to local, of cp", "cp -r, sha256sum, sync", populate, (before + between) / 2, 0.5);

        // The second store has everything; a third one takes it over, so that a drain moves bytes.
        await AddLocalAsync(client, server.Data, "third", cancellationToken).ConfigureAwait(false);
        await AttachAsync(client, "third", new { uploadPriority = 50 }, cancellationToken).ConfigureAwait(false);
        await AttachAsync(client, "second", new { policy = new { drain = true } }, cancellationToken).ConfigureAwait(false);
        await TaskAsync(client, "drain", cancellationToken).ConfigureAwait(false);
        await AttachAsync(client, "local", new { policy = new { drain = "third" } }, cancellationToken).ConfigureAwait(false);
        var drain = await TaskAsync(client, "drain", cancellationToken).ConfigureAwait(false);
        var after = await CopyByHandAsync(Path.Combine(server.Data, "stores", "third"), hand, cancellationToken).ConfigureAwait(false);
        HoldRatio(context, "drain local to local, of cp", "cp -r, sha256sum, sync", drain, (between + after) / 2, 0.5);
        await UploadsDuringDrainAsync(context, server, client, cancellationToken).ConfigureAwait(false);
        await ToS3Async(context, server, client, cancellationToken).ConfigureAwait(false);
    }

    // Back home, while small files come in there.
    private static async Task UploadsDuringDrainAsync(ScenarioContext context, GranaryServer server, HttpClient client, CancellationToken cancellationToken)
    {
        const int Small = 4_000;
        await AttachAsync(client, "local", new { uploadPriority = 100 }, cancellationToken).ConfigureAwait(false);
        await PutAsync(server, "warm", 1_000, 4096, context.Seed + 1, cancellationToken).ConfigureAwait(false);
        var clock = Stopwatch.StartNew();
        await PutAsync(server, "quiet", Small, 4096, context.Seed + 2, cancellationToken).ConfigureAwait(false);
        var quiet = clock.Elapsed.TotalSeconds;
        await SendAsync(client, HttpMethod.Patch, "api/v1/maintenance/settings", new { pace = new { parallel = 4, restPercent = 25 } }, cancellationToken).ConfigureAwait(false);
        await AttachAsync(client, "third", new { policy = new { drain = "local" } }, cancellationToken).ConfigureAwait(false);
        await WaitForTaskAsync(client, "drain", "running", cancellationToken).ConfigureAwait(false);
        clock.Restart();
        await PutAsync(server, "busy", Small, 4096, context.Seed + 3, cancellationToken).ConfigureAwait(false);
        var busy = clock.Elapsed.TotalSeconds;
        var wasBusy = await IsOpenAsync(client, cancellationToken).ConfigureAwait(false);
        context.Hold("PUT 4 KiB during a drain, of without", quiet / busy, "", 0.5, beside: $"{Small / quiet:#,0} /s alone{(wasBusy ? "" : "; the drain ended first")}; {Load()}");
        await TaskAsync(client, "drain", cancellationToken).ConfigureAwait(false);
    }

    private static async Task ToS3Async(ScenarioContext context, GranaryServer server, HttpClient client, CancellationToken cancellationToken)
    {
        if (Environment.GetEnvironmentVariable(S3Variable)?.Split(' ') is not [var endpoint, var accessKey, var secretKey])
        {
            context.Tell($"local to S3: not measured, {S3Variable} is not set", 0, "");
            return;
        }

        var source = Path.Combine(server.Data, "stores", "local", "chunks");
        var remote = $":s3,provider=Ceph,endpoint='{endpoint}',access_key_id='{accessKey}',secret_access_key='{secretKey}':granary-bench-{Environment.ProcessId}";
        double before;
        try
        {
            before = await MeasureAsync("rclone", ["copy", "--transfers", "4", "-q", source, remote + "/before"], cancellationToken).ConfigureAwait(false);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            context.Tell("local to S3: not measured, there is no rclone", 0, "");
            return;
        }

        await SendAsync(client, HttpMethod.Patch, "api/v1/maintenance/settings", new { pace = new { parallel = 4, restPercent = 0 } }, cancellationToken).ConfigureAwait(false);
        foreach (var verify in new[] { "backend", "read-back" })
        {
            var name = $"s3-{verify}";
            var configuration = new { endpoint, bucket = $"granary-bench-{Environment.ProcessId}", prefix = name + "/", forcePathStyle = true, accessKey, secretKey };
            await SendAsync(client, HttpMethod.Post, "api/v1/file-stores", new { name, backend = "s3", verify, configuration }, cancellationToken).ConfigureAwait(false);
            await AllowAsync(client, name, cancellationToken).ConfigureAwait(false);
            await AttachAsync(client, name, new { policy = new { populate = true } }, cancellationToken).ConfigureAwait(false);
            var took = await TaskAsync(client, "populate", cancellationToken).ConfigureAwait(false);
            var after = await MeasureAsync("rclone", ["copy", "--transfers", "4", "-q", source, $"{remote}/{verify}"], cancellationToken).ConfigureAwait(false);
            HoldRatio(context, $"populate local to S3, verify: {verify}, of rclone", "rclone", took, (before + after) / 2, verify == "backend" ? 0.8 : null);
            before = after;
            await AttachAsync(client, name, new { }, cancellationToken).ConfigureAwait(false);
        }

        await MeasureAsync("rclone", ["purge", "-q", remote], cancellationToken).ConfigureAwait(false);
    }

    private static void HoldRatio(ScenarioContext context, string name, string peer, double took, double peerTook, double? bar)
    {
        var beside = $"{Files / took:#,0} chunks/s; {peer} {Files / peerTook:#,0}/s; {Load()}";
        if (bar is { } least)
        {
            context.Hold(name, peerTook / took, "", least, beside: beside);
        }
        else
        {
            context.Tell(name, peerTook / took, "", beside);
        }
    }

    // Of the last minute: what else the machine did.
    private static string Load() => $"load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}";

    private static async Task<double> CopyByHandAsync(string from, string to, CancellationToken cancellationToken)
    {
        var script = $"cp -r '{from}/chunks' '{to}' && find '{to}' -type f -print0 | xargs -0 sha256sum > '{to}.sums' && sync";
        var took = await MeasureAsync("sh", ["-c", script], cancellationToken).ConfigureAwait(false);
        Directory.Delete(to, recursive: true);
        return took;
    }

    private static async Task<double> MeasureAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var start = new ProcessStartInfo(program, arguments);

        // Peers are on loopback; one of them refuses to work with a bundle of certificates.
        start.Environment.Remove("AWS_CA_BUNDLE");
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        return process.ExitCode == 0 ? clock.Elapsed.TotalSeconds : throw new InvalidOperationException($"{program} ended with {process.ExitCode}.");
    }

    // What the newest task of a kind took, from its first step to its end; it was started by the change of the policy.
    private static async Task<double> TaskAsync(HttpClient client, string kind, CancellationToken cancellationToken)
    {
        var task = await WaitForTaskAsync(client, kind, "done", cancellationToken).ConfigureAwait(false);
        while (await IsOpenAsync(client, cancellationToken).ConfigureAwait(false))
        {
            await Task.Delay(100, cancellationToken).ConfigureAwait(false);
        }

        return (task.GetProperty("ended").GetDateTimeOffset() - task.GetProperty("started").GetDateTimeOffset()).TotalSeconds;
    }

    private static async Task<JsonElement> WaitForTaskAsync(HttpClient client, string kind, string state, CancellationToken cancellationToken)
    {
        for (var i = 0; i < 3_000; i++)
        {
            var runs = await client.GetFromJsonAsync<JsonElement>("api/v1/maintenance/runs?limit=1", cancellationToken).ConfigureAwait(false);
            foreach (var item in runs.GetProperty("items").EnumerateArray())
            {
                var run = await client.GetFromJsonAsync<JsonElement>($"api/v1/maintenance/runs/{item.GetProperty("id").GetString()}", cancellationToken).ConfigureAwait(false);
                foreach (var task in run.GetProperty("tasks").EnumerateArray())
                {
                    var now = task.GetProperty("state").GetString();
                    if (task.GetProperty("kind").GetString() == kind && (now == state || now is "done" or "failed"))
                    {
                        return now == "failed" ? throw new InvalidDataException(run.ToString()) : task.Clone();
                    }
                }
            }

            await Task.Delay(100, cancellationToken).ConfigureAwait(false);
        }

        throw new TimeoutException($"No task {kind} became {state}.");
    }

    private static async Task<bool> IsOpenAsync(HttpClient client, CancellationToken cancellationToken)
    {
        var runs = await client.GetFromJsonAsync<JsonElement>("api/v1/maintenance/runs", cancellationToken).ConfigureAwait(false);
        return runs.GetProperty("items").EnumerateArray().Any(static run => run.GetProperty("state").GetString() == "running");
    }

    private static async Task AddLocalAsync(HttpClient client, string data, string name, CancellationToken cancellationToken)
    {
        var path = Path.Combine(data, "stores", name);
        Directory.CreateDirectory(path);
        await SendAsync(client, HttpMethod.Post, "api/v1/file-stores", new { name, backend = "local", configuration = new { path } }, cancellationToken).ConfigureAwait(false);
        await AllowAsync(client, name, cancellationToken).ConfigureAwait(false);
    }

    private static async Task AllowAsync(HttpClient client, string store, CancellationToken cancellationToken)
    {
        var tenant = await client.GetFromJsonAsync<JsonElement>("api/v1/tenants/default", cancellationToken).ConfigureAwait(false);
        var stores = tenant.GetProperty("stores").EnumerateArray().Select(static one => one.GetString()!).Append(store).Distinct().ToArray();
        await SendAsync(client, HttpMethod.Patch, "api/v1/tenants/default", new { stores }, cancellationToken).ConfigureAwait(false);
    }

    private static Task AttachAsync(HttpClient client, string store, object settings, CancellationToken cancellationToken) =>
        SendAsync(client, HttpMethod.Put, $"api/v1/scopes/main/stores/{store}", settings, cancellationToken);

    private static async Task SendAsync(HttpClient client, HttpMethod method, string path, object body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path) { Content = JsonContent.Create(body) };
        using var answer = await client.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidDataException($"{method} {path}: {await answer.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false)}");
        }
    }

    private static async Task PutAsync(GranaryServer server, string prefix, int count, int size, long seed, CancellationToken cancellationToken)
    {
        var next = -1;
        var workers = Enumerable.Range(0, Connections).Select(async _ =>
        {
            using var wire = await Wire.ConnectAsync(server.Port, server.Token, cancellationToken).ConfigureAwait(false);
            int i;
            while ((i = Interlocked.Increment(ref next)) < count)
            {
                var body = new byte[size];
                Content.Fill(body, seed + (i * 31L));
                if (await wire.PutAsync($"/api/v1/scopes/main/files/{prefix}/{i & 63}/{i}", body, cancellationToken).ConfigureAwait(false) is var status && status is < 200 or > 299)
                {
                    throw new InvalidDataException($"The server answered {status}.");
                }
            }
        });
        await Task.WhenAll(workers).ConfigureAwait(false);
    }
}
