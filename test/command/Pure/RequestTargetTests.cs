using System.Text;
using Granary.Admin.Api;

namespace Granary.Command.Tests.Pure;

public class RequestTargetTests
{
    [Theory]
    [InlineData("a/b.txt", "a/b.txt")]
    [InlineData("with space", "with%20space")]
    [InlineData("quo\"te's", "quo%22te%27s")]
    [InlineData("new\nline", "new%0Aline")]
    [InlineData("percent%2Fand?query#x", "percent%252Fand%3Fquery%23x")]
    [InlineData("ü/日", "%C3%BC/%E6%97%A5")]
    [InlineData("back\\slash+plus", "back%5Cslash%2Bplus")]
    [InlineData("..", "..")]
    public void Every_byte_outside_the_unreserved_set_is_percent_encoded_and_slashes_stay(string path, string encoded) =>
        Assert.Equal("/api/v1/scopes/main/files/" + encoded, RequestTarget.File("main", path));

    [Fact]
    public void Every_path_decodes_to_the_same_bytes()
    {
        for (var code = 1; code < 0x2000; code++)
        {
            var path = "x" + char.ConvertFromUtf32(code) + "/y";
            var target = RequestTarget.File("main", path)["/api/v1/scopes/main/files/".Length..];
            Assert.All(target, c => Assert.InRange(c, '!', '~'));
            Assert.Equal(path, Uri.UnescapeDataString(target));
        }
    }

    [Fact]
    public void The_address_is_sent_as_it_is_written()
    {
        var uri = RequestTarget.Absolute(new Uri("http://host:8080/base/"), RequestTarget.File("main", "a/../b%41 c", "version=3"));
        Assert.Equal("/base/api/v1/scopes/main/files/a/../b%2541%20c?version=3", uri.PathAndQuery);
    }

    [Fact]
    public void A_query_leaves_out_what_is_null() =>
        Assert.Equal("prefix=a%26b&limit=2", RequestTarget.Query(("prefix", "a&b"), ("delimiter", null), ("limit", "2")));
}
