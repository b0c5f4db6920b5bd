namespace Granary.Bench;

/// <summary>One line of the bench's table: what was measured, beside the limit or peer of the same run and the bar.</summary>
/// <param name="Scenario">Name of the scenario that measured it.</param>
/// <param name="Name">What was measured.</param>
/// <param name="Value">The figure in <paramref name="Unit"/>.</param>
/// <param name="Unit">Unit of the figure.</param>
/// <param name="Bar">The least (or, with <paramref name="AtMost"/>, the greatest) value that passes; null when only told.</param>
/// <param name="AtMost">True when smaller is better.</param>
/// <param name="Beside">What it stands beside: the limit or peer it is a ratio to.</param>
internal sealed record Figure(
    string Scenario, string Name, double Value, string Unit, double? Bar = null, bool AtMost = false, string Beside = "")
{
    /// <summary>True where the figure reaches its bar or has none.</summary>
    public bool Passed => Bar is not { } bar || (AtMost ? Value <= bar : Value >= bar);
}
