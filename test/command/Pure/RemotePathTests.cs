using Granary.Admin.CommandLine;
using Granary.Admin.Paths;

namespace Granary.Command.Tests.Pure;

public class RemotePathTests
{
    [Theory]
    [InlineData("main:/a/b.txt", "main", "a/b.txt")]
    [InlineData("main:a/b.txt", "main", "a/b.txt")]
    [InlineData("main:/", "main", "")]
    [InlineData("main:", "main", "")]
    [InlineData("main://a", "main", "/a")]
    [InlineData("m-1:/x:y", "m-1", "x:y")]
    [InlineData("main:/../etc", "main", "../etc")]
    public void The_scope_ends_at_the_first_colon_and_one_leading_slash_is_dropped(string text, string scope, string path) =>
        Assert.Equal(new RemotePath(scope, path), RemotePath.Parse(text));

    [Theory]
    [InlineData("plain.txt")]
    [InlineData("./main:/x")]
    [InlineData("Main:/x")]
    [InlineData(":/x")]
    [InlineData("-a:/x")]
    [InlineData("")]
    public void What_has_no_scope_is_wrong_usage(string text) => Assert.Throws<UsageException>(() => RemotePath.Parse(text));

    [Fact]
    public void A_place_inside_a_folder_has_one_slash_between()
    {
        Assert.Equal("p/a", RemotePath.Parse("main:/p").Inside("a").Path);
        Assert.Equal("p/a", RemotePath.Parse("main:/p/").Inside("a").Path);
        Assert.Equal("a", RemotePath.Parse("main:/").Inside("a").Path);
    }

    [Fact]
    public void Order_is_that_of_the_UTF_8_bytes()
    {
        string[] expected = ["", "A", "a", "a!", "a/", "a/b", "é", "\uFFFD", "𝄞"];
        var shuffled = expected.Reverse().ToArray();
        Array.Sort(shuffled, RemotePath.CompareBytes);
        Assert.Equal(expected, shuffled);
        Assert.Equal(expected.OrderBy(text => Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(text)), StringComparer.Ordinal), shuffled);
    }
}
