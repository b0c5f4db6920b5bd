using System.Text.RegularExpressions;
using Granary.Architecture.Tests.Repository;

namespace Granary.Architecture.Tests.Documents;

/// <summary>Documents do not point at files that are not there.</summary>
public sealed partial class DocumentLinkTests
{
    [Fact]
    public void Every_relative_link_of_a_document_leads_to_a_file()
    {
        Findings.None("Links that lead nowhere", Checkout.FilesOf(".md").SelectMany(file => Link().Matches(Checkout.Read(file))
            .Select(match => match.Groups["target"].Value)
            .Where(target => !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith('#') && !target.StartsWith("mailto:", StringComparison.Ordinal))
            .Where(target => !Exists(file, target.Split('#')[0]))
            .Select(target => $"{file}: {target}")));
    }

    private static bool Exists(string document, string target)
    {
        var folder = Path.GetDirectoryName(Path.Combine(Checkout.Root, document))!;
        var path = Path.GetFullPath(Path.Combine(folder, Uri.UnescapeDataString(target)));
        return File.Exists(path) || Directory.Exists(path);
    }

    [GeneratedRegex(@"(?<!`)\[[^\]\n]+\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();
}
