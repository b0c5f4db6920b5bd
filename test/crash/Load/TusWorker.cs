using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Granary.Crash.Tests.Model;

namespace Granary.Crash.Tests.Load;

/// <summary>
/// Uploads files by tus in requests of any length, some with a checksum; goes on after a restart from where the server is,
/// which is never behind what it acknowledged; some uploads are terminated.
/// </summary>
internal sealed class TusWorker(ApiClient api, Contents contents, ScopeModel scope, int number, List<TusModel> open, Random random)
{
    private const int Paths = 4;
    private const int LargestBody = 1_500_000;

    /// <summary>Works until the server is gone.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var upload in open.ToArray())
            {
                await ResumeAsync(upload);
            }

            while (!cancellationToken.IsCancellationRequested)
            {
                if (await CreateAsync() is { } upload)
                {
                    await AppendAsync(upload);
                }
            }
        }
        catch (ServerGoneException)
        {
            // The uploads are gone on with in the next life.
        }
    }

    private async Task<TusModel?> CreateAsync()
    {
        var content = contents.Choose(random);
        if (content.Size == 0)
        {
            return null;
        }

        var path = $"t{number}/p{random.Next(Paths)}";
        using var request = Request(HttpMethod.Post, $"api/v1/scopes/{scope.Name}/tus");
        request.Headers.Add("Upload-Length", Text(content.Size));
        request.Headers.Add("Upload-Metadata", "path " + Convert.ToBase64String(Encoding.UTF8.GetBytes(path)));
        using var answer = await SendAsync(request);
        if (answer.StatusCode != HttpStatusCode.Created)
        {
            await WrongAsync("A tus upload was not created", answer);
            return null;
        }

        var upload = new TusModel { Url = answer.Headers.Location!.OriginalString, Path = path, Content = content };
        open.Add(upload);
        return upload;
    }

    /// <summary>Steps: (1) the log may say that the file was made; (2) the server says how far it is; (3) go on from there.</summary>
    private async Task ResumeAsync(TusModel upload)
    {
        var made = upload.Completions.Find(static operation => operation.Sequence > 0);
        var mayBecomeWhole = made is null && upload.Sent == upload.Content.Size;
        var completion = mayBecomeWhole ? Ask(upload) : null;
        using var head = await SendAsync(Request(HttpMethod.Head, upload.Url));
        if (upload.Ending && head.StatusCode == HttpStatusCode.NotFound)
        {
            Settle(completion, done: false);
            open.Remove(upload);
            return;
        }

        if (head.StatusCode == HttpStatusCode.ServiceUnavailable)
        {
            return;
        }

        if (head.StatusCode != HttpStatusCode.OK || !long.TryParse(head.Headers.GetValues("Upload-Offset").Single(), NumberStyles.None, CultureInfo.InvariantCulture, out var offset))
        {
            await WrongAsync($"tus upload {upload.Url} after a restart", head);
            open.Remove(upload);
            return;
        }

        Settle(completion, done: offset == upload.Content.Size);
        if (offset < upload.Acknowledged || offset > upload.Sent || (made is not null && offset != upload.Content.Size))
        {
            api.Wrong.Enqueue($"tus upload {upload.Url} of {upload.Content.Size} bytes is at {offset}; {upload.Sent} were sent, {upload.Acknowledged} acknowledged, and the file was {(made is null ? "not " : "")}made.");
            open.Remove(upload);
            return;
        }

        upload.Acknowledged = offset;
        if (offset == upload.Content.Size)
        {
            open.Remove(upload);
            return;
        }

        await AppendAsync(upload);
    }

    private async Task AppendAsync(TusModel upload)
    {
        while (upload.Acknowledged < upload.Content.Size)
        {
            if (upload.Ending || random.Next(40) == 0)
            {
                await EndAsync(upload);
                return;
            }

            if (!await AppendOnceAsync(upload))
            {
                return;
            }
        }

        open.Remove(upload);
    }

    /// <summary>One request; false when the upload is to be left alone for now.</summary>
    private async Task<bool> AppendOnceAsync(TusModel upload)
    {
        var left = upload.Content.Size - upload.Acknowledged;
        var count = (int)Math.Min(left, random.Next(3) == 0 ? random.Next(1, 50_000) : random.Next(1, LargestBody));
        var bytes = upload.Content.Bytes().AsSpan((int)upload.Acknowledged, count).ToArray();
        var completion = count == left ? Ask(upload) : null;
        using var request = Request(HttpMethod.Patch, upload.Url);
        request.Headers.Add("Upload-Offset", Text(upload.Acknowledged));
        if (random.Next(4) == 0)
        {
            request.Headers.Add("Upload-Checksum", "sha256 " + Convert.ToBase64String(SHA256.HashData(bytes)));
        }

        request.Content = new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/offset+octet-stream") } };
        upload.Sent = Math.Max(upload.Sent, upload.Acknowledged + count);
        using var answer = await SendAsync(request);
        if (answer.StatusCode == HttpStatusCode.NoContent)
        {
            upload.Acknowledged += count;
            Settle(completion, done: true);
            return true;
        }

        if (answer.StatusCode != HttpStatusCode.ServiceUnavailable)
        {
            Settle(completion, done: false);
            await WrongAsync($"{count} bytes for tus upload {upload.Url} at {upload.Acknowledged}", answer);
            open.Remove(upload);
        }

        return false;
    }

    private async Task EndAsync(TusModel upload)
    {
        upload.Ending = true;
        using var answer = await SendAsync(Request(HttpMethod.Delete, upload.Url));
        if (answer.StatusCode is not (HttpStatusCode.NoContent or HttpStatusCode.NotFound))
        {
            await WrongAsync($"Termination of tus upload {upload.Url}", answer);
        }

        open.Remove(upload);
    }

    // From here on the file may appear.
    private Operation Ask(TusModel upload)
    {
        var operation = new Operation { Kind = OperationKind.Put, Scope = scope.Name, Path = upload.Path, Content = upload.Content };
        upload.Completions.Add(operation);
        api.Asked.Enqueue(operation);
        return operation;
    }

    private static void Settle(Operation? operation, bool done)
    {
        if (operation is not null)
        {
            operation.Ended = Stopwatch.GetTimestamp();
            operation.Outcome = done ? Outcome.Done : Outcome.Refused;
        }
    }

    private async Task WrongAsync(string what, HttpResponseMessage answer) =>
        api.Wrong.Enqueue($"{what}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");

    private static HttpRequestMessage Request(HttpMethod method, string url) => new(method, url) { Headers = { { "Tus-Resumable", "1.0.0" } } };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
    {
        try
        {
            return await api.Http.SendAsync(request);
        }
        catch (Exception ended) when (ended is HttpRequestException or IOException or OperationCanceledException)
        {
            throw new ServerGoneException(ended);
        }
    }
}
