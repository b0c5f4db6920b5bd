using Granary.Admin.Output;

namespace Granary.Command.Tests.Pure;

public class SizeTextTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("17", 17)]
    [InlineData("17B", 17)]
    [InlineData("64MiB", 64L << 20)]
    [InlineData("64 MiB", 64L << 20)]
    [InlineData("1.5GiB", 3L << 29)]
    [InlineData("10MB", 10_000_000)]
    [InlineData("1kB", 1000)]
    [InlineData("7EiB", 7L << 60)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void A_size_with_a_unit_is_read_to_the_byte(string text, long bytes) => Assert.Equal(bytes, SizeText.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("MiB")]
    [InlineData("64M")]
    [InlineData("64mib")]
    [InlineData("-1")]
    [InlineData("1.")]
    [InlineData(".5KiB")]
    [InlineData("1.2.3KiB")]
    [InlineData("0.3B")]
    [InlineData("8EiB")]
    [InlineData("99999999999999999999999999999EiB")]
    public void What_is_no_whole_number_of_bytes_is_refused(string text) => Assert.Throws<FormatException>(() => SizeText.Parse(text));

    [Theory]
    [InlineData(0, "0B")]
    [InlineData(1023, "1023B")]
    [InlineData(1024, "1KiB")]
    [InlineData(64L << 20, "64MiB")]
    [InlineData(3L << 29, "1.5GiB")]
    [InlineData((1L << 20) - 1, "1MiB")]
    [InlineData(1_234_567, "1.18MiB")]
    [InlineData(long.MaxValue, "8EiB")]
    public void A_size_is_shown_with_at_most_two_digits_after_the_point(long bytes, string text) => Assert.Equal(text, SizeText.Format(bytes));

    [Fact]
    public void What_is_shown_exactly_reads_back_as_the_same_size()
    {
        for (var shift = 0; shift < 63; shift++)
            Assert.Equal(1L << shift, SizeText.Parse(SizeText.Format(1L << shift)));
    }
}
