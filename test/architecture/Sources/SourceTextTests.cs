using System.Text.RegularExpressions;
using Granary.Architecture.Tests.Repository;

namespace Granary.Architecture.Tests.Sources;

/// <summary>Rules that are about the text of the sources, which no compiler holds.</summary>
public sealed partial class SourceTextTests
{
    // compat/ is a stand-in, not a framework: past this it grows features that the product does not call. All lines count,
    // comments and blank ones too, the cluster's included.
    private const int LinesOfCompatOrleans = 4_000;

    [Fact]
    public void No_source_is_compiled_conditionally()
    {
        Findings.None("Conditional compilation (both feeds compile the same text)", Checkout.FilesOf(".cs").SelectMany(file =>
            Matches(file, ConditionalCompilation())));
    }

    [Fact]
    public void The_Orleans_stand_in_stays_small()
    {
        var lines = Checkout.FilesOf(".cs", "compat/orleans").Sum(file => Checkout.ReadLines(file).Length);

        Assert.True(lines < LinesOfCompatOrleans, $"compat/orleans has {lines} lines, which must stay under {LinesOfCompatOrleans}.");
    }

    [Fact]
    public void Nothing_is_left_unfinished()
    {
        Findings.None("Unfinished places", Checkout.FilesOf(".cs")
            .SelectMany(file => Matches(file, Unfinished())));
    }

    [Fact]
    public void Every_source_file_has_a_file_scoped_namespace_or_is_a_program()
    {
        // The stand-in gathers types of several Orleans namespaces in a file.
        Findings.None("Block namespaces", Checkout.FilesOf(".cs").Where(file => !file.StartsWith("compat/", StringComparison.Ordinal)).SelectMany(file => Matches(file, BlockNamespace())));
    }

    private static IEnumerable<string> Matches(string file, Regex pattern) => Checkout.ReadLines(file)
        .Select((line, index) => (line, index))
        .Where(entry => pattern.IsMatch(entry.line))
        .Select(entry => $"{file}:{entry.index + 1}: {entry.line.Trim()}");

    [GeneratedRegex(@"^\s*#\s*(if|elif|else|endif)\b")]
    private static partial Regex ConditionalCompilation();

    [GeneratedRegex(@"throw new NotImplemented[E]xception|\b(TO[D]O|FIX[M]E|HA[C]K)\b|Assert\.True\([t]rue\)|\bSkip\s*=\s*""")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"^namespace\s+[\w.]+\s*\{?\s*$")]
    private static partial Regex BlockNamespace();
}
