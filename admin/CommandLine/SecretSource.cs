namespace Granary.Admin.CommandLine;

/// <summary>Reads secrets from where secrets may be: a file, stdin, or the environment. Never from an argument.</summary>
internal static class SecretSource
{
    /// <summary>The secret without surrounding white space; null when there is none.</summary>
    /// <param name="session">The streams and the environment.</param>
    /// <param name="option">The option that named the file, for messages.</param>
    /// <param name="file">The file, - for stdin, or null.</param>
    /// <param name="variable">The variable that is looked at where no file is named.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<string?> ReadAsync(Session session, string option, string? file, string variable, CancellationToken cancellationToken)
    {
        if (file is null)
            return session.Variable(variable)?.Trim();
        try
        {
            using var reader = file == "-" ? new StreamReader(session.Terminal.Input, leaveOpen: true) : new StreamReader(file);
            var secret = (await reader.ReadToEndAsync(cancellationToken)).Trim();
            return secret.Length > 0 ? secret : throw new UsageException($"{option}: there is nothing in {(file == "-" ? "stdin" : $"'{file}'")}.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{option}: '{file}' cannot be read: {error.Message}");
        }
    }
}
