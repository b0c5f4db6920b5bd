using Granary.Silo.Commands;

namespace Granary.Process.Tests.Commands;

public sealed class CommandLineTests
{
    [Fact]
    public void Options_are_read_with_a_blank_or_an_equals_sign()
    {
        var command = CommandLine.Parse(["up", "--data", "a b", "--port=81", "--detach"]);
        Assert.Equal("up", command.Role);
        Assert.Equal("a b", command.Values["data"]);
        Assert.Equal("81", command.Values["port"]);
        Assert.Contains("detach", command.Flags);
    }

    [Theory]
    [InlineData()]
    [InlineData("upp")]
    [InlineData("up", "--prot", "1")]
    [InlineData("up", "8080")]
    [InlineData("up", "--port")]
    [InlineData("up", "--port", "1", "--port", "2")]
    [InlineData("up", "--detach=yes")]
    [InlineData("down", "--port", "1")]
    public void What_is_not_understood_is_an_error(params string[] arguments) =>
        Assert.Throws<UsageException>(() => CommandLine.Parse(arguments));

    [Theory]
    [InlineData("--help")]
    [InlineData("up", "--help")]
    [InlineData("up", "--nonsense", "-h")]
    public void Help_wins_over_everything(params string[] arguments) => Assert.Equal("help", CommandLine.Parse(arguments).Role);

    [Fact]
    public void Help_ends_with_the_exit_codes() => Assert.Contains("Exit codes:", HelpText.Text.Split("\n\n")[^1], StringComparison.Ordinal);

    [Theory]
    [InlineData("0")]
    [InlineData("x")]
    [InlineData("-2")]
    public void A_count_is_at_least_one(string count) =>
        Assert.Throws<UsageException>(() => CommandLine.Parse(["up", "--silos", count]).Count("silos", 1));
}
