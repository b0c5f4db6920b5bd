using System.Globalization;
using System.Text;

namespace Granary.Architecture.Tests.Behaviours;

/// <summary>Writes docs/behaviours.md from the list of behaviours and the traits of the tests.</summary>
internal static class BehaviourPage
{
    public const string File = "docs/behaviours.md";

    public static string Write(IReadOnlyList<BehaviourGroup> groups, IReadOnlyList<(string Number, string Test)> traits)
    {
        var tests = traits.ToLookup(trait => trait.Number, trait => trait.Test);
        var rows = groups.SelectMany(group => group.Rows).ToArray();
        var page = new StringBuilder();
        page.Append("""
            # Behaviours

            What Granary takes on, number by number, and the tests that prove it. A test states the number in a trait,
            `[Trait("Behaviour", "D31")]`; this page is generated from those traits:
            `GRANARY_WRITE_DOCS=1 ./granary test --filter Behaviour` writes it, and a test fails while it is out of date.

            States: **tested**; **open**, part of what is being built now but without a test of its own; **planned**, with the
            part of the work that brings it; **not built**, with what serves instead.


            """);
        page.Append(CultureInfo.InvariantCulture, $"{rows.Length} behaviours: {Count("tested")} tested, {Count("open")} open, {Count("planned")} planned, {Count("not built")} not built.\n");
        foreach (var group in groups)
        {
            page.Append(CultureInfo.InvariantCulture, $"\n## {group.Heading}\n\n| # | Granary | state | tests |\n|---|---|---|---|\n");
            foreach (var row in group.Rows)
            {
                var note = row.Note is null || row.Work == Work.NotBuilt ? "" : $" ({row.Note})";
                var names = string.Join("<br>", tests[row.Number].Order(StringComparer.Ordinal).Select(test => $"`{test}`"));
                page.Append(CultureInfo.InvariantCulture, $"| {row.Number} | {row.Title}{note} | {State(row, tests.Contains(row.Number))} | {names} |\n");
            }
        }

        return page.ToString().ReplaceLineEndings("\n");

        int Count(string state) => rows.Count(row => State(row, tests.Contains(row.Number)).StartsWith(state, StringComparison.Ordinal));
    }

    private static string State(BehaviourRow row, bool tested) => row.Work switch
    {
        _ when tested => "tested",
        Work.MainJob => "open",
        Work.NotBuilt => $"not built: {row.Note}",
        var work => $"planned ({work.ToString().ToLowerInvariant()})",
    };
}
