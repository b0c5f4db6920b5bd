using Granary.Admin.Transfer;

namespace Granary.Command.Tests.Pure;

public sealed class TargetFolderTests : IDisposable
{
    private readonly Files folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Folders_above_a_file_are_made()
    {
        var file = new TargetFolder(folder.At("out")).Prepare("a/b/c.txt");
        Assert.Equal(folder.At("out/a/b/c.txt"), file);
        Assert.True(Directory.Exists(folder.At("out/a/b")));
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("a//b")]
    [InlineData("/etc/x")]
    [InlineData("a/./b")]
    [InlineData("a/")]
    [InlineData("nul\0")]
    public void Paths_that_lead_elsewhere_are_refused(string relative)
    {
        Assert.Throws<LocalFileException>(() => new TargetFolder(folder.At("out")).Prepare(relative));
        Assert.False(File.Exists(folder.At("x")));
    }

    [Fact]
    public void Nothing_is_written_through_a_link()
    {
        Directory.CreateDirectory(folder.At("elsewhere"));
        Directory.CreateDirectory(folder.At("out"));
        Directory.CreateSymbolicLink(folder.At("out/link"), folder.At("elsewhere"));
        var error = Assert.Throws<LocalFileException>(() => new TargetFolder(folder.At("out")).Prepare("link/x"));
        Assert.Contains("symbolic link", error.Message);
    }

    [Fact]
    public void A_file_where_a_folder_is_needed_and_the_reverse_are_named()
    {
        folder.Write("out/a", "x");
        folder.Write("out/b/c", "x");
        var target = new TargetFolder(folder.At("out"));
        Assert.Contains("is a file here", Assert.Throws<LocalFileException>(() => target.Prepare("a/b")).Message);
        Assert.Contains("is a folder here", Assert.Throws<LocalFileException>(() => target.Prepare("b")).Message);
    }

    [Fact]
    public void The_file_that_lies_inside_another_file_is_found()
    {
        var clash = new NameClash();
        string[] paths = ["a", "a!", "a-b", "a-b/x", "a/b", "a/b/c", "b", "ba"];
        Assert.Equal(["a-b", "a", "a"], paths.Select(clash.Next).OfType<string>());
    }
}
