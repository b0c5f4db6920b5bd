using System.Diagnostics;
using Granary.Admin.Transfer;

namespace Granary.Command.Tests.Pure;

public sealed class LocalTreeTests : IDisposable
{
    private readonly Files folder = new();

    public void Dispose()
    {
        // Names that are not UTF-8 cannot be deleted through the runtime.
        Shell($"rm -rf '{folder.Path}'/*");
        folder.Dispose();
    }

    [Fact]
    public void Odd_names_are_found_as_they_are()
    {
        string[] names = ["with space", "new\nline", "quo\"te's", "ü日𝄞", "back\\slash", "\uFFFD", "-dash", "a:b"];
        foreach (var name in names)
            folder.Write(name, name);
        var entries = LocalTree.Walk(folder.Path).ToList();
        Assert.All(entries, entry => Assert.Null(entry.Skipped));
        Assert.Equal(names.Order(StringComparer.Ordinal), entries.Select(entry => entry.Relative).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Names_that_are_not_UTF_8_are_skipped_with_the_folders_that_have_them()
    {
        Shell($"cd '{folder.Path}' && printf x > \"$(printf 'bad\\377')\" && mkdir \"$(printf 'dir\\376')\" && printf y > \"$(printf 'dir\\376')/inside\" && printf z > good");
        var entries = LocalTree.Walk(folder.Path).ToList();
        Assert.Equal("good", Assert.Single(entries, entry => entry.Skipped is null).Relative);
        Assert.Equal(2, entries.Count(entry => entry.Skipped == "its name is not UTF-8"));
    }

    [Fact]
    public void Symbolic_links_are_skipped_also_dangling_ones_and_those_to_folders()
    {
        folder.Write("dir/a", "x");
        File.CreateSymbolicLink(folder.At("to-file"), folder.At("dir/a"));
        Directory.CreateSymbolicLink(folder.At("to-dir"), folder.At("dir"));
        File.CreateSymbolicLink(folder.At("to-nothing"), folder.At("nothing"));
        var entries = LocalTree.Walk(folder.Path).ToList();
        Assert.Equal(["dir/a"], entries.Where(entry => entry.Skipped is null).Select(entry => entry.Relative));
        Assert.Equal(3, entries.Count(entry => entry.Skipped == "it is a symbolic link"));
    }

    [Fact]
    public void A_pipe_is_skipped_and_an_empty_file_is_not()
    {
        folder.Write("empty", "");
        Shell($"mkfifo '{folder.At("pipe")}'");
        var entries = LocalTree.Walk(folder.Path).ToList();
        Assert.Equal("empty", Assert.Single(entries, entry => entry.Skipped is null).Relative);
        Assert.Equal("it is neither a file nor a folder", Assert.Single(entries, entry => entry.Relative == "pipe").Skipped);
    }

    [Fact]
    public void A_folder_that_vanishes_meanwhile_is_named()
    {
        var entries = LocalTree.Walk(folder.At("gone")).ToList();
        Assert.StartsWith("the folder cannot be read", Assert.Single(entries).Skipped);
    }

    private static void Shell(string script)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]))!;
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
    }
}
