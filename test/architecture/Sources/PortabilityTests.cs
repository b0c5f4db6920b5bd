using System.Diagnostics;
using System.Text.RegularExpressions;
using Granary.Architecture.Tests.Repository;

namespace Granary.Architecture.Tests.Sources;

/// <summary>Nothing in the checkout ties it to one machine: no folder of somebody's home, no address of a package feed.</summary>
public sealed partial class PortabilityTests
{
    private static readonly string[] TextFiles =
        [".cs", ".csproj", ".props", ".targets", ".config", ".json", ".yml", ".yaml", ".md", ".sh", ".sql", ".txt", ".sln", ".html", "granary", "run", "Dockerfile"];

    [Fact]
    public void No_file_names_a_home_folder_or_this_checkout()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string[] machine = home.Length > 1 ? [home + "/", Checkout.Root + "/"] : [Checkout.Root + "/"];

        Findings.None("Paths of one machine", Lines().Where(line =>
                HomeFolder().IsMatch(line.Text) || machine.Any(path => line.Text.Contains(path, StringComparison.Ordinal)))
            .Select(line => line.ToString()));
    }

    [Fact]
    public async Task No_file_names_the_address_of_a_package_feed()
    {
        var hosts = await FeedHostsOfThisMachineAsync();

        Findings.None("Addresses of package feeds", Lines().Where(line =>
                FeedAddress().IsMatch(line.Text) || hosts.Any(host => line.Text.Contains(host, StringComparison.OrdinalIgnoreCase)))
            .Select(line => line.ToString()));
    }

    // What this machine restores from, so that a company's own feed is recognised wherever the tests run.
    private static async Task<IReadOnlyList<string>> FeedHostsOfThisMachineAsync()
    {
        var start = new ProcessStartInfo("dotnet", ["nuget", "list", "source"])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = Checkout.Root,
        };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return Host().Matches(output).Select(match => match.Groups["host"].Value).Distinct().ToArray();
    }

    private static IEnumerable<SourceLine> Lines() => Checkout.Files
        .Where(file => TextFiles.Any(end => file.EndsWith(end, StringComparison.Ordinal)))
        .SelectMany(file => Checkout.ReadLines(file).Select((text, index) => new SourceLine(file, index + 1, text)));

    private sealed record SourceLine(string File, int Number, string Text)
    {
        public override string ToString() => $"{File}:{Number}: {Text.Trim()}";
    }

    [GeneratedRegex(@"(?<![\w/.-])/(home|Users|root)/\w|[A-Z]:\\Users\\")]
    private static partial Regex HomeFolder();

    [GeneratedRegex(@"https?://[^\s""'<>]*(api\.nuget\.org|/v3/index\.json|registry\.npmjs|pypi\.org|deb\.debian\.org|artifactory|/nexus/)", RegexOptions.IgnoreCase)]
    private static partial Regex FeedAddress();

    [GeneratedRegex(@"https?://(?<host>[^/\s:]+)")]
    private static partial Regex Host();
}
