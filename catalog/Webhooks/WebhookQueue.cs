using System.Text;

namespace Granary.Catalog;

/// <summary>
/// What a webhook sends next, and what became of it. A webhook's changes are sent in the order of the log: one delivery waits
/// at a time, and the next one is made when it was accepted.
/// </summary>
internal static class WebhookQueue
{
    /// <summary>Changes of one delivery.</summary>
    private const int Batch = 100;

    /// <summary>
    /// Decides what is next: (1) a delivery that is wished for again; (2) the one that waits, when it is due; (3) a new one
    /// from the log.
    /// </summary>
    public static WebhookStep Next(CatalogSession session, long id, Guid newDelivery)
    {
        if (WebhookTable.Find(session, id) is not { } webhook)
        {
            return new WebhookStep(WebhookStepKind.Gone);
        }

        if (WebhookTable.FindAgain(session, id) is { } again && again.Id != webhook.Pending)
        {
            return Send(session, webhook, again, isAgain: true);
        }

        if (webhook.State == WebhookState.Paused)
        {
            return new WebhookStep(WebhookStepKind.Idle);
        }

        if (webhook.Pending is not { } pending)
        {
            return Make(session, webhook, newDelivery);
        }

        return webhook.Due > session.Now
            ? new WebhookStep(WebhookStepKind.Wait, Due: webhook.Due)
            : Send(session, webhook, WebhookTable.FindDelivery(session, id, pending)!, isAgain: false);
    }

    /// <summary>Records an attempt.</summary>
    /// <param name="session">The transaction.</param>
    /// <param name="id">The webhook.</param>
    /// <param name="delivery">The delivery.</param>
    /// <param name="status">The target's HTTP status; null where there was no answer.</param>
    /// <param name="error">Why it failed, in one sentence; null when it was accepted.</param>
    public static bool Attempted(CatalogSession session, long id, Guid delivery, int? status, string? error)
    {
        if (WebhookTable.Find(session, id) is not { } webhook || WebhookTable.FindDelivery(session, id, delivery) is not { } tried)
        {
            return false;
        }

        tried = tried with { Attempts = tried.Attempts + 1, Status = status, Error = error, Attempted = session.Now };
        if (error is null)
        {
            tried = tried with { State = DeliveryState.Delivered };
        }

        WebhookTable.SaveDelivery(session, id, tried);
        if (webhook.Pending == delivery)
        {
            WebhookTable.Save(session, error is null ? webhook with { Pending = null, Due = null } : Postpone(session, webhook, tried));
        }

        return true;
    }

    /// <summary>An active webhook that goes on from where it was; when its changes are gone, from the end of the log.</summary>
    public static WebhookInfo Resume(CatalogSession session, WebhookInfo webhook)
    {
        var head = ChangeLog.Head(session, webhook.Scope);
        var from = webhook.Pending is { } pending && WebhookTable.FindDelivery(session, webhook.Id, pending) is { } waiting ? waiting.After : webhook.Position;
        if (from >= ChangeLog.Oldest(session, webhook.Tenant, webhook.Scope, head))
        {
            return webhook with { State = WebhookState.Active, Reason = null, Due = webhook.Pending is null ? null : session.Now };
        }

        GiveUp(session, webhook);
        return webhook with { State = WebhookState.Active, Reason = null, Position = head, Pending = null, Due = null };
    }

    private static WebhookInfo Postpone(CatalogSession session, WebhookInfo webhook, WebhookDelivery tried)
    {
        var queued = ChangeLog.Head(session, webhook.Scope) - webhook.Position;
        if (WebhookRetries.After(tried.Attempts) is not { } wait)
        {
            return webhook with { State = WebhookState.Paused, Reason = $"{tried.Attempts} attempts failed: {tried.Error}", Due = null };
        }

        return queued > WebhookRetries.MaxQueued
            ? webhook with { State = WebhookState.Paused, Reason = $"More than {WebhookRetries.MaxQueued} changes wait: {tried.Error}", Due = null }
            : webhook with { Due = session.Now + wait };
    }

    private static WebhookStep Make(CatalogSession session, WebhookInfo webhook, Guid id)
    {
        var page = ChangeLog.Read(session, webhook.Tenant, webhook.Scope, webhook.Position, Batch);
        if (page.State == CursorState.Expired)
        {
            return Pause(session, webhook);
        }

        if (page.Items.Count == 0)
        {
            return new WebhookStep(WebhookStepKind.Idle);
        }

        var upTo = page.Items[^1].Sequence;
        var wanted = Wanted(webhook, page.Items);
        if (wanted.Count == 0)
        {
            WebhookTable.Save(session, webhook with { Position = upTo });
            return new WebhookStep(WebhookStepKind.Skipped);
        }

        var delivery = new WebhookDelivery(id, webhook.Position, upTo, wanted.Count, DeliveryState.Waiting, 0, null, null, session.Now, null);
        WebhookTable.AddDelivery(session, webhook.Id, delivery);
        var changed = webhook with { Position = upTo, Pending = id, Due = session.Now };
        WebhookTable.Save(session, changed);
        return new WebhookStep(WebhookStepKind.Send, changed, delivery, wanted);
    }

    private static WebhookStep Send(CatalogSession session, WebhookInfo webhook, WebhookDelivery delivery, bool isAgain)
    {
        var page = ChangeLog.Read(session, webhook.Tenant, webhook.Scope, delivery.After, (int)(delivery.UpTo - delivery.After));
        if (page.State == CursorState.Valid)
        {
            return new WebhookStep(WebhookStepKind.Send, webhook, delivery, Wanted(webhook, page.Items), Again: isAgain);
        }

        if (!isAgain)
        {
            return Pause(session, webhook);
        }

        WebhookTable.SaveDelivery(session, webhook.Id, delivery with { Error = NotKept });
        return new WebhookStep(WebhookStepKind.Skipped);
    }

    private const string NotKept = "Its changes are not kept any more.";

    private static WebhookStep Pause(CatalogSession session, WebhookInfo webhook)
    {
        GiveUp(session, webhook);
        WebhookTable.Save(session, webhook with
        {
            State = WebhookState.Paused, Reason = "Changes that were to be sent are not kept any more; resuming goes on from the end of the log.", Pending = null, Due = null,
        });
        return new WebhookStep(WebhookStepKind.Idle);
    }

    private static void GiveUp(CatalogSession session, WebhookInfo webhook)
    {
        if (webhook.Pending is { } pending && WebhookTable.FindDelivery(session, webhook.Id, pending) is { } delivery)
        {
            WebhookTable.SaveDelivery(session, webhook.Id, delivery with { State = DeliveryState.GivenUp, Error = NotKept });
        }
    }

    private static List<ChangeInfo> Wanted(WebhookInfo webhook, IReadOnlyList<ChangeInfo> changes)
    {
        if (string.IsNullOrEmpty(webhook.Prefix))
        {
            return [.. changes];
        }

        var prefix = Encoding.UTF8.GetBytes(webhook.Prefix);
        return [.. changes.Where(c => c.Path.ToUtf8().AsSpan().StartsWith(prefix) || (c.OldPath is { } old && old.ToUtf8().AsSpan().StartsWith(prefix)))];
    }
}
