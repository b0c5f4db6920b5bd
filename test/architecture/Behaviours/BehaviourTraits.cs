using System.Text.RegularExpressions;
using Granary.Architecture.Tests.Repository;

namespace Granary.Architecture.Tests.Behaviours;

/// <summary>
/// Finds which tests prove which behaviour by reading the sources of the tests: <c>[Trait("Behaviour", "D31")]</c> on a
/// method, or on a class for all of its tests. Sources rather than assemblies, so that the page does not depend on
/// what was built last.
/// </summary>
internal static partial class BehaviourTraits
{
    /// <summary>Every (number, test) pair; a test is <c>Class.Method</c>, or <c>Class</c> for a whole class.</summary>
    public static IReadOnlyList<(string Number, string Test)> Read() =>
        Checkout.FilesOf(".cs", "test")
            // The generator's own tests hold examples.
            .Where(file => !file.StartsWith("test/architecture/Behaviours/", StringComparison.Ordinal))
            .SelectMany(file => Read(Checkout.Read(file))).Distinct().ToArray();

    /// <summary>The pairs of one source file.</summary>
    public static IEnumerable<(string Number, string Test)> Read(string source)
    {
        var text = Comment().Replace(source, "");
        var type = "";
        var waiting = new List<string>();
        foreach (Match match in Token().Matches(text))
        {
            if (match.Groups["number"].Success)
            {
                waiting.Add(match.Groups["number"].Value);
                continue;
            }

            if (match.Groups["type"].Success)
            {
                type = match.Groups["type"].Value;
            }

            // A trait belongs to the next declaration after it.
            var test = match.Groups["type"].Success ? type : $"{type}.{match.Groups["method"].Value}";
            foreach (var number in waiting)
            {
                yield return (number, test);
            }

            waiting.Clear();
        }
    }

    [GeneratedRegex(@"^\s*//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex("""
        Trait\(\s*"Behaviour"\s*,\s*"(?<number>[A-Z]\d+)"\s*\)
        |\b(?:class|record|struct)\s+(?<type>\w+)
        |^\s*public\s+(?:(?:async|virtual|override|static|abstract)\s+)*(?:void|Task|ValueTask)\s+(?<method>\w+)\s*\(
        """, RegexOptions.Multiline | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Token();
}
