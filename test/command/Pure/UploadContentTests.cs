using Granary.Admin.Transfer;

namespace Granary.Command.Tests.Pure;

public sealed class UploadContentTests : IDisposable
{
    private readonly Files folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(300_000)]
    public async Task A_file_that_stays_is_sent_whole_with_its_tag(int length)
    {
        var bytes = new byte[length];
        Array.Fill(bytes, (byte)7);
        using var content = new FileUploadContent(folder.Write("a", bytes), "text/plain");
        using var target = new MemoryStream();
        await content.CopyToAsync(target);
        Assert.Equal(bytes, target.ToArray());
        using var tag = new ContentTag();
        tag.Append(bytes);
        Assert.Equal(tag.Finish(), content.Tag);
        Assert.Equal(length, content.Headers.ContentLength);
        Assert.Equal(length, content.Sent);
    }

    [Fact]
    public async Task A_file_that_grows_is_never_sent_to_its_end()
    {
        var file = folder.Write("a", new byte[600_000]);
        await Changes(file, () => File.AppendAllText(file, "more"), "grew");
    }

    [Fact]
    public async Task A_file_that_gets_shorter_is_never_sent_to_its_end()
    {
        var file = folder.Write("a", new byte[600_000]);
        await Changes(file, () => File.WriteAllBytes(file, new byte[400_000]), "shorter");
    }

    [Fact]
    public async Task A_file_that_is_written_in_place_is_never_sent_to_its_end()
    {
        var file = folder.Write("a", new byte[600_000]);
        await Changes(file, () => File.SetLastWriteTimeUtc(file, new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc)), "was written to");
    }

    [Fact]
    public async Task An_empty_file_that_grows_is_noticed_too()
    {
        var file = folder.Write("a", "");
        using var content = new FileUploadContent(file, "text/plain");
        File.AppendAllText(file, "more");
        await Assert.ThrowsAnyAsync<Exception>(() => content.CopyToAsync(Stream.Null));
        Assert.Contains("grew", content.LocalFailure!.Message);
    }

    [Fact]
    public async Task Stdin_can_be_sent_again_only_while_nothing_was_read()
    {
        var started = new StreamUploadContent.Flag();
        using var content = new StreamUploadContent(new MemoryStream([1, 2, 3]), started, "text/plain");
        Assert.True(content.CanRepeat);
        await content.CopyToAsync(Stream.Null);
        Assert.False(content.CanRepeat);
    }

    [Fact]
    public async Task Progress_of_an_attempt_that_failed_is_taken_back_once()
    {
        var moved = 0L;
        var content = new FileUploadContent(folder.Write("a", "12345"), "text/plain") { Progress = count => moved += count };
        await content.CopyToAsync(Stream.Null);
        Assert.Equal(5, moved);
        content.Dispose();
        content.Dispose();
        Assert.Equal(0, moved);
    }

    private static async Task Changes(string file, Action change, string reason)
    {
        var sent = 0L;
        using var content = new FileUploadContent(file, "text/plain")
        {
            Progress = count =>
            {
                if (sent == 0)
                    change();
                sent += count;
            },
        };
        await Assert.ThrowsAnyAsync<Exception>(() => content.CopyToAsync(Stream.Null));
        Assert.Contains(reason, content.LocalFailure!.Message);
        Assert.True(sent < 600_000, "the request must break off before the last byte");
        Assert.Null(content.Tag);
    }
}
