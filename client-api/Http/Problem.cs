using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Granary.ClientApi.Http;

/// <summary>
/// A refusal as <c>application/problem+json</c> (RFC 9457): the table's code, status and title, one sentence in
/// <c>detail</c>, and the offending field or limit as members.
/// </summary>
public sealed class Problem : IResult
{
    /// <summary>Media type of the answer.</summary>
    public const string MediaType = "application/problem+json";

    private List<KeyValuePair<string, object>>? _members;
    private List<FieldError>? _errors;

    /// <summary>Makes a refusal.</summary>
    /// <param name="kind">Row of the table.</param>
    /// <param name="detail">One sentence for people; holds no secret and no stack trace.</param>
    public Problem(ProblemKind kind, string detail)
    {
        Kind = kind;
        Detail = detail;
    }

    /// <summary>Row of the table.</summary>
    public ProblemKind Kind { get; }

    /// <summary>One sentence for people.</summary>
    public string Detail { get; }

    /// <summary>Seconds after which a repeat makes sense; sent as <c>Retry-After</c>. Null: not sent.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>A 400 <c>invalid-request</c> about one field.</summary>
    public static Problem Invalid(string field, string detail) =>
        new Problem(ProblemKinds.InvalidRequest, detail).With("field", field);

    /// <summary>A 404, also for what the caller may not know of (S11).</summary>
    public static Problem NotFound(string detail) => new(ProblemKinds.NotFound, detail);

    /// <summary>A 503 <c>busy</c> with <c>Retry-After</c>.</summary>
    public static Problem Busy(string detail, int retryAfter = 1) => new(ProblemKinds.Busy, detail) { RetryAfter = retryAfter };

    /// <summary>A 503 <c>unavailable</c> with <c>Retry-After</c>.</summary>
    public static Problem Unavailable(string detail, int retryAfter = 5) =>
        new(ProblemKinds.Unavailable, detail) { RetryAfter = retryAfter };

    /// <summary>Adds a member: a string, a number or a boolean; null adds nothing.</summary>
    public Problem With(string name, object? value)
    {
        if (value is not null)
            (_members ??= []).Add(new KeyValuePair<string, object>(name, value));
        return this;
    }

    /// <summary>Adds a list of numbers.</summary>
    public Problem With(string name, IReadOnlyList<int> values)
    {
        (_members ??= []).Add(new KeyValuePair<string, object>(name, values));
        return this;
    }

    /// <summary>Adds the list of all fields that were wrong.</summary>
    public Problem WithErrors(IEnumerable<FieldError> errors)
    {
        (_errors ??= []).AddRange(errors);
        return this;
    }

    /// <summary>Writes the answer; of a HEAD only the headers.</summary>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var body = ToUtf8();
        response.StatusCode = Kind.Status;
        response.ContentType = MediaType;
        response.ContentLength = body.Length;
        if (RetryAfter is { } seconds)
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        if (Kind.Status == StatusCodes.Status401Unauthorized)
            response.Headers.WWWAuthenticate = "Bearer";
        if (HttpMethods.IsHead(httpContext.Request.Method))
            return Task.CompletedTask;
        return response.BodyWriter.WriteAsync(body, CancellationToken.None).AsTask();
    }

    /// <summary>The JSON text.</summary>
    public ReadOnlyMemory<byte> ToUtf8()
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("type"u8, "about:blank"u8);
        json.WriteString("title"u8, Kind.Title);
        json.WriteNumber("status"u8, Kind.Status);
        json.WriteString("code"u8, Kind.Code);
        json.WriteString("detail"u8, Detail);
        foreach (var (name, value) in _members ?? [])
        {
            json.WritePropertyName(name);
            WriteValue(json, value);
        }

        if (_errors is not null)
        {
            json.WriteStartArray("errors"u8);
            foreach (var error in _errors)
            {
                json.WriteStartObject();
                json.WriteString("field"u8, error.Field);
                json.WriteString("detail"u8, error.Detail);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteValue(Utf8JsonWriter json, object value)
    {
        switch (value)
        {
            case IReadOnlyList<int> numbers:
                json.WriteStartArray();
                foreach (var number in numbers)
                    json.WriteNumberValue(number);
                json.WriteEndArray();
                break;
            case string text:
                json.WriteStringValue(text);
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case int number:
                json.WriteNumberValue(number);
                break;
            case long number:
                json.WriteNumberValue(number);
                break;
            default:
                json.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }
}

/// <summary>One field that is against a rule.</summary>
/// <param name="Field">Its name as the client wrote it, <c>policy.drain</c> for nested ones.</param>
/// <param name="Detail">One sentence.</param>
public readonly record struct FieldError(string Field, string Detail);
