using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Granary.Catalog;
using Granary.ClientApi.Administration;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.Http;
using Granary.ClientApi.OpenApi;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Granary.ClientApi.Webhooks;

/// <summary><c>/api/v1/scopes/{scope}/webhooks</c>: for admins of the scope (S21).</summary>
internal sealed partial class WebhookEndpoints(
    WebhookCatalog webhooks, ChangeLogCatalog log, SecretProtector secrets, IGrainFactory grains, ILogger<WebhookEndpoints> logger)
{
    /// <summary>Most characters of an address.</summary>
    public const int MaxUrl = 2048;

    /// <summary>Most characters of a secret.</summary>
    public const int MaxSecret = 200;

    private const int LeastSecret = 16;
    private const string Collection = ApiEndpoints.Root + "/scopes/{scope}/webhooks";
    private const string Item = Collection + "/{webhook}";
    private const string Deliveries = Item + "/deliveries";

    private readonly ILogger _logger = logger;

    /// <summary>Maps the resource.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapApi("GET", Collection, Rights.Admin, ListAsync).Describe(WebhookDescriptions.List);
        routes.MapApi("POST", Collection, Rights.Admin, CreateAsync).Describe(WebhookDescriptions.Create);
        routes.MapApi("GET", Item, Rights.Admin, call => WithOneAsync(call, ShowAsync)).Describe(WebhookDescriptions.Show);
        routes.MapApi("PATCH", Item, Rights.Admin, call => WithOneAsync(call, ChangeAsync)).Describe(WebhookDescriptions.Change);
        routes.MapApi("DELETE", Item, Rights.Admin, DeleteAsync).Describe(WebhookDescriptions.Delete);
        routes.MapApi("POST", Item + "/resume", Rights.Admin, call => WithOneAsync(call, ResumeAsync)).Describe(WebhookDescriptions.Resume);
        routes.MapApi("GET", Deliveries, Rights.Admin, call => WithOneAsync(call, DeliveriesAsync)).Describe(WebhookDescriptions.Deliveries);
        routes.MapApi("POST", Deliveries + "/{delivery}/redeliver", Rights.Admin, call => WithOneAsync(call, RedeliverAsync)).Describe(WebhookDescriptions.Redeliver);
    }

    private async Task<IResult> ListAsync(ApiCall call)
    {
        var (scope, problem) = await call.FindScopeAsync(call.Route("scope"));
        if (scope is null)
        {
            return problem!;
        }

        var head = await HeadAsync(scope, call);
        var all = (await webhooks.ListAsync(scope.Id, call.Aborted)).Select(w => (Key: w.Id.ToString("d19", CultureInfo.InvariantCulture), View: WebhookView.Of(w, head)));
        var page = PageRequest.From(call.Query).Cut(all, static w => w.Key);
        return ApiResults.Json(new Page<WebhookView>([.. page.Items.Select(static w => w.View)], page.Next), WebhooksJson.Default.WebhookPage);
    }

    private async Task<IResult> CreateAsync(ApiCall call)
    {
        var (scope, problem) = await call.FindScopeAsync(call.Route("scope"));
        if (scope is null)
        {
            return problem!;
        }

        var (body, unread) = await call.ReadBodyAsync();
        if (body is null)
        {
            return unread!;
        }

        var url = ReadUrl(body, required: true);
        var prefix = body.Text("prefix", maxLength: 1024);
        var secret = ReadSecret(body) ?? "whsec_" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        if (call.Check(body, out var operation) is { } refused)
        {
            return refused;
        }

        var asked = new NewWebhook { Tenant = scope.Tenant, Scope = scope.Id, Url = url!, Prefix = prefix, EncryptedSecret = Protect(secret) };
        var created = await webhooks.CreateAsync(asked, operation, call.Aborted);
        if (AdminAnswers.ToProblem(created.Result) is { } denied)
        {
            return denied;
        }

        await TellAsync(scope);
        var id = created.Id!.Value;
        var made = (await webhooks.ListAsync(scope.Id, call.Aborted)).FirstOrDefault(w => w.Id == id);
        return made is null
            ? NotFound()
            : ApiResults.Json(
                WebhookView.Of(made, await HeadAsync(scope, call), created.Replayed ? null : secret), WebhooksJson.Default.WebhookView, StatusCodes.Status201Created,
                $"{ApiEndpoints.Root}/scopes/{scope.Name}/webhooks/{id}");
    }

    private async Task<IResult> ShowAsync(ApiCall call, ScopeInfo scope, WebhookInfo webhook) =>
        ApiResults.Json(WebhookView.Of(webhook, await HeadAsync(scope, call)), WebhooksJson.Default.WebhookView);

    private async Task<IResult> ChangeAsync(ApiCall call, ScopeInfo scope, WebhookInfo webhook)
    {
        var (body, problem) = await call.ReadBodyAsync();
        if (body is null)
        {
            return problem!;
        }

        var edit = new WebhookEdit(
            ReadUrl(body, required: false), body.IsNull("prefix") ? "" : body.Text("prefix", maxLength: 1024), ReadSecret(body) is { } secret ? Protect(secret) : null,
            body.Flag("paused"));
        return call.Check(body, out var operation) is { } refused ? refused : await UpdateAsync(call, scope, webhook, edit, operation);
    }

    private async Task<IResult> ResumeAsync(ApiCall call, ScopeInfo scope, WebhookInfo webhook)
    {
        var operation = OperationKeys.Read(call.Http, default, out var problem);
        return problem ?? await UpdateAsync(call, scope, webhook, new WebhookEdit(null, null, null, Paused: false), operation);
    }

    private async Task<IResult> UpdateAsync(ApiCall call, ScopeInfo scope, WebhookInfo webhook, WebhookEdit edit, OperationKey? operation)
    {
        if (AdminAnswers.ToProblem(await webhooks.UpdateAsync(scope.Tenant, scope.Id, webhook.Id, edit, operation, call.Aborted)) is { } denied)
        {
            return denied;
        }

        await WakeAsync(webhook);
        return await WithOneAsync(call, ShowAsync);
    }

    private async Task<IResult> DeleteAsync(ApiCall call)
    {
        var (scope, problem) = await call.FindScopeAsync(call.Route("scope"));
        if (scope is null)
        {
            return problem!;
        }

        var operation = OperationKeys.Read(call.Http, default, out problem);
        if (problem is not null)
        {
            return problem;
        }

        if (ReadId(call) is not { } id)
        {
            return NotFound();
        }

        var result = await webhooks.DeleteAsync(scope.Tenant, scope.Id, id, operation, call.Aborted);
        await TellAsync(scope);
        return AdminAnswers.Deleted(result);
    }

    private async Task<IResult> DeliveriesAsync(ApiCall call, ScopeInfo scope, WebhookInfo webhook)
    {
        var page = PageRequest.From(call.Query);
        Guid? before = null;
        if (page.After is { } after)
        {
            if (!Guid.TryParseExact(after, "n", out var id))
            {
                return Problem.Invalid("after", "after is what the page before gave as next.");
            }

            before = id;
        }

        var found = await webhooks.DeliveriesAsync(webhook.Id, before, page.Limit + 1, call.Aborted);
        var items = found.Take(page.Limit).Select(DeliveryView.Of).ToList();
        return ApiResults.Json(new Page<DeliveryView>(items, found.Count > page.Limit ? items[^1].Id : null), WebhooksJson.Default.DeliveryPage);
    }

    private async Task<IResult> RedeliverAsync(ApiCall call, ScopeInfo scope, WebhookInfo webhook)
    {
        var operation = OperationKeys.Read(call.Http, default, out var problem);
        if (problem is not null)
        {
            return problem;
        }

        if (!Guid.TryParseExact(call.Route("delivery"), "n", out var delivery))
        {
            return Problem.NotFound("There is no such delivery.");
        }

        var result = await webhooks.RedeliverAsync(scope.Tenant, scope.Id, webhook.Id, delivery, operation, call.Aborted);
        await WakeAsync(webhook);
        return AdminAnswers.Deleted(result);
    }

    private async Task<IResult> WithOneAsync(ApiCall call, Func<ApiCall, ScopeInfo, WebhookInfo, Task<IResult>> answer)
    {
        var (scope, problem) = await call.FindScopeAsync(call.Route("scope"));
        if (scope is null)
        {
            return problem!;
        }

        var id = ReadId(call);
        var webhook = id is null ? null : (await webhooks.ListAsync(scope.Id, call.Aborted)).FirstOrDefault(w => w.Id == id);
        return webhook is null ? NotFound() : await answer(call, scope, webhook);
    }

    private static Problem NotFound() => Problem.NotFound("There is no such webhook.");

    private static long? ReadId(ApiCall call) =>
        long.TryParse(call.Route("webhook"), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    private async Task<long> HeadAsync(ScopeInfo scope, ApiCall call) => (await log.HeadsAsync([scope.Id], call.Aborted))[0];

    private byte[] Protect(string secret) => secrets.Protect(Encoding.UTF8.GetBytes(secret), WebhookCatalog.SecretPurpose);

    private static string? ReadUrl(JsonRequest body, bool required)
    {
        var text = body.Text("url", required, MaxUrl);
        if (text is null)
        {
            return null;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0 || uri.Fragment.Length > 0)
        {
            body.Error("url", "url is an http or https address without a user name and a fragment.");
        }

        return text;
    }

    private static string? ReadSecret(JsonRequest body)
    {
        var secret = body.Text("secret", maxLength: MaxSecret);
        if (secret?.Length < LeastSecret)
        {
            body.Error("secret", $"secret has {LeastSecret} to {MaxSecret} characters.");
        }

        return secret;
    }

    // Rows decide: whoever is not told looks for itself within a minute.
    private async Task TellAsync(ScopeInfo scope)
    {
        try
        {
            await grains.GetGrain<IChangeFeedGrain>(GrainKeys.Scope(scope.Tenant, scope.Id)).WebhooksChangedAsync(CancellationToken.None);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            LogNotTold(failure, scope.Name);
        }
    }

    private async Task WakeAsync(WebhookInfo webhook)
    {
        try
        {
            await grains.GetGrain<IWebhookGrain>(WebhookKeys.Of(webhook.Tenant, webhook.Scope, webhook.Id)).WakeAsync(CancellationToken.None);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            LogNotTold(failure, webhook.Scope.ToString());
        }
    }

    [LoggerMessage(5320, LogLevel.Warning, "Webhooks of scope {Scope} could not be woken; they are within a minute.")]
    private partial void LogNotTold(Exception failure, string scope);
}
