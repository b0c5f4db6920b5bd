using Granary.Architecture.Tests.Repository;

namespace Granary.Architecture.Tests.Behaviours;

/// <summary>The list of behaviours, the traits of the tests and docs/behaviours.md agree.</summary>
public sealed class BehaviourTests
{
    [Fact]
    public void The_page_of_behaviours_is_up_to_date()
    {
        var page = BehaviourPage.Write(BehaviourList.Groups, BehaviourTraits.Read());
        var path = Path.Combine(Checkout.Root, BehaviourPage.File);
        if (Environment.GetEnvironmentVariable("GRANARY_WRITE_DOCS") == "1")
        {
            File.WriteAllText(path, page);
        }

        var written = File.Exists(path) ? File.ReadAllText(path) : "";
        Assert.True(page == written, $"{BehaviourPage.File} is out of date; GRANARY_WRITE_DOCS=1 ./granary test --filter Behaviour writes it. {FirstDifference(page, written)}");
    }

    [Fact]
    public void Every_number_is_listed_once_and_without_gaps()
    {
        var numbers = BehaviourList.Rows.Select(row => row.Number).ToArray();
        var expected = new[] { ("D", 60), ("S", 23), ("O", 14), ("A", 10), ("U", 7), ("G", 16) }
            .SelectMany(part => Enumerable.Range(1, part.Item2).Select(n => $"{part.Item1}{n}"));

        Assert.Equal(expected.Order(StringComparer.Ordinal), numbers.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Tests_name_only_numbers_that_exist()
    {
        var known = BehaviourList.Rows.Select(row => row.Number).ToHashSet(StringComparer.Ordinal);

        Findings.None("Traits with an unknown number", BehaviourTraits.Read()
            .Where(trait => !known.Contains(trait.Number))
            .Select(trait => $"{trait.Number}: {trait.Test}"));
    }

    [Fact]
    public void What_is_not_built_says_what_serves_instead()
    {
        Findings.None("Rows without a reason", BehaviourList.Rows
            .Where(row => row.Work == Work.NotBuilt && string.IsNullOrEmpty(row.Note))
            .Select(row => row.Number));
    }

    [Fact]
    public void Traits_are_found_on_methods_and_classes()
    {
        var traits = BehaviourTraits.Read("""
            [Trait("Behaviour", "D1")]
            public sealed class Stores
            {
                // [Trait("Behaviour", "D9")]
                [Fact, Trait("Behaviour", "D2"), Trait("Behaviour", "D3")]
                public async Task Fills_to_the_byte()
                {
                }

                [Fact]
                public void Untraited()
                {
                }

                [Theory]
                [Trait("Behaviour", "D4")]
                [InlineData(1)]
                public virtual void Takes(int value)
                {
                }
            }
            """);

        Assert.Equal([("D1", "Stores"), ("D2", "Stores.Fills_to_the_byte"), ("D3", "Stores.Fills_to_the_byte"), ("D4", "Stores.Takes")], traits);
    }

    private static string FirstDifference(string expected, string actual)
    {
        var pair = expected.Split('\n').Zip(actual.Split('\n').Concat(Enumerable.Repeat("(nothing)", expected.Length))).FirstOrDefault(lines => lines.First != lines.Second);
        return $"First difference: expected \"{pair.First}\", found \"{pair.Second}\".";
    }
}
