using System.Text;
using Granary.Admin.CommandLine;
using Granary.Admin.Connection;

namespace Granary.Command.Tests.Pure;

public sealed class ServerLocatorTests : IDisposable
{
    private const string Local = "http://127.0.0.1:8080";

    private readonly Files folder = new();
    private readonly Dictionary<string, string> environment = [];

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_data_folder_beside_the_launcher_is_the_default()
    {
        Data("data");
        environment["GRANARY_LAUNCHER_DIR"] = folder.Path;
        var server = Locate();
        Assert.Equal((new Uri(Local), "the-key", false), (server.Url, server.Token, server.UrlWasGiven));
    }

    [Fact]
    public void Variables_go_before_the_default_folder()
    {
        Data("data");
        environment["GRANARY_LAUNCHER_DIR"] = folder.Path;
        environment["GRANARY_URL"] = "https://granary.example/base";
        environment["GRANARY_TOKEN"] = "from-environment\n";
        var server = Locate();
        Assert.Equal((new Uri("https://granary.example/base"), "from-environment"), (server.Url, server.Token));
    }

    [Fact]
    public void A_named_data_folder_goes_before_variables()
    {
        Data("other");
        environment["GRANARY_URL"] = "https://granary.example";
        environment["GRANARY_TOKEN"] = "from-environment";
        var server = Locate(data: folder.At("other"));
        Assert.Equal((new Uri(Local), "the-key"), (server.Url, server.Token));
    }

    [Fact]
    public void The_operator_key_is_never_sent_to_another_server()
    {
        Data("data");
        environment["GRANARY_LAUNCHER_DIR"] = folder.Path;
        Assert.Null(Locate(url: "http://elsewhere.example").Token);
        Assert.Equal("the-key", Locate(url: Local).Token);
    }

    [Fact]
    public void A_token_comes_from_a_file_or_stdin()
    {
        Data("data");
        var file = folder.Write("token", "  from-file \n");
        Assert.Equal("from-file", Locate(url: Local, token: file).Token);
        Assert.Equal("from-stdin", Locate(url: Local, token: "-", input: "from-stdin\nrest").Token);
        environment["GRANARY_TOKEN_FILE"] = file;
        Assert.Equal("from-file", Locate(url: Local).Token);
    }

    [Fact]
    public void What_is_not_there_is_wrong_usage_and_says_what_to_do()
    {
        environment["GRANARY_DATA"] = folder.At("nothing");
        Assert.Contains("granary up", Assert.Throws<UsageException>(() => Locate()).Message);
        Assert.Throws<UsageException>(() => Locate(url: "not an address"));
        Assert.Throws<UsageException>(() => Locate(url: "ftp://x"));
        Assert.Throws<UsageException>(() => Locate(url: Local, token: folder.At("nothing")));
        Assert.Throws<UsageException>(() => Locate(url: Local, token: folder.Write("empty", " \n")));
    }

    private void Data(string name)
    {
        folder.Write(name + "/url", Local + "\n");
        folder.Write(name + "/operator.key", "the-key\n");
    }

    private ServerAddress Locate(string? url = null, string? token = null, string? data = null, string input = "") =>
        new ServerLocator(environment.GetValueOrDefault, new MemoryStream(Encoding.UTF8.GetBytes(input))).Locate(new ServerOptions(url, token, data, null));
}
