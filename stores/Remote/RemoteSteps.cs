namespace Granary.Stores;

/// <summary>
/// What silos say to each other about steps of maintenance: a POST to <see cref="Path"/> that names run, task and version in
/// its query, answered by <see cref="RemoteStep"/>.
/// </summary>
public static class RemoteSteps
{
    /// <summary>Where steps are asked for.</summary>
    public const string Path = "/internal/v1/steps";

    /// <summary>Path and query of a step.</summary>
    public static string Of(long run, int task, long version) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Path}?run={run}&task={task}&version={version}");
}

/// <summary>What became of a step at another silo.</summary>
/// <param name="Chunks">Chunks that it did.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="RestMilliseconds">How long the task rests.</param>
/// <param name="HasEnded">Whether the task has nothing more to do.</param>
public sealed record RemoteStep(long Chunks, long Bytes, double RestMilliseconds, bool HasEnded);
