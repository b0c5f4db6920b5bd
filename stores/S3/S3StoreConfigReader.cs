namespace Granary.Stores;

/// <summary>Reads and judges the configuration of an <c>s3</c> store.</summary>
internal static class S3StoreConfigReader
{
    /// <summary>Keys have at most 1,024 bytes in S3, and a chunk's own key takes up to 210 of them.</summary>
    private const int MaxPrefixLength = 512;

    /// <summary>Reads it; without rules only its form is judged and no secrets are asked for, which is what a stored configuration gets.</summary>
    public static ChunkStoreConfigResult Read(ConfigReader reader, ChunkStoreRules? rules)
    {
        var endpoint = Endpoint(reader, "endpoint", required: true);
        if (endpoint is not null && rules is { S3Endpoints.Count: > 0 } && !rules.S3Endpoints.Any(allowed => IsSame(allowed, endpoint)))
            reader.Fail("endpoint", $"The endpoint must be one of: {string.Join(", ", rules.S3Endpoints.Select(ChunkStoreConfigParser.ShowEndpoint))}.");
        var external = Endpoint(reader, "externalEndpoint", required: false);
        var region = reader.Text("region");
        var bucket = reader.Text("bucket", required: true);
        if (bucket is not null && !IsBucket(bucket))
            reader.Fail("bucket", "A bucket's name is 3 to 63 of [a-z0-9.-] and begins and ends with a letter or digit.");
        var prefix = Prefix(reader);
        var storageClass = reader.Text("storageClass");
        if (storageClass is not null && !storageClass.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
            reader.Fail("storageClass", "A storage class is made of letters, digits, \"_\" and \"-\".");
        var pathStyle = reader.Flag("forcePathStyle") ?? true;
        var checksums = Checksums(reader);
        var credentials = rules is null ? null : ReadCredentials(reader, current: null);
        reader.RefuseUnknown(S3StoreConfig.Kind);
        if (reader.Failures.Count > 0)
            return new(null, null, reader.Failures);
        var config = new S3StoreConfig
        {
            Endpoint = endpoint!,
            ExternalEndpoint = external,
            Region = region ?? "us-east-1",
            Bucket = bucket!,
            Prefix = prefix,
            StorageClass = storageClass,
            ForcePathStyle = pathStyle,
            Checksums = checksums,
        };
        return new(config, credentials, []);
    }

    /// <summary>Reads the secrets: both are required (D59), unless there are some already.</summary>
    public static StoreCredentials? ReadCredentials(ConfigReader reader, StoreCredentials? current)
    {
        var accessKey = Secret(reader, "accessKey", current?.AccessKey);
        var secretKey = Secret(reader, "secretKey", current?.SecretKey);
        return accessKey is null || secretKey is null ? null : new(accessKey, secretKey);
    }

    public static string Text(S3Checksums checksums) => checksums == S3Checksums.Sha256 ? "sha256" : "none";

    private static string? Secret(ConfigReader reader, string member, string? current)
    {
        var given = reader.Has(member);
        var text = reader.Text(member);
        if (!given && current is not null)
            return current;
        if (text is null)
            reader.Fail(member, $"An s3 store requires credentials: \"{member}\" must be given and not be empty.");
        else if (text.Length > 256 || text.Any(char.IsWhiteSpace))
            reader.Fail(member, $"\"{member}\" has at most 256 characters and no white space.");
        return text;
    }

    private static Uri? Endpoint(ConfigReader reader, string member, bool required)
    {
        if (reader.Text(member, required) is not { } text)
            return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            && uri is { PathAndQuery: "/", Fragment: "", UserInfo: "" } && uri.Host.Length > 0)
            return uri;
        reader.Fail(member, $"\"{member}\" must be http:// or https:// with a host and, where needed, a port, and nothing behind it.");
        return null;
    }

    private static string Prefix(ConfigReader reader)
    {
        var prefix = reader.Text("prefix") ?? "";
        if (prefix.Length == 0)
            return prefix;
        if (!prefix.EndsWith('/'))
            prefix += "/";
        if (prefix.Length > MaxPrefixLength)
            reader.Fail("prefix", $"The prefix has at most {MaxPrefixLength} characters.");
        else if (!prefix.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/')
            || prefix.TrimEnd('/').Split('/').Any(part => part is "" or "." or ".."))
            reader.Fail("prefix", "The prefix is made of letters, digits, \"-\", \"_\", \".\" and single inner slashes.");
        return prefix;
    }

    private static S3Checksums Checksums(ConfigReader reader)
    {
        var text = reader.Text("checksums");
        if (text is not (null or "sha256" or "none"))
            reader.Fail("checksums", "\"checksums\" must be \"sha256\" or \"none\".");
        return text == "none" ? S3Checksums.None : S3Checksums.Sha256;
    }

    private static bool IsBucket(string bucket) =>
        bucket.Length is >= 3 and <= 63
        && bucket.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-')
        && char.IsAsciiLetterOrDigit(bucket[0]) && char.IsAsciiLetterOrDigit(bucket[^1]) && !bucket.Contains("..", StringComparison.Ordinal);

    private static bool IsSame(Uri one, Uri other) =>
        Uri.Compare(one, other, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0;
}
