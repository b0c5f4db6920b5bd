using System.Net;
using Granary.Catalog;

namespace Granary.Silo.Configuration;

/// <summary>Change logs, and who is told of changes.</summary>
public sealed class ChangeOptions
{
    private const int DefaultDays = 30;
    private const int DefaultCount = 10_000_000;

    /// <summary>How long the change log of a scope is kept. Default 30 days, and 10 million changes.</summary>
    public required ChangeRetention Retention { get; init; }

    /// <summary>Networks that are not public and that webhooks may send to all the same. Default none.</summary>
    public required IReadOnlyList<IPNetwork> PrivateWebhookTargets { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static ChangeOptions Read(SettingSource source) => new()
    {
        Retention = new ChangeRetention
        {
            Age = TimeSpan.FromDays(source.Number("GRANARY_CHANGES_KEEP_DAYS", DefaultDays, 1, 36_500)),
            Count = source.Number("GRANARY_CHANGES_KEEP_COUNT", DefaultCount, 1, int.MaxValue),
        },
        PrivateWebhookTargets = HttpOptions.ReadNetworks(source, "GRANARY_WEBHOOK_PRIVATE"),
    };
}
