namespace Granary.Catalog;

/// <summary>What became of one step of a task of a run.</summary>
/// <param name="Chunks">Chunks that it did.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="Rest">How long the task rests now.</param>
/// <param name="HasEnded">Whether the task has nothing more to do.</param>
public sealed record RunStepDone(long Chunks, long Bytes, TimeSpan Rest, bool HasEnded)
{
    /// <summary>Nothing was done, for the row had gone on meanwhile: look at it again.</summary>
    public static RunStepDone Stale { get; } = new(0, 0, TimeSpan.Zero, HasEnded: false);
}

/// <summary>Does steps in this process, whichever silo the maintenance grain is on. The row decides: a step counts once.</summary>
public interface IRunSteps
{
    /// <summary>One bounded step of a task; nothing where the row is not at that version any more.</summary>
    Task<RunStepDone> RunHereAsync(long run, int task, long version, CancellationToken cancellationToken);
}

/// <summary>The other silos of a cluster, for steps that are better done there. Provided by the composition root; a silo alone has none.</summary>
public interface IStepSilos
{
    /// <summary>Silos that live, this one included.</summary>
    ValueTask<IReadOnlyList<SiloAddressInfo>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Lets a silo do a step.</summary>
    /// <returns>Null when it was not begun there, so that it may be done here; a rest where nobody knows.</returns>
    Task<RunStepDone?> RunAsync(SiloAddressInfo silo, long run, int task, long version, CancellationToken cancellationToken);
}
