using System.Text.RegularExpressions;
using Granary.Silo.Commands;
using Granary.TestSupport;

namespace Granary.Process.Tests.Deployment;

/// <summary>Every command that a file for operators runs or recommends exists, with the options that it is given.</summary>
public sealed partial class ManifestCommandTests
{
    private static readonly string[] s_server = ["up", "down", "serve", "worker", "migrate"];
    private static readonly string s_client = Read("docs/commands.md");

    [Fact]
    public void Commands_of_containers_and_probes_exist()
    {
        var commands = new List<string[]>();
        commands.AddRange(Lists(Read("Dockerfile"), @"^CMD \[(.*)\]"));
        commands.AddRange(Lists(Read("docker-compose.yml"), @"^    command: \[(.*)\]|^  command: \[(.*)\]").Where(list => list[0] is not ("server" or "redis-server") && !list[0].StartsWith('-')));
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "k8s", "base"), "*.yaml"))
        {
            commands.AddRange(Lists(File.ReadAllText(file), @"^ +args: \[(.*)\]"));
        }

        commands.AddRange(Lists(Read("docker-compose.yml"), @"^ +test: \[CMD, granary, (.*)\]"));
        Assert.Equal(["health --ready", "migrate", "serve", "worker"], commands.Select(command => string.Join(' ', command)).Distinct().Order());
        commands.ForEach(Check);
    }

    [Fact]
    public void Commands_that_texts_recommend_exist()
    {
        var files = Directory.EnumerateFiles(Path.Combine(Repository.Root, "k8s"), "*.yaml", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "deploy")))
            .Concat(new[] { "Dockerfile", "docker-compose.yml", "docs/cluster.md", "docs/database.md" }.Select(file => Path.Combine(Repository.Root, file)));
        var found = 0;
        foreach (var file in files)
        {
            foreach (Match match in Recommended().Matches(File.ReadAllText(file)))
            {
                Check(match.Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries));
                found++;
            }
        }

        Assert.True(found >= 8, $"Only {found} commands were found.");
    }

    [Theory]
    [InlineData("health --readyy")]
    [InlineData("cluster drian SILO")]
    [InlineData("serve --sillos 3")]
    public void What_does_not_exist_is_found_out(string command) => Assert.ThrowsAny<Exception>(() => Check(command.Split(' ')));

    private static void Check(string[] command)
    {
        if (s_server.Contains(command[0]))
        {
            CommandLine.Parse(command);
            return;
        }

        // The page of commands is made from the commands themselves, and a test fails while it is out of date.
        var words = command.TakeWhile(word => Word().IsMatch(word)).ToList();
        var name = string.Join(' ', words.Take(Find(string.Join(' ', words.Take(2))) is null ? 1 : 2));
        var section = Find(name) ?? throw new InvalidOperationException($"There is no command '{name}'.");
        if (words.Count > 1 && name == words[0] && s_client.Contains($"\n### granary {name} ", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"'{name}' has no verb '{words[1]}'.");
        }

        foreach (var option in command.Where(word => word.StartsWith("--", StringComparison.Ordinal)))
        {
            Assert.True(section.Contains($"`{option.Split('=')[0]}`", StringComparison.Ordinal), $"'granary {name}' has no option {option}.");
        }
    }

    // What the page says of a command; null where there is none.
    private static string? Find(string name)
    {
        var heading = Regex.Match(s_client, $"^###? granary {Regex.Escape(name)}$", RegexOptions.Multiline);
        return heading.Success ? s_client[heading.Index..].Split("\n##", 2)[0] : null;
    }

    private static IEnumerable<string[]> Lists(string text, string pattern) =>
        Regex.Matches(text, pattern, RegexOptions.Multiline)
            .Select(match => match.Groups.Values.Skip(1).First(group => group.Success).Value.Split(',').Select(word => word.Trim().Trim('"')).ToArray());

    private static string Read(string path) => File.ReadAllText(Path.Combine(Repository.Root, path));

    // In code or a sentence, `granary` begins a command where a lower-case word follows on the same line.
    [GeneratedRegex(@"(?:\./granary|`granary|exec \S+ granary|\(granary) ((?:[a-z-]+)(?: (?:--)?[A-Za-z][A-Za-z0-9=.-]*| [0-9]+)*)")]
    private static partial Regex Recommended();

    [GeneratedRegex("^[a-z][a-z-]*$")]
    private static partial Regex Word();
}
