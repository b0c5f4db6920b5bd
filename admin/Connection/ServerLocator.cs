using Granary.Admin.CommandLine;

namespace Granary.Admin.Connection;

/// <summary>What the command line says about the server; the environment is asked where it says nothing.</summary>
internal sealed record ServerOptions(string? Url, string? TokenFile, string? Data, string? Tenant);

/// <summary>
/// Finds the server and the credential. Address: --url, a data folder named by --data, GRANARY_URL, the data folder of
/// GRANARY_DATA or beside the launcher. Credential: --token, GRANARY_TOKEN, GRANARY_TOKEN_FILE, operator.key of the data
/// folder, which is never sent to any other address than the one in the same folder.
/// </summary>
internal sealed class ServerLocator(Func<string, string?> environment, Stream input)
{
    private const string UrlFile = "url";
    private const string KeyFile = "operator.key";

    /// <summary>The server to talk to.</summary>
    /// <exception cref="UsageException">There is none to be found, or what was named is not usable.</exception>
    public ServerAddress Locate(ServerOptions options)
    {
        var folder = Folder(options);
        var (url, source) = Address(options, folder);
        if (url is null)
            throw new UsageException($"no server is known: there is no '{Path.Combine(folder, UrlFile)}'. Start one with 'granary up', or name one with --url URL or --data DIR.");
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Query.Length > 0)
            throw new UsageException($"'{url}' from {source} is not the address of a server; write it as http://HOST:PORT.");
        return new ServerAddress(uri, Credential(options, folder, uri), options.Tenant, source != UrlFile || options.Data is not null);
    }

    private string Folder(ServerOptions options) =>
        options.Data
        ?? NonEmpty("GRANARY_DATA")
        ?? (NonEmpty("GRANARY_LAUNCHER_DIR") is { } launcher ? Path.Combine(launcher, "data") : "data");

    private (string? Url, string Source) Address(ServerOptions options, string folder)
    {
        if (options.Url is { } given)
            return (given, "--url");
        if (options.Data is null && NonEmpty("GRANARY_URL") is { } fromEnvironment)
            return (fromEnvironment, "GRANARY_URL");
        return (ReadText(Path.Combine(folder, UrlFile)), UrlFile);
    }

    private string? Credential(ServerOptions options, string folder, Uri url)
    {
        if (options.TokenFile is { } named)
            return named == "-" ? Required(ReadInput(), "stdin") : Required(ReadText(named) ?? throw new UsageException($"the token file '{named}' cannot be read."), named);
        if (options.Data is null && NonEmpty("GRANARY_TOKEN") is { } token)
            return token.Trim();
        if (options.Data is null && NonEmpty("GRANARY_TOKEN_FILE") is { } file)
            return Required(ReadText(file) ?? throw new UsageException($"the file '{file}' that GRANARY_TOKEN_FILE names cannot be read."), file);
        var owner = ReadText(Path.Combine(folder, UrlFile));
        var sameServer = owner is not null && Uri.TryCreate(owner, UriKind.Absolute, out var ownerUrl) && ownerUrl == url;
        return sameServer ? ReadText(Path.Combine(folder, KeyFile)) : null;
    }

    private string ReadInput()
    {
        using var reader = new StreamReader(input, leaveOpen: true);
        return reader.ReadLine()?.Trim() ?? "";
    }

    private static string Required(string text, string source) =>
        text.Length > 0 ? text : throw new UsageException($"there is no token in {source}.");

    private string? NonEmpty(string name) => environment(name) is { Length: > 0 } value ? value : null;

    private static string? ReadText(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"'{file}' cannot be read: {error.Message}");
        }
    }
}
