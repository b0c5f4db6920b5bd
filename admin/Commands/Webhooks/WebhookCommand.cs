using System.CommandLine;
using System.Text.Json.Nodes;
using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;

namespace Granary.Admin.Commands.Webhooks;

/// <summary>webhook: who is told of a scope's changes over HTTP.</summary>
internal static class WebhookCommand
{
    /// <summary>The noun with its verbs.</summary>
    public static Command Create(Runner runner) => new Command("webhook", "Targets that a scope's changes are sent to").With(
        Make(runner), List(runner), Deliveries(runner), Redeliver(runner), Resume(runner), Delete(runner));

    private static Argument<string> Scope() => new("SCOPE") { Description = "The scope", HelpName = "SCOPE" };

    private static Argument<string> Id() => new("ID") { Description = "Id of the webhook", HelpName = "ID" };

    private static string Root(string scope) => $"/api/v1/scopes/{RequestTarget.Segment(scope)}/webhooks";

    private static string Item(string scope, string id) => $"{Root(scope)}/{RequestTarget.Segment(id)}";

    private static Command Make(Runner runner)
    {
        var (scope, url) = (Scope(), new Argument<string>("URL") { Description = "Where to: http or https", HelpName = "URL" });
        var prefix = new Option<string?>("--prefix") { Description = "Only changes of paths that begin so", HelpName = "PATH" };
        return new Command("create", "Make a webhook; its secret is shown once and never again").With(scope, url, prefix).Does(runner, async (session, cancellationToken) =>
        {
            var request = new CreateWebhook(session.Value(url)!, session.Value(prefix), null);
            var webhook = await session.Client.SendAsync<CreateWebhook, Webhook>(HttpMethod.Post, Root(session.Value(scope)!), request, cancellationToken)
                ?? throw new UnexpectedAnswerException("the answer to the creation of a webhook is empty");
            Print(session, webhook);
            session.Say("The secret is not shown again: keep it now.");
            return ExitCode.Done;
        });
    }

    private static Command List(Runner runner)
    {
        var scope = Scope();
        return new Command("list", "List the webhooks of a scope").With(scope).Does(runner, async (session, cancellationToken) =>
        {
            var table = new Table<Webhook>(
                new Column<Webhook>("ID", w => w.Id),
                new Column<Webhook>("STATE", w => w.State),
                new Column<Webhook>("WAITING", w => Show.Count(w.Waiting), Right: true),
                new Column<Webhook>("NEXT ATTEMPT", w => Show.Time(w.NextAttempt)),
                new Column<Webhook>("URL", w => Show.Name(w.Url)),
                new Column<Webhook>("REASON", w => w.Reason ?? Show.None));
            await foreach (var page in session.Client.PagesAsync<Webhook>(Root(session.Value(scope)!), "", cancellationToken))
                session.Printer.Rows(table, page);
            return ExitCode.Done;
        });
    }

    private static Command Deliveries(Runner runner)
    {
        var (scope, id) = (Scope(), Id());
        return new Command("deliveries", "List what was sent to a webhook, newest first").With(scope, id).Does(runner, async (session, cancellationToken) =>
        {
            var table = new Table<Delivery>(
                new Column<Delivery>("ID", d => d.Id),
                new Column<Delivery>("STATE", d => d.State),
                new Column<Delivery>("CHANGES", d => $"{d.After + 1}-{d.UpTo}"),
                new Column<Delivery>("ATTEMPTS", d => Show.Number(d.Attempts), Right: true),
                new Column<Delivery>("LAST", d => Show.Time(d.Attempted)),
                new Column<Delivery>("ERROR", d => d.Error ?? Show.None));
            await foreach (var page in session.Client.PagesAsync<Delivery>(Item(session.Value(scope)!, session.Value(id)!) + "/deliveries", "", cancellationToken))
                session.Printer.Rows(table, page);
            return ExitCode.Done;
        });
    }

    private static Command Redeliver(Runner runner)
    {
        var (scope, id) = (Scope(), Id());
        var delivery = new Argument<string>("DELIVERY") { Description = "Id of the delivery", HelpName = "DELIVERY" };
        return new Command("redeliver", "Send a delivery once more").With(scope, id, delivery).Does(runner, async (session, cancellationToken) =>
        {
            var target = $"{Item(session.Value(scope)!, session.Value(id)!)}/deliveries/{RequestTarget.Segment(session.Value(delivery)!)}/redeliver";
            await session.Client.SendAsync<JsonObject, Webhook>(HttpMethod.Post, target, [], cancellationToken);
            session.Say("It is sent in a moment; 'granary webhook deliveries' shows what became of it.");
            return ExitCode.Done;
        });
    }

    private static Command Resume(Runner runner)
    {
        var (scope, id) = (Scope(), Id());
        return new Command("resume", "Resume a paused webhook; what waits is tried at once").With(scope, id).Does(runner, async (session, cancellationToken) =>
        {
            var webhook = await session.Client.SendAsync<JsonObject, Webhook>(
                HttpMethod.Post, Item(session.Value(scope)!, session.Value(id)!) + "/resume", [], cancellationToken);
            Print(session, webhook ?? throw new UnexpectedAnswerException("the answer to a resumption is empty"));
            return ExitCode.Done;
        });
    }

    private static Command Delete(Runner runner)
    {
        var (scope, id) = (Scope(), Id());
        return new Command("delete", "Delete a webhook with its deliveries").With(scope, id).Does(runner, async (session, cancellationToken) =>
        {
            await session.Client.DeleteAsync(Item(session.Value(scope)!, session.Value(id)!), null, cancellationToken);
            session.Printer.Event(new Deleted("webhook", session.Value(id)!), $"deleted webhook {session.Value(id)}");
            return ExitCode.Done;
        });
    }

    private static void Print(Session session, Webhook webhook)
    {
        var properties = new List<(string, string)>
        {
            ("id", webhook.Id),
            ("url", Show.Name(webhook.Url)),
            ("prefix", webhook.Prefix is { } prefix ? Show.Name(prefix) : Show.None),
            ("state", webhook.State),
            ("reason", webhook.Reason ?? Show.None),
            ("waiting", Show.Count(webhook.Waiting)),
        };
        if (webhook.Secret is { } secret)
            properties.Add(("secret", secret));
        session.Printer.Record(webhook, [.. properties]);
    }
}
