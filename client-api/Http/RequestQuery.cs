using Microsoft.AspNetCore.Http;

namespace Granary.ClientApi.Http;

/// <summary>The query of a request, decoded strictly: a value that is not UTF-8 is an error and not a replacement character.</summary>
public readonly struct RequestQuery
{
    private readonly string _query;

    /// <summary>Wraps the query of a request.</summary>
    public RequestQuery(HttpContext context) => _query = context.Request.QueryString.Value ?? "";

    /// <summary>True when there is no query.</summary>
    public bool IsEmpty => _query.Length <= 1;

    /// <summary>True when a parameter is there, with or without a value.</summary>
    public bool Has(string name) => TryFind(name, out _);

    /// <summary>The first value of a parameter; null when it is absent.</summary>
    /// <exception cref="BadQueryException">The value is not percent-encoded UTF-8.</exception>
    public string? Text(string name)
    {
        if (!TryFind(name, out var encoded))
            return null;
        return PercentText.TryDecodeQuery(encoded, out var text)
            ? text
            : throw new BadQueryException(name, $"The value of {name} is percent-encoded UTF-8.");
    }

    /// <summary>A whole number within a range; null when it is absent.</summary>
    /// <exception cref="BadQueryException">The value is no number in the range.</exception>
    public long? Number(string name, long min, long max)
    {
        if (Text(name) is not { } text)
            return null;
        return long.TryParse(text, System.Globalization.NumberStyles.None, null, out var value) && value >= min && value <= max
            ? value
            : throw new BadQueryException(name, $"{name} is a whole number from {min} to {max}.");
    }

    /// <summary>A flag: absent or <c>false</c> is false, <c>true</c> or no value is true.</summary>
    /// <exception cref="BadQueryException">The value is neither.</exception>
    public bool Flag(string name) => Text(name) switch
    {
        null or "false" => false,
        "" or "true" => true,
        _ => throw new BadQueryException(name, $"{name} is true or false."),
    };

    private bool TryFind(string name, out ReadOnlySpan<char> value)
    {
        value = default;
        if (_query is null || _query.Length <= 1)
            return false;
        foreach (var range in _query.AsSpan(1).Split('&'))
        {
            var pair = _query.AsSpan(1)[range];
            var equals = pair.IndexOf('=');
            if (!(equals < 0 ? pair : pair[..equals]).SequenceEqual(name))
                continue;
            value = equals < 0 ? default : pair[(equals + 1)..];
            return true;
        }

        return false;
    }
}

/// <summary>A query parameter is against a rule; becomes 400 <c>invalid-request</c>.</summary>
public sealed class BadQueryException(string field, string detail) : Exception(detail)
{
    /// <summary>The parameter.</summary>
    public string Field { get; } = field;
}
