using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Webhooks of scopes (S21): what they are, what they send next, and what became of it.</summary>
public sealed class WebhookCatalog(CatalogDatabase database)
{
    /// <summary>Webhooks that one scope may have.</summary>
    public const int MaxPerScope = 20;

    /// <summary>Purpose under which <see cref="SecretProtector"/> encrypts the secrets that sign.</summary>
    public static ReadOnlySpan<byte> SecretPurpose => "webhook-secret"u8;

    private static readonly Sql SelectScope = new("SELECT id FROM scope WHERE id = ?1 AND tenant = ?2 AND state = 0");

    /// <summary>Makes a webhook that sends what changes from now on.</summary>
    public async Task<CreatedResult<long>> CreateAsync(NewWebhook webhook, OperationKey? operation, CancellationToken cancellationToken)
    {
        var outcome = await database.WriteAsync(
            session => AdminOutcome.RunOnce(session, webhook.Tenant, operation, () => Create(session, webhook)), cancellationToken);
        return outcome.ToCreated(static id => id);
    }

    /// <summary>Changes one; pausing keeps what waits, resuming tries it at once.</summary>
    public async Task<AdminResult> UpdateAsync(TenantId tenant, ScopeId scope, long id, WebhookEdit edit, OperationKey? operation, CancellationToken cancellationToken) =>
        (await RunAsync(tenant, scope, id, operation, (session, webhook) => Edit(session, webhook, edit), cancellationToken)).ToResult();

    /// <summary>Deletes one with its deliveries.</summary>
    public async Task<AdminResult> DeleteAsync(TenantId tenant, ScopeId scope, long id, OperationKey? operation, CancellationToken cancellationToken) =>
        (await RunAsync(tenant, scope, id, operation, (session, _) =>
        {
            WebhookTable.Delete(session, id);
            return AdminOutcome.Done;
        }, cancellationToken)).ToResult();

    /// <summary>Wishes that a delivery is sent once more, out of order and whatever became of it. One that waits is tried at once.</summary>
    public async Task<AdminResult> RedeliverAsync(TenantId tenant, ScopeId scope, long id, Guid delivery, OperationKey? operation, CancellationToken cancellationToken) =>
        (await RunAsync(tenant, scope, id, operation, (session, webhook) => Redeliver(session, webhook, delivery), cancellationToken)).ToResult();

    /// <summary>The webhooks of a scope, in the order of their ids.</summary>
    public Task<IReadOnlyList<WebhookInfo>> ListAsync(ScopeId scope, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<WebhookInfo>>(session => WebhookTable.OfScope(session, scope), cancellationToken);

    /// <summary>Deliveries of a webhook, newest first.</summary>
    public Task<IReadOnlyList<WebhookDelivery>> DeliveriesAsync(long id, Guid? before, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<WebhookDelivery>>(session => WebhookTable.Deliveries(session, id, before, limit), cancellationToken);

    /// <summary>
    /// Webhooks that have something to do now or within a time; asked at its intervals, so that none depends on a call that
    /// was lost.
    /// </summary>
    public Task<List<(long Id, TenantId Tenant, ScopeId Scope)>> DueAsync(TimeSpan within, CancellationToken cancellationToken) =>
        database.ReadAsync(session => WebhookTable.Due(session, session.Now + within), cancellationToken);

    /// <summary>What a webhook has to do next; makes the next delivery where there is something new.</summary>
    public Task<WebhookStep> NextAsync(long id, CancellationToken cancellationToken)
    {
        var delivery = Guid.CreateVersion7(database.Time.GetUtcNow()); // Before the transaction, which may run twice.
        return database.WriteAsync(session => WebhookQueue.Next(session, id, delivery), cancellationToken);
    }

    /// <summary>Records an attempt: accepted when <paramref name="error"/> is null.</summary>
    public Task AttemptedAsync(long id, Guid delivery, int? status, string? error, CancellationToken cancellationToken) =>
        database.WriteAsync(session => WebhookQueue.Attempted(session, id, delivery, status, error), cancellationToken);

    private Task<AdminOutcome> RunAsync(
        TenantId tenant, ScopeId scope, long id, OperationKey? operation, Func<CatalogSession, WebhookInfo, AdminOutcome> work, CancellationToken cancellationToken) =>
        database.WriteAsync(
            session => AdminOutcome.RunOnce(session, tenant, operation, () =>
                WebhookTable.Find(session, id) is { } webhook && webhook.Scope == scope ? work(session, webhook) : NotFound()),
            cancellationToken);

    private static AdminOutcome NotFound() => AdminOutcome.Refuse(AdminStatus.NotFound, "There is no such webhook.");

    private static AdminOutcome Create(CatalogSession session, NewWebhook webhook)
    {
        if (!session.Exists(SelectScope, webhook.Scope, webhook.Tenant))
        {
            return AdminOutcome.Refuse(AdminStatus.NotFound, "There is no such scope.");
        }

        if (WebhookTable.OfScope(session, webhook.Scope).Count >= MaxPerScope)
        {
            return AdminOutcome.Refuse(AdminStatus.Conflict, $"A scope has at most {MaxPerScope} webhooks.");
        }

        var id = session.NextId("webhook");
        WebhookTable.Add(session, id, webhook, ChangeLog.Head(session, webhook.Scope));
        return new AdminOutcome(AdminStatus.Created, Id: id.ToString());
    }

    private static AdminOutcome Edit(CatalogSession session, WebhookInfo webhook, WebhookEdit edit)
    {
        var changed = webhook with
        {
            Url = edit.Url ?? webhook.Url,
            Prefix = edit.Prefix ?? webhook.Prefix,
            EncryptedSecret = edit.EncryptedSecret ?? webhook.EncryptedSecret,
        };
        WebhookTable.Save(session, edit.Paused switch
        {
            true => changed with { State = WebhookState.Paused, Reason = "Paused on request.", Due = null },
            false => WebhookQueue.Resume(session, changed),
            null => changed,
        });
        return AdminOutcome.Done;
    }

    private static AdminOutcome Redeliver(CatalogSession session, WebhookInfo webhook, Guid delivery)
    {
        if (WebhookTable.FindDelivery(session, webhook.Id, delivery) is null)
        {
            return AdminOutcome.Refuse(AdminStatus.NotFound, "There is no such delivery.");
        }

        if (webhook.Pending == delivery && webhook.State == WebhookState.Active)
        {
            WebhookTable.Save(session, webhook with { Due = session.Now });
        }
        else if (webhook.Pending == delivery)
        {
            return AdminOutcome.Refuse(AdminStatus.Conflict, "The delivery is the one at which the webhook was paused: resume it.");
        }
        else
        {
            WebhookTable.WishAgain(session, webhook.Id, delivery);
        }

        return new AdminOutcome(AdminStatus.Accepted);
    }
}
