using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Keys;

/// <summary>key create NAME: the secret is shown once, or written to a file that only its owner can read.</summary>
internal static class KeyCreateCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var name = new Argument<string>("NAME") { Description = "What the key is for", HelpName = "NAME" };
        var rights = new Option<string[]>("--rights") { Description = "read, write, admin, operator (repeatable, or with commas)", HelpName = "RIGHTS", Arity = ArgumentArity.OneOrMore, Required = true };
        rights.CompletionSources.Add("read", "write", "read,write", "admin", "operator");
        var scopes = new Option<string[]>("--scope") { Description = "Only for these scopes (repeatable, or with commas)", HelpName = "SCOPE", Arity = ArgumentArity.OneOrMore };
        var expires = new Option<string?>("--expires") { Description = "When it ends: 30d, 12h, or a time", HelpName = "WHEN" };
        var output = new Option<string?>("--out") { Description = "Write the secret to this new file, readable by its owner only, instead of printing it", HelpName = "FILE" };
        return new Command("create", "Make a key; its secret is shown once and never again")
            .With(name, rights, scopes, expires, output)
            .Does(runner, async (session, cancellationToken) =>
            {
                var file = session.Value(output);
                if (file is not null && Path.Exists(file))
                    throw new UsageException($"--out: '{file}' exists already.");
                var request = new CreateKey(
                    session.Value(name)!, Values.List(session.Value(rights))!, Values.List(session.Value(scopes)),
                    Values.Moment("--expires", session.Value(expires), session.Time));
                var key = await session.Client.SendAsync<CreateKey, ApiKey>(HttpMethod.Post, KeyView.Root, request, cancellationToken)
                    ?? throw new UnexpectedAnswerException("the answer to the creation of a key is empty");
                var secretLost = key.Secret is null;
                if (file is not null && key.Secret is { } secret)
                {
                    await WriteSecretAsync(file, secret, cancellationToken);
                    key = key with { Secret = null };
                }

                KeyView.Print(session, key);
                if (secretLost)
                {
                    // The server made the key, but its first answer never came; it does not keep the secret to repeat it.
                    session.Warn($"granary: the answer with the secret was lost. Delete the key with 'granary key delete {key.Id}' and make another.");
                    return ExitCode.Incomplete;
                }

                session.Say(file is null ? "The secret is not shown again: keep it now." : $"The secret is in {file}; use it with --token {file}.");
                return ExitCode.Done;
            });
    }

    private static async Task WriteSecretAsync(string file, string secret, CancellationToken cancellationToken)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var writer = new StreamWriter(file, options);
        await writer.WriteAsync((secret + "\n").AsMemory(), cancellationToken);
    }
}
