namespace Granary.Stores;

/// <summary>Names under which stores and buffers are measured.</summary>
public static class StoreMetrics
{
    /// <summary>The meter of this project.</summary>
    public const string MeterName = "Granary.Stores";
}
