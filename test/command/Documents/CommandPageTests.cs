using Granary.TestSupport;

namespace Granary.Command.Tests.Documents;

public class CommandPageTests
{
    [Fact]
    public void The_page_of_commands_is_up_to_date()
    {
        var page = CommandPage.Make();
        var file = Path.Combine(Repository.Root, CommandPage.File);
        if (Environment.GetEnvironmentVariable("GRANARY_WRITE_DOCS") == "1")
            File.WriteAllText(file, page);
        Assert.True(
            File.Exists(file) && File.ReadAllText(file) == page,
            $"{CommandPage.File} is out of date; GRANARY_WRITE_DOCS=1 ./granary test --filter CommandPage writes it.");
    }
}
