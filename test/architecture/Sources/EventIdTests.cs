using System.Globalization;
using System.Text.RegularExpressions;
using Granary.Architecture.Tests.Repository;

namespace Granary.Architecture.Tests.Sources;

/// <summary>Event ids are how operators filter logs: one meaning each, in the range of the project that logs.</summary>
public sealed partial class EventIdTests
{
    // First id of each project's thousand. A folder that is not here must not log.
    private static readonly Dictionary<string, int> Ranges = new(StringComparer.Ordinal)
    {
        ["stores"] = 2000,
        ["catalog"] = 3000,
        ["grains"] = 4000,
        ["client-api"] = 5000,
        ["silo"] = 6000,
    };

    [Fact]
    public void Every_event_id_lies_in_the_range_of_its_project()
    {
        Findings.None("Event ids outside their range", Events()
            .Where(e => !Ranges.TryGetValue(e.File.Split('/')[0], out var first) || e.Id < first || e.Id >= first + 1000)
            .Select(e => e.ToString()));
    }

    [Fact]
    public void Every_event_id_has_one_meaning()
    {
        Findings.None("Event ids used twice", Events()
            .GroupBy(e => e.Id)
            .Where(group => group.Count() > 1)
            .Select(group => string.Join(", ", group)));
    }

    [Fact]
    public void Every_log_message_states_its_event_id()
    {
        Findings.None("LoggerMessage attributes without an event id", Attributes()
            .Where(attribute => attribute.Id is null)
            .Select(attribute => attribute.File));
    }

    private static IEnumerable<LogEvent> Events() => Attributes().Where(a => a.Id is not null).Select(a => new LogEvent(a.File, a.Id!.Value));

    private static IEnumerable<(string File, int? Id)> Attributes()
    {
        // What stands in for a package has that package's ids, not ours.
        foreach (var file in Checkout.FilesOf(".cs", Checkout.ProductFolders.Where(folder => folder != "compat")))
        {
            foreach (Match match in LoggerMessage().Matches(Checkout.Read(file)))
            {
                var id = EventId().Match(match.Groups["arguments"].Value);
                yield return (file, id.Success ? int.Parse(id.Groups["id"].Value.Replace("_", ""), CultureInfo.InvariantCulture) : null);
            }
        }
    }

    private sealed record LogEvent(string File, int Id)
    {
        public override string ToString() => $"{Id} in {File}";
    }

    [GeneratedRegex(@"\[LoggerMessage\((?<arguments>[^\]]*)", RegexOptions.Singleline)]
    private static partial Regex LoggerMessage();

    // The id is the first positional argument, or the named one.
    [GeneratedRegex(@"^\s*(?<id>[\d_]+)|EventId\s*=\s*(?<id>[\d_]+)")]
    private static partial Regex EventId();
}
