using Granary.Silo.Data;
using Granary.Silo.Processes;

namespace Granary.Process.Tests.Data;

public sealed class DataFolderTests : IDisposable
{
    private readonly DirectoryInfo _temp = Directory.CreateTempSubdirectory("granary-data-");

    private string Root => Path.Combine(_temp.FullName, "data");

    public void Dispose() => _temp.Delete(recursive: true);

    [Fact]
    public void A_held_folder_is_refused_in_one_sentence_that_says_what_to_do()
    {
        using var folder = DataFolder.Open(Root);
        folder.Announce("http://127.0.0.1:1234");
        var failure = Assert.Throws<DataFolderInUseException>(() => DataFolder.Open(Root));
        Assert.Contains($"process {Environment.ProcessId}", failure.Message, StringComparison.Ordinal);
        Assert.Contains("http://127.0.0.1:1234", failure.Message, StringComparison.Ordinal);
        Assert.Contains("granary down", failure.Message, StringComparison.Ordinal);
        Assert.True(DataFolder.IsHeld(Root));
    }

    [Fact]
    public void A_folder_that_was_let_go_says_so_and_can_be_taken_again()
    {
        DataFolder.Open(Root).Dispose();
        Assert.False(DataFolder.IsHeld(Root));
        Assert.Null(DataFolder.ReadHolder(Root));
        Assert.Null(DataFolder.ReadUrl(Root));
        DataFolder.Open(Root).Dispose();
    }

    [Fact]
    public void A_url_that_a_killed_server_left_is_removed_by_the_next()
    {
        Directory.CreateDirectory(Root);
        File.WriteAllText(DataFolder.UrlFile(Root), "http://127.0.0.1:9");
        using var folder = DataFolder.Open(Root);
        Assert.Null(DataFolder.ReadUrl(Root));
    }

    [Fact]
    public void A_pid_file_of_an_ended_process_names_no_holder_even_when_the_number_lives_again()
    {
        Directory.CreateDirectory(Root);
        var me = ProcessIdentity.Current();
        File.WriteAllText(DataFolder.PidFile(Root), new ProcessIdentity(me.Id, me.Started - 1).ToString());
        Assert.Null(DataFolder.ReadHolder(Root));
        File.WriteAllText(DataFolder.PidFile(Root), me.ToString());
        Assert.Equal(me, DataFolder.ReadHolder(Root));
    }

    [Fact]
    public void A_secret_is_made_once_and_readable_by_its_owner_only()
    {
        Directory.CreateDirectory(Root);
        var file = Path.Combine(Root, "operator.key");
        Assert.Equal("first", DataFolder.ReadOrMakeSecret(file, () => "first"));
        Assert.Equal("first", DataFolder.ReadOrMakeSecret(file, () => "second"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public void The_folder_is_for_its_owner_only()
    {
        using var folder = DataFolder.Open(Root);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Root));
    }
}
