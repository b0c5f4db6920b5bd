namespace Granary.Catalog;

/// <summary>When a delivery that was not accepted is tried again (S21). Pure.</summary>
public static class WebhookRetries
{
    /// <summary>Changes that may wait behind a delivery that fails; more pause the webhook.</summary>
    public const int MaxQueued = 1000;

    private static readonly TimeSpan[] Waits =
    [
        TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15), TimeSpan.FromHours(1),
        TimeSpan.FromHours(6), TimeSpan.FromHours(24),
    ];

    /// <summary>The wait after so many attempts that failed, at least 1; null when it is given up.</summary>
    public static TimeSpan? After(int attempts) => attempts <= Waits.Length ? Waits[attempts - 1] : null;
}
