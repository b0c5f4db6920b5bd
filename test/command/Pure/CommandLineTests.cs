using System.Text;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;

namespace Granary.Command.Tests.Pure;

public class CommandLineTests
{
    // Nothing listens on the discard port of loopback; a command that gets so far ends with 4.
    private const string Nowhere = "--url=http://127.0.0.1:9";

    [Theory]
    [InlineData("")]
    [InlineData("scope")]
    [InlineData("bogus")]
    [InlineData("scope bogus")]
    [InlineData("backup list")]
    [InlineData("put --bogus a main:/b")]
    [InlineData("put only-one")]
    [InlineData("put -j 0 a main:/b")]
    [InlineData("put - main:/")]
    [InlineData("get main:/dir/")]
    [InlineData("get -r main:/x -")]
    [InlineData("cat nowhere")]
    [InlineData("rm main:/")]
    [InlineData("rm -r main:/")]
    [InlineData("mv -r main:/a main:/a/b")]
    [InlineData("cp main:/a main:/a")]
    [InlineData("restore backup.file --version 1")]
    [InlineData("restore main:/a")]
    [InlineData("stat main:/a/")]
    [InlineData("scope create x --quota 5M")]
    [InlineData("scope edit x --unset bogus")]
    [InlineData("scope attach a b --drain=NO")]
    [InlineData("store create x")]
    [InlineData("store create x --backend tape --path /x")]
    [InlineData("store create x --endpoint http://s3 --bucket b --access-key k")]
    [InlineData("store delete x --force")]
    [InlineData("key create x")]
    [InlineData("key create x --rights read --expires sometime")]
    [InlineData("completion tcsh")]
    public async Task Wrong_usage_ends_with_2_and_speaks_on_stderr(string line)
    {
        var result = await RunAsync(line);
        Assert.Equal(ExitCode.Usage, result.Code);
        Assert.Equal("", result.Out);
        Assert.NotEqual("", result.Error);
    }

    [Theory]
    [InlineData("ls main:/")]
    [InlineData("scope attach main s1 --drain --populate=false --upload-priority -5")]
    [InlineData("scope edit-store main s1 --drain=cold --soft-max-size 5GiB")]
    [InlineData("scope edit main --quota= --unset keep-days")]
    [InlineData("store create x --path /srv/x --max-size 1TiB --instance-wide")]
    [InlineData("rm -r --yes main:/")]
    [InlineData("stat main:/a --version 3")]
    [InlineData("key create x --rights read,write --expires 30d")]
    [InlineData("health")]
    public async Task A_good_line_without_a_server_ends_with_4_and_says_what_to_do(string line)
    {
        var result = await RunAsync(line);
        Assert.Equal((ExitCode.ServerFailed, ""), (result.Code, result.Out));
        Assert.Contains("cannot be reached", result.Error);
    }

    [Fact]
    public async Task With_json_a_failure_is_one_object_on_stderr()
    {
        var result = await RunAsync("ls main:/ --json");
        using var failure = System.Text.Json.JsonDocument.Parse(result.Error);
        Assert.Equal("unreachable", failure.RootElement.GetProperty("error").GetString());
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("put --help")]
    [InlineData("scope --help")]
    [InlineData("scope attach -h")]
    [InlineData("key create --help")]
    public async Task Every_help_page_ends_with_the_exit_codes(string line)
    {
        var result = await RunAsync(line);
        Assert.Equal(ExitCode.Done, result.Code);
        Assert.EndsWith("  130  interrupted\n", result.Out);
        Assert.Contains("    3  refused", result.Out);
        Assert.Contains("granary", result.Out);
        Assert.DoesNotContain("granary-admin", result.Out);
    }

    [Fact]
    public void Every_command_has_a_description_and_so_has_everything_it_takes()
    {
        using var terminal = new Terminal(() => Stream.Null, Stream.Null, TextWriter.Null, false, false);
        var pending = new Stack<System.CommandLine.Command>([CommandTree.Build(new Runner(terminal, _ => null, TimeProvider.System), [])]);
        var commands = 0;
        while (pending.TryPop(out var command))
        {
            commands++;
            Assert.All(command.Options.Cast<System.CommandLine.Symbol>().Concat(command.Arguments).Append(command), symbol => Assert.False(string.IsNullOrWhiteSpace(symbol.Description), $"{command.Name} {symbol.Name}"));
            foreach (var inner in command.Subcommands)
                pending.Push(inner);
        }

        Assert.True(commands > 35, $"only {commands} commands were found");
    }

    [Theory]
    [InlineData("granary sc", "scope")]
    [InlineData("granary scope edit-s", "edit-store")]
    [InlineData("granary put --al", "--always")]
    [InlineData("./granary store create x --backend ", "s3")]
    public async Task Completion_offers_commands_options_and_values(string line, string offer)
    {
        var result = await RunAsync([$"[suggest:{line.Length}]", line]);
        Assert.Contains(offer, result.Out.Split('\n'));
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task Completion_scripts_ask_the_command_itself(string shell)
    {
        var result = await RunAsync("completion " + shell);
        Assert.Equal(ExitCode.Done, result.Code);
        Assert.Contains("[suggest:", result.Out);
    }

    [Fact]
    public void Values_after_an_equals_sign_are_left_alone_and_bare_options_mean_yes()
    {
        Assert.Equal(["--drain=true", "main", "s1"], OptionalValues.Join(["--drain", "main", "s1"]));
        Assert.Equal(["--drain=cold"], OptionalValues.Join(["--drain=cold"]));
        Assert.Equal(["--drain=false", "x"], OptionalValues.Join(["--drain", "", "x"]));
        Assert.Equal(["--drain=false", "--quota", ""], OptionalValues.Join(["--drain=", "--quota="]));
        Assert.Equal(["--", "--drain"], OptionalValues.Join(["--", "--drain"]));
    }

    private static Task<(int Code, string Out, string Error)> RunAsync(string line) =>
        RunAsync([.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries), .. line.Length == 0 ? Array.Empty<string>() : [Nowhere]]);

    private static async Task<(int Code, string Out, string Error)> RunAsync(string[] arguments)
    {
        using var output = new MemoryStream();
        using var error = new StringWriter();
        using var terminal = new Terminal(() => Stream.Null, output, error, false, false);
        var code = await new Application(terminal, _ => null, TimeProvider.System).RunAsync(arguments, CancellationToken.None);
        terminal.Flush();
        return (code, Encoding.UTF8.GetString(output.ToArray()).ReplaceLineEndings("\n"), error.ToString());
    }
}
