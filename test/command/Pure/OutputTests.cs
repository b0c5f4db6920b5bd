using Granary.Admin.Output;

namespace Granary.Command.Tests.Pure;

public class OutputTests
{
    [Fact]
    public void A_table_has_one_header_and_keeps_its_widths_over_pages()
    {
        var table = new Table<(string Name, long Size)>(
            new("SIZE", row => Show.Number(row.Size), Right: true), new("NAME", row => row.Name));
        Assert.Equal([" SIZE  NAME", "12345  a"], table.Lines([("a", 12345)]));
        Assert.Equal(["    1  b"], table.Lines([("b", 1)]));
    }

    [Theory]
    [InlineData("plain name.txt", "plain name.txt")]
    [InlineData("ü日", "ü日")]
    [InlineData("new\nline", "$'new\\nline'")]
    [InlineData("es\u001b[31mc", "$'es\\x1b[31mc'")]
    [InlineData("it's\t", "$'it\\'s\\t'")]
    [InlineData("bidi\u202e", "$'bidi\\xe2\\x80\\xae'")]
    public void A_name_that_would_move_the_terminal_is_quoted_as_a_shell_would(string name, string shown) => Assert.Equal(shown, Show.Name(name));

    [Theory]
    [InlineData("abc", 3)]
    [InlineData("日本", 4)]
    [InlineData("e\u0301", 1)]
    [InlineData("👍", 2)]
    public void Width_is_counted_in_cells(string text, int cells) => Assert.Equal(cells, DisplayWidth.Of(text));

    [Fact]
    public void Sizes_are_plain_bytes_when_asked()
    {
        Assert.Equal("67108864", new Show(plainBytes: true).Size(64L << 20));
        Assert.Equal("64MiB", new Show(plainBytes: false).Size(64L << 20));
        Assert.Equal("-", new Show(plainBytes: false).Size(null));
    }
}
