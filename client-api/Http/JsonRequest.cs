using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Granary.ClientApi.Http;

/// <summary>
/// A JSON object that a client sent, read field by field. Every wrong field is noted, so that one answer names them all;
/// fields that nobody asked for are errors too. In a PATCH an absent member stays and null unsets: <see cref="Has"/> and
/// <see cref="IsNull"/> tell them apart.
/// </summary>
public sealed class JsonRequest
{
    /// <summary>Most bytes of a JSON body; larger ones are refused unread.</summary>
    public const int MaxBytes = 1 << 20;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    private readonly JsonElement _root;
    private readonly string _prefix;
    private readonly List<FieldError> _errors;
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly List<JsonRequest> _nested = [];

    private JsonRequest(JsonElement root, string prefix, List<FieldError> errors, ReadOnlyMemory<byte> utf8)
    {
        _root = root;
        _prefix = prefix;
        _errors = errors;
        Utf8 = utf8;
    }

    /// <summary>The text as it was sent; part of the fingerprint of an idempotent request.</summary>
    public ReadOnlyMemory<byte> Utf8 { get; }

    /// <summary>Reads and parses the body. A body that is absent reads as <c>{}</c> where that is allowed.</summary>
    /// <returns>The object, or the refusal.</returns>
    public static async Task<(JsonRequest? Body, Problem? Problem)> ReadAsync(
        HttpContext context, bool allowEmpty = false, CancellationToken cancellationToken = default)
    {
        var (bytes, problem) = await ReadBytesAsync(context.Request, cancellationToken);
        if (problem is not null)
            return (null, problem);
        if (!System.Text.Unicode.Utf8.IsValid(bytes))
            return (null, NotUnicode());
        if (bytes.Length == 0 && allowEmpty)
            bytes = "{}"u8.ToArray();
        if (bytes.Length > 2 && context.Request.ContentType is { } type && !IsJson(type))
            return (null, new Problem(ProblemKinds.UnsupportedMediaType, "The body is application/json."));
        try
        {
            using var document = JsonDocument.Parse(bytes, Options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return (null, new Problem(ProblemKinds.InvalidRequest, "The body is a JSON object."));
            if (bytes.AsSpan().IndexOf("\\u"u8) >= 0)
                Decode(document.RootElement);
            return (new JsonRequest(document.RootElement.Clone(), "", [], bytes), null);
        }
        catch (JsonException error)
        {
            return (null, new Problem(ProblemKinds.InvalidRequest, "The body is not valid JSON.")
                .With("line", error.LineNumber + 1));
        }
        catch (InvalidOperationException)
        {
            return (null, NotUnicode());
        }
    }

    /// <summary>Is the member there, also as null?</summary>
    public bool Has(string name)
    {
        _known.Add(name);
        return _root.TryGetProperty(name, out _);
    }

    /// <summary>Is the member there and null?</summary>
    public bool IsNull(string name) => Has(name) && _root.GetProperty(name).ValueKind == JsonValueKind.Null;

    /// <summary>A string; null when absent or null.</summary>
    public string? Text(string name, bool required = false, int maxLength = 4096)
    {
        if (!TryGet(name, required, JsonValueKind.String, "a string", out var value))
            return null;
        var text = value.GetString()!;
        if (text.Length <= maxLength && !(required && text.Length == 0))
            return text;
        Error(name, required && text.Length == 0 ? $"{name} is not empty." : $"{name} has at most {maxLength} characters.");
        return null;
    }

    /// <summary>A whole number within a range; null when absent or null.</summary>
    public long? Number(string name, bool required = false, long min = long.MinValue, long max = long.MaxValue)
    {
        if (!TryGet(name, required, JsonValueKind.Number, "a whole number", out var value))
            return null;
        if (value.TryGetInt64(out var number) && number >= min && number <= max)
            return number;
        Error(name, max == long.MaxValue ? $"{name} is a whole number of at least {min}." : $"{name} is a whole number from {min} to {max}.");
        return null;
    }

    /// <summary>As <see cref="Number"/>, for fields that are 32 bits wide.</summary>
    public int? Int32(string name, bool required = false, int min = int.MinValue, int max = int.MaxValue) =>
        (int?)Number(name, required, min, max);

    /// <summary>True or false; null when absent or null.</summary>
    public bool? Flag(string name, bool required = false)
    {
        if (!TryGetValue(name, required, out var value))
            return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();
        Error(name, $"{name} is true or false.");
        return null;
    }

    /// <summary>A time in ISO 8601 with an offset; null when absent or null.</summary>
    public DateTimeOffset? Time(string name, bool required = false)
    {
        if (!TryGet(name, required, JsonValueKind.String, "a time", out var value))
            return null;
        if (value.TryGetDateTimeOffset(out var time))
            return time.ToUniversalTime();
        Error(name, $"{name} is a time such as 2026-01-31T12:00:00Z.");
        return null;
    }

    /// <summary>A list of strings; null when absent or null.</summary>
    public IReadOnlyList<string>? Texts(string name, bool required = false, int maxItems = 10_000)
    {
        if (!TryGet(name, required, JsonValueKind.Array, "a list of strings", out var value))
            return null;
        var items = new List<string>();
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String || items.Count == maxItems)
            {
                Error(name, $"{name} is a list of at most {maxItems} strings.");
                return null;
            }

            items.Add(item.GetString()!);
        }

        return items;
    }

    /// <summary>A nested object; null when absent or null. Its errors are reported with this one's.</summary>
    public JsonRequest? Object(string name, bool required = false)
    {
        if (!TryGet(name, required, JsonValueKind.Object, "an object", out var value))
            return null;
        var nested = new JsonRequest(value, $"{_prefix}{name}.", _errors, default);
        _nested.Add(nested);
        return nested;
    }

    /// <summary>The raw value of a member that has more than one form; null when absent.</summary>
    public JsonElement? Raw(string name) => Has(name) ? _root.GetProperty(name) : null;

    /// <summary>Notes a rule that a field broke.</summary>
    public void Error(string name, string detail) => _errors.Add(new FieldError(_prefix + name, detail));

    /// <summary>The refusal that names every wrong field; null when all were right. Ask when all fields were read.</summary>
    public Problem? ToProblem()
    {
        NoteUnknown();
        if (_errors.Count == 0)
            return null;
        return Problem.Invalid(_errors[0].Field, _errors[0].Detail).WithErrors(_errors);
    }

    private void NoteUnknown()
    {
        foreach (var member in _root.EnumerateObject())
        {
            if (!_known.Contains(member.Name))
                Error(member.Name, $"There is no field {_prefix}{member.Name} here.");
        }

        foreach (var nested in _nested)
            nested.NoteUnknown();
    }

    private bool TryGet(string name, bool required, JsonValueKind kind, string form, out JsonElement value)
    {
        if (!TryGetValue(name, required, out value))
            return false;
        if (value.ValueKind == kind)
            return true;
        Error(name, $"{name} is {form}.");
        return false;
    }

    private bool TryGetValue(string name, bool required, out JsonElement value)
    {
        _known.Add(name);
        if (_root.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null)
            return true;
        if (required)
            Error(name, $"{name} is required.");
        return false;
    }

    private static Problem NotUnicode() => new(ProblemKinds.InvalidRequest, "The body holds text that is not valid Unicode.");

    /// <summary>The parser leaves text undecoded; half of a surrogate pair would only fail when it is read.</summary>
    /// <exception cref="InvalidOperationException">There is one.</exception>
    private static void Decode(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                    Decode(item);
                break;
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    _ = member.Name;
                    Decode(member.Value);
                }

                break;
        }
    }

    private static bool IsJson(string contentType)
    {
        var type = contentType.AsSpan();
        var end = type.IndexOf(';');
        type = (end < 0 ? type : type[..end]).Trim();
        return type.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || type.Equals("application/merge-patch+json", StringComparison.OrdinalIgnoreCase)
            || type.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase); // curl's default for -d
    }

    private static async Task<(byte[] Bytes, Problem? Problem)> ReadBytesAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var tooLarge = new Problem(ProblemKinds.BodyTooLarge, $"A JSON body has at most {MaxBytes} bytes.").With("limit", MaxBytes);
        if (request.ContentLength > MaxBytes)
            return ([], tooLarge);
        while (true)
        {
            var read = await request.BodyReader.ReadAsync(cancellationToken);
            if (read.Buffer.Length > MaxBytes)
                return ([], tooLarge);
            if (read.IsCompleted)
            {
                var bytes = System.Buffers.BuffersExtensions.ToArray(read.Buffer);
                request.BodyReader.AdvanceTo(read.Buffer.End);
                return (bytes, null);
            }

            request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
