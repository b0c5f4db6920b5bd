using Orleans.Concurrency;

namespace Granary.GrainInterfaces;

/// <summary>
/// Sends the changes of one scope to one webhook, in the order of the log (S21). Key: <c>{tenant}/{scope}/{webhook}</c>
/// (<see cref="WebhookKeys.Of"/>). What is to be sent and when is in the catalog's rows.
/// </summary>
[Alias("granary.IWebhookGrain")]
public interface IWebhookGrain : IGrainWithStringKey
{
    /// <summary>Says that there may be something to send; returns at once.</summary>
    [AlwaysInterleave, Alias("Wake")]
    Task WakeAsync(CancellationToken cancellationToken);
}

/// <summary>Keys of <see cref="IWebhookGrain"/>.</summary>
public static class WebhookKeys
{
    /// <summary>The key of a webhook.</summary>
    public static string Of(TenantId tenant, ScopeId scope, long webhook) => $"{GrainKeys.Scope(tenant, scope)}/{webhook}";

    /// <summary>Reads the webhook's id back.</summary>
    public static long Parse(string key) => long.Parse(key.AsSpan(key.LastIndexOf('/') + 1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture);
}
