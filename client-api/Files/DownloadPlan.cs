using System.Security.Cryptography;
using System.Text;
using Granary.Catalog;
using Granary.ClientApi.Content;
using Granary.ClientApi.Http;
using Microsoft.AspNetCore.Http;

namespace Granary.ClientApi.Files;

/// <summary>Which bytes of a version an answer has, and how it frames them: 200, 206 of one range, 206 of several.</summary>
internal sealed class DownloadPlan
{
    private readonly int _status;
    private readonly string? _contentType;
    private readonly string? _contentRange;

    private DownloadPlan(int status, IReadOnlyList<DownloadPart> parts, string? contentRange = null, string? contentType = null)
    {
        _status = status;
        Parts = parts;
        _contentRange = contentRange;
        _contentType = contentType;
    }

    /// <summary>What is sent, in order.</summary>
    public IReadOnlyList<DownloadPart> Parts { get; }

    /// <summary>416; null when there is something to send.</summary>
    public Problem? Problem { get; private init; }

    /// <summary>The whole version.</summary>
    public static DownloadPlan Whole(FileVersionInfo file) =>
        new(StatusCodes.Status200OK, [new DownloadPart(default, new ByteRange(0, file.Size))]);

    /// <summary>What the request's <c>Range</c> asks for.</summary>
    public static DownloadPlan Make(HttpRequest request, FileVersionInfo file)
    {
        var header = request.Headers.Range.Count == 1 ? request.Headers.Range[0] : null;
        if (header is null || !Conditions.RangeApplies(request, file))
            return Whole(file);
        return ByteRanges.Parse(header, file.Size, out var ranges) switch
        {
            RangeKind.Whole => Whole(file),
            RangeKind.Unsatisfiable => new DownloadPlan(StatusCodes.Status416RangeNotSatisfiable, [])
            {
                Problem = new Problem(ProblemKinds.RangeNotSatisfiable, $"No range has a byte of the file's {file.Size}.").With("size", file.Size),
            },
            _ when ranges.Count == 1 => new DownloadPlan(
                StatusCodes.Status206PartialContent, [new DownloadPart(default, ranges[0])], ranges[0].ContentRange(file.Size)),
            _ => Multipart(file, ranges),
        };
    }

    /// <summary>Sets status and framing.</summary>
    public void Describe(HttpResponse response)
    {
        response.StatusCode = _status;
        response.ContentLength = Parts.Sum(part => part.Head.Length + part.Range.Length);
        if (_contentRange is not null)
            response.Headers.ContentRange = _contentRange;
        if (_contentType is not null)
            response.ContentType = _contentType;
    }

    /// <summary>
    /// <c>multipart/byteranges</c> (RFC 9110, section 14.6). The boundary is random, so that no content can hold it but by
    /// chance in 2^128.
    /// </summary>
    private static DownloadPlan Multipart(FileVersionInfo file, List<ByteRange> ranges)
    {
        var boundary = RandomNumberGenerator.GetHexString(32, lowercase: true);
        var type = file.ContentType ?? "application/octet-stream";
        var parts = new List<DownloadPart>(ranges.Count + 1);
        foreach (var range in ranges)
        {
            var lineEnd = parts.Count == 0 ? "" : "\r\n";
            var head = $"{lineEnd}--{boundary}\r\nContent-Type: {type}\r\nContent-Range: {range.ContentRange(file.Size)}\r\n\r\n";
            parts.Add(new DownloadPart(Encoding.ASCII.GetBytes(head), range));
        }

        parts.Add(new DownloadPart(Encoding.ASCII.GetBytes($"\r\n--{boundary}--\r\n"), default));
        return new DownloadPlan(StatusCodes.Status206PartialContent, parts, contentType: $"multipart/byteranges; boundary={boundary}");
    }
}
