using System.Globalization;
using Granary.ClientApi.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Granary.ClientApi.Tus;

/// <summary>
/// The tus protocol, version 1.0.0. "The Tus-Resumable header MUST be included in every request and response except for
/// OPTIONS requests." "If the version specified by the Client is not supported by the Server, it MUST respond with the 412
/// Precondition Failed status and MUST include the Tus-Version header into the response. In addition, the Server MUST NOT
/// process the request." (U1)
/// </summary>
internal static class TusProtocol
{
    public const string Version = "1.0.0";

    public const string Extensions = "creation,creation-with-upload,creation-defer-length,expiration,checksum,termination,concatenation";

    public const string ResumableHeader = "Tus-Resumable";
    public const string VersionHeader = "Tus-Version";
    public const string OffsetHeader = "Upload-Offset";
    public const string LengthHeader = "Upload-Length";
    public const string DeferHeader = "Upload-Defer-Length";
    public const string MetadataHeader = "Upload-Metadata";
    public const string ConcatHeader = "Upload-Concat";
    public const string ExpiresHeader = "Upload-Expires";
    public const string ChecksumHeader = "Upload-Checksum";
    public const string MaxSizeHeader = "Tus-Max-Size";

    /// <summary>Media type of the bytes of an upload.</summary>
    public const string MediaType = "application/offset+octet-stream";

    /// <summary>Response headers that a page of another origin needs to see.</summary>
    public static IReadOnlyList<string> ExposedHeaders { get; } =
    [
        ResumableHeader, VersionHeader, "Tus-Extension", "Tus-Checksum-Algorithm", MaxSizeHeader,
        OffsetHeader, LengthHeader, DeferHeader, MetadataHeader, ConcatHeader, ExpiresHeader,
    ];

    /// <summary>Puts the version before and behind an endpoint, whatever it answers.</summary>
    public static IEndpointConventionBuilder SpeakTus(this IEndpointConventionBuilder endpoint)
    {
        endpoint.Add(static builder =>
        {
            var next = builder.RequestDelegate ?? throw new InvalidOperationException("The endpoint has no handler.");
            builder.RequestDelegate = context => AnswerAsync(context, next);
        });
        return endpoint;
    }

    /// <summary>"The Server MUST prevent the client and/or proxies from caching the response by adding Cache-Control: no-store" (U2).</summary>
    public static void ForbidCaching(HttpResponse response) => response.Headers.CacheControl = "no-store";

    /// <summary>A whole number of a header; null when it is absent; false when it is none.</summary>
    public static bool TryReadNumber(HttpRequest request, string header, out long? number)
    {
        number = null;
        if (!request.Headers.TryGetValue(header, out var values))
            return true;
        if (values.Count != 1 || !long.TryParse(values[0], NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            return false;
        number = value;
        return true;
    }

    /// <summary>A number as a header.</summary>
    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A time as a header.</summary>
    public static string Text(DateTimeOffset time) => HeaderUtilities.FormatDate(time);

    private static Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        var response = context.Response;
        response.OnStarting(
            static state =>
            {
                ((HttpResponse)state).Headers[ResumableHeader] = Version;
                return Task.CompletedTask;
            },
            response);
        if (context.Request.Headers[ResumableHeader] == Version)
            return next(context);
        response.Headers[VersionHeader] = Version;
        return new Problem(ProblemKinds.PreconditionFailed, $"The request needs {ResumableHeader}: {Version}.").ExecuteAsync(context);
    }
}
