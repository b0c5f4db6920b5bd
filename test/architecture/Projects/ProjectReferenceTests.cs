using System.Text.RegularExpressions;
using Granary.Architecture.Tests.Repository;

namespace Granary.Architecture.Tests.Projects;

/// <summary>Dependencies point one way (docs/architecture.md). The table is the rule; a project that is not in it fails.</summary>
public sealed partial class ProjectReferenceTests
{
    private static readonly string[] Product =
        ["grain-interfaces", "stores", "catalog", "grains", "client-api", "silo", "admin"];

    // What each project may reference. Orleans and its stand-in come through eng/Feeds.targets and are not listed.
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["grain-interfaces"] = [],
        ["stores"] = ["grain-interfaces"],
        ["catalog"] = ["grain-interfaces"],
        ["grains"] = ["grain-interfaces", "stores", "catalog"],
        ["client-api"] = ["grain-interfaces", "stores", "catalog"],
        ["silo"] = ["grain-interfaces", "stores", "catalog", "grains", "client-api"],
        ["admin"] = [],
        ["compat/orleans"] = [],
        ["compat/mysqlconnector"] = [],
        ["eng/probe"] = [],
    };

    [Fact]
    public void Every_project_references_only_what_the_table_allows()
    {
        Findings.None("References against the direction of the dependencies", ProjectFile.All.SelectMany(project =>
            project.References
                .Where(reference => !MayReference(project.Folder, reference))
                .Select(reference => $"{project.Folder} -> {reference}")));
    }

    [Fact]
    public void Every_project_has_a_row_in_the_table()
    {
        Findings.None("Projects without a rule; add them to the table", ProjectFile.All
            .Select(project => project.Folder)
            .Where(folder => !Allowed.ContainsKey(folder) && !IsForTesting(folder)));
    }

    [Fact]
    public void Only_the_feed_targets_reference_the_stand_ins()
    {
        Findings.None("compat/ is named outside eng/Feeds.targets", Checkout.FilesOf(".csproj")
            .Concat(Checkout.FilesOf(".props"))
            .Concat(Checkout.FilesOf(".targets"))
            .Where(file => file != "eng/Feeds.targets" && !file.StartsWith("compat/", StringComparison.Ordinal))
            .Where(file => Checkout.Read(file).Contains("compat/", StringComparison.Ordinal)
                || Checkout.Read(file).Contains("compat\\", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_command_line_client_knows_neither_Orleans_nor_a_database()
    {
        var admin = ProjectFile.All.Single(project => project.Folder == "admin");

        Assert.Null(admin.Property("UsesOrleans"));
        Assert.Null(admin.Property("UsesSqlite"));
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = Checkout.Read("Orleans.sln").Replace('\\', '/');

        // The probe is restored by itself, never built: on some feeds it cannot be.
        Findings.None("Projects that a build of Orleans.sln leaves out", ProjectFile.All
            .Where(project => project.Folder != "eng/probe" && !solution.Contains($"\"{project.File}\"", StringComparison.Ordinal))
            .Select(project => project.File));
    }

    [Theory]
    [InlineData("silo")]
    [InlineData("admin")]
    [InlineData("bench")]
    public void The_launcher_watches_every_folder_that_a_program_is_built_from(string program)
    {
        var line = SourcesLine().Matches(Checkout.Read("eng/stale.sh")).Single(match => match.Groups["part"].Value == program);
        var watched = line.Groups["folders"].Value.Split(' ').ToHashSet(StringComparer.Ordinal);

        var needed = new SortedSet<string>(StringComparer.Ordinal);
        Collect(program, needed);
        Findings.None($"Folders that {program} is built from and eng/stale.sh does not watch", needed.Where(folder => !watched.Contains(folder)));
    }

    private static void Collect(string folder, SortedSet<string> into)
    {
        if (into.Add(folder))
        {
            foreach (var reference in ProjectFile.All.Single(project => project.Folder == folder).References)
            {
                Collect(reference, into);
            }
        }
    }

    // Tests and benchmarks see everything but the stand-ins; nothing of the product sees them.
    private static bool MayReference(string folder, string reference) =>
        Allowed.TryGetValue(folder, out var allowed)
            ? allowed.Contains(reference)
            : IsForTesting(folder) && (Product.Contains(reference) || IsForTesting(reference));

    private static bool IsForTesting(string folder) =>
        folder == "bench" || folder.StartsWith("bench/", StringComparison.Ordinal) || folder.StartsWith("test/", StringComparison.Ordinal);

    [GeneratedRegex("""^\s*(?<part>[a-z]+)\) echo "(?<folders>[^"]+)" ;;""", RegexOptions.Multiline)]
    private static partial Regex SourcesLine();
}
