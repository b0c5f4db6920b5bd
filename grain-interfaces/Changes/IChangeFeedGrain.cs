using Orleans.Concurrency;

namespace Granary.GrainInterfaces;

/// <summary>
/// Announces on a stream how far one scope's change log has got (design, Changes). Key: <c>{tenant}/{scope}</c>
/// (<see cref="GrainKeys.Scope"/>). An announcement may be late or lost: whoever follows a log reads it from the catalog and
/// also looks at its head from time to time.
/// </summary>
[Alias("granary.IChangeFeedGrain")]
public interface IChangeFeedGrain : IGrainWithStringKey
{
    /// <summary>
    /// Says that changes up to a sequence number are committed. Nobody waits for the answer; of several numbers that come
    /// while one is being announced, the highest is announced.
    /// </summary>
    [OneWay, AlwaysInterleave, Alias("Announce")]
    Task AnnounceAsync(long sequence, CancellationToken cancellationToken);

    /// <summary>Says that webhooks of the scope were made, changed or deleted, so that the next change wakes the right ones.</summary>
    [AlwaysInterleave, Alias("WebhooksChanged")]
    Task WebhooksChangedAsync(CancellationToken cancellationToken);
}

/// <summary>One announcement.</summary>
/// <param name="Sequence">The log holds at least the changes up to this number.</param>
[GenerateSerializer, Immutable, Alias("granary.ChangesAnnounced")]
public sealed record ChangesAnnounced([property: Id(0)] long Sequence);

/// <summary>Names of the streams that carry <see cref="ChangesAnnounced"/>: one stream per scope, its key that of the grain.</summary>
public static class ChangeStreams
{
    /// <summary>Name of the stream provider.</summary>
    public const string Provider = "changes";

    /// <summary>Namespace of the streams.</summary>
    public const string Namespace = "scope";
}
