using System.CommandLine;
using System.Text.Json.Nodes;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;

namespace Granary.Admin.Commands.Keys;

/// <summary>key edit ID: changes what a key may do; its secret stays.</summary>
internal static class KeyEditCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Runner runner)
    {
        var id = new Argument<string>("ID") { Description = "Id of the key, or its start", HelpName = "ID" };
        var name = new Option<string?>("--name") { Description = "What the key is for", HelpName = "NAME" };
        var rights = new Option<string[]>("--rights") { Description = "read, write, admin, operator (repeatable, or with commas)", HelpName = "RIGHTS", Arity = ArgumentArity.OneOrMore };
        var scopes = new Option<string[]>("--scope") { Description = "Only for these scopes (repeatable, or with commas); \"\" for all", HelpName = "SCOPE", Arity = ArgumentArity.OneOrMore };
        var expires = new Option<string?>("--expires") { Description = "When it ends: 30d, 12h, or a time; \"\" for never", HelpName = "WHEN" };
        var unset = Patch.UnsetOption("scope, expires");
        return new Command("edit", "Change a key, not its secret; what is not named stays, \"\" unsets")
            .With(id, name, rights, scopes, expires, unset)
            .Does(runner, async (session, cancellationToken) =>
            {
                var patch = new Patch(session)
                    .List("scopes", scopes)
                    .Moment("expires", expires)
                    .Unset(unset);
                if (session.Value(name) is { } text)
                    patch.Body["name"] = text;
                if (Values.List(session.Value(rights)) is { } words)
                    patch.Body["rights"] = new JsonArray([.. words.Select(word => JsonValue.Create(word))]);
                var key = await KeyView.FindAsync(session, session.Value(id)!, cancellationToken);
                KeyView.Print(session, await session.Client.PatchAsync<ApiKey>($"{KeyView.Root}/{RequestTarget.Segment(key.Id)}", patch.Body, cancellationToken)
                    ?? await KeyView.FindAsync(session, key.Id, cancellationToken));
                return ExitCode.Done;
            });
    }
}
