using System.Globalization;
using Granary.Admin.Api;
using Granary.Admin.Paths;
using Granary.Admin.Transfer.Sessions;

namespace Granary.Admin.Transfer;

/// <summary>Sends one file after another; several may run at once.</summary>
internal sealed class Uploader(GranaryClient client, TransferTotals totals, UploadMemory memory) : IDisposable
{
    /// <summary>Files from this size on go in parts: a few chunks, so that a restart costs less than the file.</summary>
    public const long SessionFrom = 16L << 20;

    // Below this the body is gone before a refusal could come back; above it the server may say no first.
    private const long ExpectContinueFrom = 1 << 20;

    private readonly SessionUploader sessions = new(client, memory, totals);

    /// <summary>Sends a file with its time, and checks that the server stored what was sent. A large one goes in parts.</summary>
    /// <exception cref="LocalFileException">The file cannot be read or changed meanwhile; nothing is stored.</exception>
    /// <exception cref="ApiException">The server refused.</exception>
    public async Task<SentFile> SendFileAsync(PutItem item, string? contentType, CancellationToken cancellationToken)
    {
        var type = contentType ?? ContentTypes.Of(item.Target.Name);
        if (item.Size >= SessionFrom)
            return await sessions.SendAsync(item.File, item.Target, type, cancellationToken);
        var stored = await SendWholeAsync(item.File, item.Target, type, cancellationToken);
        return new SentFile(stored, stored.Size);
    }

    /// <inheritdoc />
    public void Dispose() => sessions.Dispose();

    private async Task<StoredFile> SendWholeAsync(string file, RemotePath target, string contentType, CancellationToken cancellationToken)
    {
        FileUploadContent? content = null;
        try
        {
            var stored = await client.PutAsync<StoredFile>(
                key =>
                {
                    content?.Dispose();
                    content = new FileUploadContent(file, contentType) { Progress = totals.Moved };
                    return Put(target, key, content, content.Length >= ExpectContinueFrom, content.Modified);
                },
                repeatable: true, cancellationToken);
            Verify(stored, content!, target);
            return stored;
        }
        finally
        {
            content?.Dispose();
        }
    }

    /// <summary>Sends a stream of unknown length.</summary>
    public async Task<StoredFile> SendStreamAsync(Stream source, RemotePath target, string? contentType, CancellationToken cancellationToken)
    {
        var started = new StreamUploadContent.Flag();
        StreamUploadContent? content = null;
        try
        {
            var stored = await client.PutAsync<StoredFile>(
                key =>
                {
                    content = new StreamUploadContent(source, started, contentType ?? ContentTypes.Of(target.Name)) { Progress = totals.Moved };
                    return Put(target, key, content, expectContinue: true, modified: null);
                },
                repeatable: true, cancellationToken);
            Verify(stored, content!, target);
            return stored;
        }
        finally
        {
            content?.Dispose();
        }
    }

    /// <summary>How times travel: ISO 8601 in UTC with seven digits after the point.</summary>
    public static string TimeText(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    private HttpRequestMessage Put(RemotePath target, string key, UploadContent content, bool expectContinue, DateTime? modified)
    {
        var request = client.Request(HttpMethod.Put, RequestTarget.File(target.Scope, target.Path), key);
        request.Content = content;
        request.Headers.ExpectContinue = expectContinue;
        if (modified is { } time)
            request.Headers.TryAddWithoutValidation("X-Granary-Modified", TimeText(time));
        return request;
    }

    // An ETag over chunks of another size than ours cannot be compared; its count tells.
    private static void Verify(StoredFile stored, UploadContent content, RemotePath target)
    {
        if (content.Tag is not { } sent)
            return;
        var comparable = ContentTag.ChunksIn(stored.Etag) == ContentTag.ChunksIn(sent);
        if (stored.Size != content.Sent || (comparable && stored.Etag != sent))
            throw new UnexpectedAnswerException($"{target} was stored as {stored.Size} bytes with ETag {stored.Etag}, but {content.Sent} bytes with ETag {sent} were sent. Send it again.");
    }
}
