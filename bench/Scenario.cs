namespace Granary.Bench;

/// <summary>One measured situation. Its load is bounded in count and time.</summary>
internal abstract class Scenario
{
    /// <summary>The name on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>One sentence for the help and the running commentary.</summary>
    public abstract string Summary { get; }

    /// <summary>Measures and reports figures into the context.</summary>
    public abstract Task RunAsync(ScenarioContext context, CancellationToken cancellationToken);
}

/// <summary>What a scenario works with: a folder of its own that is removed afterwards, a seed, and the figures.</summary>
internal sealed class ScenarioContext(string scenario, long seed) : IDisposable
{
    private readonly List<Figure> _figures = [];

    /// <summary>A fresh folder on the disk that temporary files live on.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory($"granary-bench-{scenario}-").FullName;

    /// <summary>Seed of all generated content.</summary>
    public long Seed { get; } = seed;

    /// <summary>What was measured so far.</summary>
    public IReadOnlyList<Figure> Figures => _figures;

    /// <summary>Records a figure that is only told.</summary>
    public void Tell(string name, double value, string unit, string beside = "") =>
        _figures.Add(new Figure(scenario, name, value, unit, Beside: beside));

    /// <summary>Records a figure that has a bar.</summary>
    public void Hold(string name, double value, string unit, double bar, bool atMost = false, string beside = "") =>
        _figures.Add(new Figure(scenario, name, value, unit, bar, atMost, beside));

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Directory.Delete(Folder, recursive: true);
        }
        catch (IOException)
        {
            // Left behind in the temporary folder; the figures stand.
        }
    }
}
