using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Granary.Bench.Client;

namespace Granary.Bench.Scenarios;

/// <summary>
/// Upload sessions: 1 GiB in four parallel parts beside one PUT; completion of 10,000 parts, without and with a hash of the
/// whole; 200 uploads at the edge of a quota; expiry of 10,000 sessions.
/// </summary>
internal sealed class UploadSessions : Scenario
{
    private const long Length = 1L << 30;
    private const int Runs = 3;
    private const int Senders = 4;
    private const int ManyParts = 10_000;
    private const int SmallPart = 64 << 10;
    private const int Abandoned = 10_000;
    private const long AbandonedBytes = 1_000_000;

    /// <summary>Longer than it takes to begin all of them, so that none is over before the last one is left.</summary>
    private const int ExpirySeconds = 60;

    private const int EdgeUploads = 200;
    private const int EdgeFit = 140;
    private const int EdgeSize = (3 * SmallPart) + 1;
    private const int EdgeRest = 777;

    public override string Name => "sessions";

    public override string Summary => "upload sessions: 1 GiB in 4 parallel parts, complete of 10,000 parts, 200 at a quota, expiry of 10,000";

    public override async Task RunAsync(ScenarioContext context, CancellationToken cancellationToken)
    {
        Environment.SetEnvironmentVariable("GRANARY_UPLOAD_EXPIRY", string.Create(CultureInfo.InvariantCulture, $"{ExpirySeconds}s"));
        await using var server = await GranaryServer.StartAsync(Path.Combine(context.Folder, "data"), cancellationToken).ConfigureAwait(false);
        Environment.SetEnvironmentVariable("GRANARY_UPLOAD_EXPIRY", null);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}/"), Timeout = TimeSpan.FromMinutes(2) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", server.Token);

        await LargeAsync(context, server, client, cancellationToken).ConfigureAwait(false);
        await ManyPartsAsync(context, server, client, hashed: false, cancellationToken).ConfigureAwait(false);
        await ManyPartsAsync(context, server, client, hashed: true, cancellationToken).ConfigureAwait(false);
        await EdgeAsync(context, server, client, cancellationToken).ConfigureAwait(false);
        await AbandonedAsync(context, server, client, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>One stream and four parts at a time take turns, each with content that is new.</summary>
    private static async Task LargeAsync(ScenarioContext context, GranaryServer server, HttpClient client, CancellationToken cancellationToken)
    {
        var single = new double[Runs];
        var session = new double[Runs];
        for (var run = 0; run < Runs; run++)
        {
            // One file for each: the kernel may still hold the one that was sent last.
            var file = Path.Combine(context.Folder, $"single{run}");
            Content.WriteFile(file, Length, context.Seed + (run * 4L * Length));
            using (var wire = await Wire.ConnectAsync(server.Port, server.Token, cancellationToken).ConfigureAwait(false))
            {
                var clock = Stopwatch.StartNew();
                Expect(await wire.PutFileAsync($"/api/v1/scopes/main/files/single{run}", file, cancellationToken).ConfigureAwait(false));
                single[run] = clock.Elapsed.TotalSeconds;
            }

            File.Delete(file);
            file = Path.Combine(context.Folder, $"session{run}");
            Content.WriteFile(file, Length, context.Seed + (run * 4L * Length) + (2 * Length));
            var whole = Stopwatch.StartNew();
            var id = await BeginAsync(client, $"session{run}", Length, 4 << 20, cancellationToken).ConfigureAwait(false);
            await PartsAsync(server, id, file, 4 << 20, Senders, cancellationToken).ConfigureAwait(false);
            await CompleteAsync(client, id, cancellationToken).ConfigureAwait(false);
            session[run] = whole.Elapsed.TotalSeconds;
            File.Delete(file);
        }

        Array.Sort(single);
        Array.Sort(session);
        context.Tell("PUT 1 GiB", Length / single[Runs / 2] / (1 << 20), "MiB/s");
        context.Tell("session, 4 parts at a time", Length / session[Runs / 2] / (1 << 20), "MiB/s");
        context.Hold("session / PUT", single[Runs / 2] / session[Runs / 2], "x", 0.8, beside: "one PUT of as many bytes");
    }

    /// <summary>
    /// Ten thousand parts, then the completion. With the hash of the whole announced the parts come in order, as a client
    /// sends them that reads its file once: each connection takes the next one.
    /// </summary>
    private static async Task ManyPartsAsync(ScenarioContext context, GranaryServer server, HttpClient client, bool hashed, CancellationToken cancellationToken)
    {
        const long Size = (long)ManyParts * SmallPart;
        var file = Path.Combine(context.Folder, hashed ? "hashed" : "many");
        Content.WriteFile(file, Size, context.Seed + ((hashed ? 200 : 100) * Length));
        var id = await BeginAsync(client, hashed ? "hashed" : "many", Size, SmallPart, cancellationToken, sha256: hashed ? await HashAsync(file, cancellationToken).ConfigureAwait(false) : null)
            .ConfigureAwait(false);
        var clock = Stopwatch.StartNew();
        await PartsAsync(server, id, file, SmallPart, hashed ? Senders : 16, cancellationToken).ConfigureAwait(false);
        context.Tell(hashed ? "parts of 64 KiB in order, 4 at a time" : "parts of 64 KiB, 16 at a time", ManyParts / clock.Elapsed.TotalSeconds, "/s");
        clock.Restart();
        await CompleteAsync(client, id, cancellationToken).ConfigureAwait(false);
        context.Hold(hashed ? "complete of 10,000 parts with sha256" : "complete of 10,000 parts", clock.Elapsed.TotalSeconds, "s", 1, atMost: true);
        File.Delete(file);
    }

    /// <summary>Uploads that begin at one time, of which the quota has room for some, and for a few bytes more.</summary>
    private static async Task EdgeAsync(ScenarioContext context, GranaryServer server, HttpClient client, CancellationToken cancellationToken)
    {
        const long Quota = ((long)EdgeFit * EdgeSize) + EdgeRest;
        using var scope = await client.PostAsJsonAsync("api/v1/scopes", new { name = "edge", quotaBytes = Quota }, cancellationToken).ConfigureAwait(false);
        scope.EnsureSuccessStatusCode();
        var stored = 0;
        var clock = Stopwatch.StartNew();
        await Parallel.ForEachAsync(Enumerable.Range(0, EdgeUploads), new ParallelOptions { MaxDegreeOfParallelism = EdgeUploads, CancellationToken = cancellationToken }, async (i, token) =>
        {
            using var begun = await client.PostAsJsonAsync("api/v1/scopes/edge/uploads", new { path = $"e{i}", size = EdgeSize, chunkSize = SmallPart }, token).ConfigureAwait(false);
            if (begun.StatusCode == HttpStatusCode.InsufficientStorage)
            {
                return;
            }

            var id = await IdAsync(begun, token).ConfigureAwait(false);
            var content = new byte[EdgeSize];
            Content.Fill(content, context.Seed + (300 * Length) + i);
            for (var at = 0; at < EdgeSize; at += SmallPart)
            {
                using var body = new ByteArrayContent(content, at, Math.Min(SmallPart, EdgeSize - at));
                using var put = await client.PutAsync($"api/v1/uploads/{id}/chunks/{at / SmallPart}", body, token).ConfigureAwait(false);
                put.EnsureSuccessStatusCode();
            }

            await CompleteAsync(client, id, token).ConfigureAwait(false);
            Interlocked.Increment(ref stored);
        }).ConfigureAwait(false);
        context.Tell($"{EdgeUploads} uploads at the edge of a quota", clock.Elapsed.TotalSeconds, "s");
        context.Hold("of those that had room, refused", EdgeFit - stored, "", 0, atMost: true);

        // What is left is taken to the byte, and not one more.
        using var wire = await Wire.ConnectAsync(server.Port, server.Token, cancellationToken).ConfigureAwait(false);
        var more = await wire.PutAsync("/api/v1/scopes/edge/files/more", new byte[EdgeRest + 1], cancellationToken).ConfigureAwait(false);
        var rest = await wire.PutAsync("/api/v1/scopes/edge/files/rest", new byte[EdgeRest], cancellationToken).ConfigureAwait(false);
        var shown = JsonNode.Parse(await client.GetStringAsync("api/v1/scopes/edge", cancellationToken).ConfigureAwait(false))!;
        context.Hold("bytes beside the quota at the end", more == 507 && rest == 201 ? Math.Abs(Quota - (long)shown["logicalBytes"]!) : Quota, "", 0, atMost: true);
    }

    /// <summary>
    /// The quota of a scope is what all abandoned sessions reserve together: another one of that size begins when the last of
    /// them has given its bytes back. The time counts from when the first one is over.
    /// </summary>
    private static async Task AbandonedAsync(ScenarioContext context, GranaryServer server, HttpClient client, CancellationToken cancellationToken)
    {
        using var scope = await client.PostAsJsonAsync("api/v1/scopes", new { name = "abandoned", quotaBytes = Abandoned * AbandonedBytes }, cancellationToken).ConfigureAwait(false);
        scope.EnsureSuccessStatusCode();
        var part = new byte[SmallPart];
        Content.Fill(part, context.Seed);
        var firstIsOver = TimeSpan.FromSeconds(ExpirySeconds);
        var clock = Stopwatch.StartNew();
        await Parallel.ForEachAsync(Enumerable.Range(0, Abandoned), new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellationToken }, async (i, token) =>
        {
            var id = await BeginAsync(client, $"a{i}", AbandonedBytes, SmallPart, token, "abandoned").ConfigureAwait(false);
            using var body = new ByteArrayContent(part);
            using var put = await client.PutAsync($"api/v1/uploads/{id}/chunks/0", body, token).ConfigureAwait(false);
            put.EnsureSuccessStatusCode();
        }).ConfigureAwait(false);
        context.Tell("10,000 sessions with a part each begun", clock.Elapsed.TotalSeconds, "s");
        if (clock.Elapsed < firstIsOver)
        {
            await Task.Delay(firstIsOver - clock.Elapsed, cancellationToken).ConfigureAwait(false);
        }

        var slowest = 0.0;
        using var wire = await Wire.ConnectAsync(server.Port, server.Token, cancellationToken).ConfigureAwait(false);
        for (var puts = 0; clock.Elapsed < firstIsOver + TimeSpan.FromMinutes(2); puts++)
        {
            var one = Stopwatch.StartNew();
            Expect(await wire.PutAsync($"/api/v1/scopes/main/files/meanwhile{puts}", part, cancellationToken).ConfigureAwait(false));
            slowest = Math.Max(slowest, one.Elapsed.TotalMilliseconds);
            using var all = await client.PostAsJsonAsync(
                "api/v1/scopes/abandoned/uploads", new { path = "all", size = Abandoned * AbandonedBytes }, cancellationToken).ConfigureAwait(false);
            if (all.IsSuccessStatusCode)
            {
                break;
            }
        }

        context.Hold("10,000 abandoned sessions expired", (clock.Elapsed - firstIsOver).TotalSeconds, "s", 30, atMost: true);
        context.Tell("slowest PUT of 64 KiB meanwhile", slowest, "ms");
    }

    private static async Task<string> BeginAsync(
        HttpClient client, string path, long size, int chunkSize, CancellationToken cancellationToken, string scope = "main", string? sha256 = null)
    {
        object body = sha256 is null ? new { path, size, chunkSize } : new { path, size, chunkSize, sha256 };
        using var begun = await client.PostAsJsonAsync($"api/v1/scopes/{scope}/uploads", body, cancellationToken).ConfigureAwait(false);
        return await IdAsync(begun, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<string> IdAsync(HttpResponseMessage begun, CancellationToken cancellationToken)
    {
        begun.EnsureSuccessStatusCode();
        return (string)JsonNode.Parse(await begun.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false))!["id"]!;
    }

    private static async Task<string> HashAsync(string file, CancellationToken cancellationToken)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));
    }

    private static async Task CompleteAsync(HttpClient client, string id, CancellationToken cancellationToken)
    {
        using var complete = await client.PostAsync($"api/v1/uploads/{id}/complete", null, cancellationToken).ConfigureAwait(false);
        complete.EnsureSuccessStatusCode();
    }

    /// <summary>Sends all parts of a file over some connections, each taking the next one.</summary>
    private static async Task PartsAsync(GranaryServer server, string id, string file, int partSize, int senders, CancellationToken cancellationToken)
    {
        var parts = (int)(new FileInfo(file).Length / partSize);
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, senders).Select(_ => Task.Run(SendAsync, cancellationToken))).ConfigureAwait(false);

        async Task SendAsync()
        {
            await using var open = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.Asynchronous);
            using var wire = await Wire.ConnectAsync(server.Port, server.Token, cancellationToken).ConfigureAwait(false);
            for (var index = Interlocked.Increment(ref next); index < parts; index = Interlocked.Increment(ref next))
            {
                Expect(await wire.PutFilePartAsync($"/api/v1/uploads/{id}/chunks/{index}", open, (long)index * partSize, partSize, cancellationToken).ConfigureAwait(false));
            }
        }
    }

    private static void Expect(int status)
    {
        if (status is < 200 or > 299)
        {
            throw new InvalidDataException($"The server answered {status}.");
        }
    }
}
