namespace Granary.Catalog;

/// <summary>Settings of upload sessions.</summary>
public sealed class UploadSessionOptions
{
    /// <summary>A session ends when nothing comes for so long. Default 24 h (http-api, Uploads).</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The end is moved at most once in this time; it lies so much later than promised at most.</summary>
    public TimeSpan Slack => Lifetime / 64;
}
