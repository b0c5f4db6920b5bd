using System.Text;
using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>The statements on webhooks and their deliveries.</summary>
internal static class WebhookTable
{
    /// <summary>Deliveries that are kept per webhook.</summary>
    private const int Kept = 200;

    private const string Columns = "id, tenant, scope, url, prefix, secret, state, reason, position, pending, due, created";

    private const string DeliveryColumns = "id, first_after, up_to, changes, state, attempts, status, error, created, attempted";

    private static readonly Sql SelectOne = new($"SELECT {Columns} FROM webhook WHERE id = ?1 /*lock*/");

    private static readonly Sql SelectOfScope = new($"SELECT {Columns} FROM webhook WHERE scope = ?1 ORDER BY id");

    private static readonly Sql SelectBehind = new("""
        SELECT w.id, w.tenant, w.scope FROM webhook w JOIN scope_head h ON h.scope = w.scope
        WHERE w.state = 0 AND ((w.due IS NULL AND h.sequence > w.position) OR w.due <= ?1)
        """);

    private static readonly Sql Insert = new(
        "INSERT INTO webhook (id, tenant, scope, url, prefix, secret, position, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");

    private static readonly Sql Update = new(
        "UPDATE webhook SET url = ?2, prefix = ?3, secret = ?4, state = ?5, reason = ?6, position = ?7, pending = ?8, due = ?9 WHERE id = ?1");

    private static readonly Sql DeleteOne = new("DELETE FROM webhook WHERE id = ?1");

    private static readonly Sql DeleteDeliveries = new("DELETE FROM webhook_delivery WHERE webhook = ?1");

    private static readonly Sql InsertDelivery = new(
        "INSERT INTO webhook_delivery (webhook, id, first_after, up_to, changes, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");

    private static readonly Sql SelectDelivery = new($"SELECT {DeliveryColumns} FROM webhook_delivery WHERE webhook = ?1 AND id = ?2 /*lock*/");

    private static readonly Sql SelectAgain = new(
        $"SELECT {DeliveryColumns} FROM webhook_delivery WHERE webhook = ?1 AND again = 1 ORDER BY id LIMIT 1");

    private static readonly Sql SelectDeliveries = new(
        $"SELECT {DeliveryColumns} FROM webhook_delivery WHERE webhook = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3");

    private static readonly Sql UpdateDelivery = new(
        "UPDATE webhook_delivery SET state = ?3, attempts = ?4, status = ?5, error = ?6, attempted = ?7, again = 0 WHERE webhook = ?1 AND id = ?2");

    private static readonly Sql UpdateAgain = new("UPDATE webhook_delivery SET again = 1 WHERE webhook = ?1 AND id = ?2");

    private static readonly Sql SelectOldest = new("SELECT id FROM webhook_delivery WHERE webhook = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2");

    private static readonly Sql DeleteOld = new("DELETE FROM webhook_delivery WHERE webhook = ?1 AND id <= ?2 AND state <> 0 AND again = 0");

    public static WebhookInfo? Find(CatalogSession session, long id)
    {
        using var rows = session.Query(SelectOne, id);
        return rows.Read() ? Read(rows) : null;
    }

    public static List<WebhookInfo> OfScope(CatalogSession session, ScopeId scope)
    {
        var found = new List<WebhookInfo>();
        using var rows = session.Query(SelectOfScope, scope);
        while (rows.Read())
        {
            found.Add(Read(rows));
        }

        return found;
    }

    /// <summary>Those that have something to do before a time.</summary>
    public static List<(long Id, TenantId Tenant, ScopeId Scope)> Due(CatalogSession session, DateTimeOffset before)
    {
        var found = new List<(long, TenantId, ScopeId)>();
        using var rows = session.Query(SelectBehind, before);
        while (rows.Read())
        {
            found.Add((rows.Long(0), new TenantId(rows.Long(1)), new ScopeId(rows.Long(2))));
        }

        return found;
    }

    public static void Add(CatalogSession session, long id, NewWebhook webhook, long position) => session.Execute(
        Insert, id, webhook.Tenant, webhook.Scope, webhook.Url, Bytes(webhook.Prefix), webhook.EncryptedSecret, position, session.Now);

    public static void Save(CatalogSession session, WebhookInfo webhook) => session.Execute(
        Update, webhook.Id, webhook.Url, Bytes(webhook.Prefix), webhook.EncryptedSecret, (int)webhook.State, webhook.Reason, webhook.Position,
        webhook.Pending is { } pending ? Key(pending) : SqlValue.Null, webhook.Due);

    public static void Delete(CatalogSession session, long id)
    {
        session.Execute(DeleteDeliveries, id);
        session.Execute(DeleteOne, id);
    }

    /// <summary>Removes the webhooks of a scope that is deleted.</summary>
    public static void DeleteOfScope(CatalogSession session, ScopeId scope) => OfScope(session, scope).ForEach(webhook => Delete(session, webhook.Id));

    public static void AddDelivery(CatalogSession session, long webhook, WebhookDelivery delivery)
    {
        session.Execute(InsertDelivery, webhook, Key(delivery.Id), delivery.After, delivery.UpTo, delivery.Changes, delivery.Created);
        byte[]? old = null;
        using (var rows = session.Query(SelectOldest, webhook, Kept))
        {
            old = rows.Read() ? rows.Span(0).ToArray() : null;
        }

        if (old is not null)
        {
            session.Execute(DeleteOld, webhook, old);
        }
    }

    public static WebhookDelivery? FindDelivery(CatalogSession session, long webhook, Guid id)
    {
        using var rows = session.Query(SelectDelivery, webhook, Key(id));
        return rows.Read() ? ReadDelivery(rows) : null;
    }

    /// <summary>A delivery that is wished for again.</summary>
    public static WebhookDelivery? FindAgain(CatalogSession session, long webhook)
    {
        using var rows = session.Query(SelectAgain, webhook);
        return rows.Read() ? ReadDelivery(rows) : null;
    }

    public static List<WebhookDelivery> Deliveries(CatalogSession session, long webhook, Guid? before, int limit)
    {
        var found = new List<WebhookDelivery>();
        using var rows = session.Query(SelectDeliveries, webhook, Key(before ?? Guid.AllBitsSet), limit);
        while (rows.Read())
        {
            found.Add(ReadDelivery(rows));
        }

        return found;
    }

    public static void SaveDelivery(CatalogSession session, long webhook, WebhookDelivery delivery) => session.Execute(
        UpdateDelivery, webhook, Key(delivery.Id), (int)delivery.State, delivery.Attempts, delivery.Status, delivery.Error, delivery.Attempted);

    public static void WishAgain(CatalogSession session, long webhook, Guid id) => session.Execute(UpdateAgain, webhook, Key(id));

    private static byte[] Key(Guid id) => id.ToByteArray(bigEndian: true);

    private static byte[]? Bytes(string? prefix) => string.IsNullOrEmpty(prefix) ? null : Encoding.UTF8.GetBytes(prefix);

    private static WebhookInfo Read(SqlRows rows) => new()
    {
        Id = rows.Long(0),
        Tenant = new TenantId(rows.Long(1)),
        Scope = new ScopeId(rows.Long(2)),
        Url = rows.Text(3),
        Prefix = rows.IsNull(4) ? null : Encoding.UTF8.GetString(rows.Span(4)),
        EncryptedSecret = rows.Span(5).ToArray(),
        State = (WebhookState)rows.Int(6),
        Reason = rows.TextOrNull(7),
        Position = rows.Long(8),
        Pending = rows.IsNull(9) ? null : new Guid(rows.Span(9), bigEndian: true),
        Due = rows.TimeOrNull(10),
        Created = rows.Time(11),
    };

    private static WebhookDelivery ReadDelivery(SqlRows rows) => new(
        new Guid(rows.Span(0), bigEndian: true), rows.Long(1), rows.Long(2), rows.Int(3), (DeliveryState)rows.Int(4), rows.Int(5), rows.IntOrNull(6),
        rows.TextOrNull(7), rows.Time(8), rows.TimeOrNull(9));
}
