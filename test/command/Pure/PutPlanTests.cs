using Granary.Admin.CommandLine;
using Granary.Admin.Paths;
using Granary.Admin.Transfer;

namespace Granary.Command.Tests.Pure;

public sealed class PutPlanTests : IDisposable
{
    private readonly Files folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_file_takes_the_name_of_the_target() =>
        Assert.Equal(["name"], Targets("main:/name", false, folder.Write("a.txt", "x")));

    [Fact]
    public void A_target_that_ends_in_a_slash_is_a_folder() =>
        Assert.Equal(["dir/a.txt"], Targets("main:/dir/", false, folder.Write("a.txt", "x")));

    [Fact]
    public void The_scope_itself_is_a_folder() => Assert.Equal(["a.txt"], Targets("main:/", false, folder.Write("a.txt", "x")));

    [Fact]
    public void Several_files_go_under_the_target() =>
        Assert.Equal(["dir/a.txt", "dir/b.txt"], Targets("main:/dir", false, folder.Write("a.txt", "x"), folder.Write("b.txt", "y")));

    [Fact]
    public void The_contents_of_a_folder_go_under_the_target_hidden_ones_too()
    {
        folder.Write("tree/a.txt", "x");
        folder.Write("tree/sub/b.txt", "y");
        folder.Write("tree/.hidden/.c", "z");
        Directory.CreateDirectory(folder.At("tree/empty"));
        Assert.Equal(["p/.hidden/.c", "p/a.txt", "p/sub/b.txt"], Targets("main:/p", true, folder.At("tree")));
        Assert.Equal(["p/.hidden/.c", "p/a.txt", "p/sub/b.txt"], Targets("main:/p/", true, folder.At("tree/")));
    }

    [Fact]
    public void A_folder_without_r_is_wrong_usage()
    {
        folder.Write("tree/a.txt", "x");
        Assert.Throws<UsageException>(() => PutPlan.Make([folder.At("tree")], RemotePath.Parse("main:/p"), false));
    }

    [Fact]
    public void Two_files_for_one_place_are_wrong_usage()
    {
        var (one, two) = (folder.Write("one/a.txt", "x"), folder.Write("two/a.txt", "y"));
        var error = Assert.Throws<UsageException>(() => PutPlan.Make([one, two], RemotePath.Parse("main:/p"), false));
        Assert.Contains("main:/p/a.txt", error.Message);
    }

    [Fact]
    public void A_file_that_is_not_there_is_named_and_the_others_stay()
    {
        var plan = PutPlan.Make([folder.At("gone"), folder.Write("a.txt", "x")], RemotePath.Parse("main:/p/"), false);
        Assert.Single(plan.Items);
        Assert.Equal("there is no such file", Assert.Single(plan.Skipped).Skipped);
    }

    [Fact]
    public void A_link_that_is_named_is_followed()
    {
        folder.Write("a.txt", "12345");
        File.CreateSymbolicLink(folder.At("link"), folder.At("a.txt"));
        var item = Assert.Single(PutPlan.Make([folder.At("link")], RemotePath.Parse("main:/p/"), false).Items);
        Assert.Equal(("p/link", 5), (item.Target.Path, item.Size));
    }

    private static List<string> Targets(string target, bool recursive, params string[] sources)
    {
        var plan = PutPlan.Make(sources, RemotePath.Parse(target), recursive);
        Assert.Empty(plan.Skipped);
        return [.. plan.Items.Select(item => item.Target.Path).Order(StringComparer.Ordinal)];
    }
}
