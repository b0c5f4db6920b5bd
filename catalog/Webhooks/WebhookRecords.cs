using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>State of a webhook.</summary>
public enum WebhookState
{
    /// <summary>Changes are sent.</summary>
    Active = 0,

    /// <summary>Nothing is sent until it is resumed.</summary>
    Paused = 1,
}

/// <summary>State of a delivery.</summary>
public enum DeliveryState
{
    /// <summary>Not accepted yet.</summary>
    Waiting = 0,

    /// <summary>The target accepted it.</summary>
    Delivered = 1,

    /// <summary>Given up: its changes are not kept any more.</summary>
    GivenUp = 2,
}

/// <summary>Asks for a webhook.</summary>
public sealed record NewWebhook
{
    /// <summary>The tenant.</summary>
    public required TenantId Tenant { get; init; }

    /// <summary>The scope whose changes are sent.</summary>
    public required ScopeId Scope { get; init; }

    /// <summary>Where to, <c>http</c> or <c>https</c>.</summary>
    public required string Url { get; init; }

    /// <summary>Only changes of paths that begin so; null for all.</summary>
    public string? Prefix { get; init; }

    /// <summary>The secret that signs, encrypted.</summary>
    public required byte[] EncryptedSecret { get; init; }
}

/// <summary>What may change about a webhook; what is null stays.</summary>
/// <param name="Url">Where to.</param>
/// <param name="Prefix">Only changes of paths that begin so; empty for all.</param>
/// <param name="EncryptedSecret">The secret that signs, encrypted.</param>
/// <param name="Paused">True pauses, false resumes.</param>
public sealed record WebhookEdit(string? Url, string? Prefix, byte[]? EncryptedSecret, bool? Paused);

/// <summary>One webhook.</summary>
public sealed record WebhookInfo
{
    /// <summary>Its id, unique in the installation.</summary>
    public required long Id { get; init; }

    /// <summary>The tenant.</summary>
    public required TenantId Tenant { get; init; }

    /// <summary>The scope whose changes are sent.</summary>
    public required ScopeId Scope { get; init; }

    /// <summary>Where to.</summary>
    public required string Url { get; init; }

    /// <summary>Only changes of paths that begin so; null for all.</summary>
    public string? Prefix { get; init; }

    /// <summary>The secret that signs, encrypted.</summary>
    public required byte[] EncryptedSecret { get; init; }

    /// <summary>Active or paused.</summary>
    public required WebhookState State { get; init; }

    /// <summary>Why it is paused, in one sentence.</summary>
    public string? Reason { get; init; }

    /// <summary>Up to this change deliveries were made; the last of them may still wait.</summary>
    public required long Position { get; init; }

    /// <summary>The delivery that waits to be accepted.</summary>
    public Guid? Pending { get; init; }

    /// <summary>When it is tried; null when none waits.</summary>
    public DateTimeOffset? Due { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }
}

/// <summary>One delivery: some consecutive changes.</summary>
/// <param name="Id">The same in every attempt.</param>
/// <param name="After">The changes after this one,</param>
/// <param name="UpTo">up to this one.</param>
/// <param name="Changes">So many of them are sent; a prefix leaves others out.</param>
/// <param name="State">Waiting, delivered or given up.</param>
/// <param name="Attempts">Attempts so far.</param>
/// <param name="Status">HTTP status of the last attempt; null where there was no answer.</param>
/// <param name="Error">Why the last attempt failed, in one sentence.</param>
/// <param name="Created">When it was made.</param>
/// <param name="Attempted">When it was last tried.</param>
public sealed record WebhookDelivery(
    Guid Id, long After, long UpTo, int Changes, DeliveryState State, int Attempts, int? Status, string? Error, DateTimeOffset Created, DateTimeOffset? Attempted);

/// <summary>What a webhook has to do next.</summary>
public enum WebhookStepKind
{
    /// <summary>It is gone.</summary>
    Gone,

    /// <summary>It is paused, or there is nothing to send.</summary>
    Idle,

    /// <summary>Something waits for its time.</summary>
    Wait,

    /// <summary>Something is to be sent now.</summary>
    Send,

    /// <summary>There were only changes that it does not want; there may be more.</summary>
    Skipped,
}

/// <summary>What a webhook has to do next.</summary>
/// <param name="Kind">What.</param>
/// <param name="Webhook">The webhook, to send.</param>
/// <param name="Delivery">What to send.</param>
/// <param name="Changes">Its changes.</param>
/// <param name="Due">When, to wait.</param>
/// <param name="Again">It was delivered before and is sent again on request.</param>
public sealed record WebhookStep(
    WebhookStepKind Kind, WebhookInfo? Webhook = null, WebhookDelivery? Delivery = null, IReadOnlyList<ChangeInfo>? Changes = null,
    DateTimeOffset? Due = null, bool Again = false);
