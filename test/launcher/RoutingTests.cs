namespace Granary.Launcher.Tests;

/// <summary>The launcher becomes the program that a command belongs to.</summary>
public sealed class RoutingTests : IDisposable
{
    private readonly Sandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    [Theory]
    [InlineData("granary-silo", "up", "--port", "9000")]
    [InlineData("granary-silo", "down")]
    [InlineData("granary-silo", "serve")]
    [InlineData("granary-silo", "worker")]
    [InlineData("granary-silo", "migrate")]
    [InlineData("granary-silo", "restore", "catalog.backup")]
    [InlineData("granary-silo", "restore", "--data", "elsewhere", "catalog.backup")]
    [InlineData("granary-admin", "restore", "main:/photos/a b.jpg", "--version", "3")]
    [InlineData("granary-admin", "restore", "--version", "3", "main:photos/a.jpg")]
    [InlineData("granary-admin", "restore")]
    [InlineData("granary-admin", "ls", "main:/")]
    [InlineData("granary-admin", "put", "a file", "main:/x'y\"z")]
    [InlineData("granary-admin", "--help")]
    public async Task A_command_reaches_its_program_with_its_arguments_as_they_are(string program, params string[] arguments)
    {
        var run = await _sandbox.RunAsync(arguments);

        Assert.Equal(0, run.Code);
        Assert.Equal($"{program}{string.Concat(arguments.Select(a => $" <{a}>"))} in {_sandbox.Root} for {_sandbox.Root}\n", run.Output);
    }

    [Fact]
    public async Task The_benchmarks_get_their_arguments_after_every_program_was_built()
    {
        var run = await _sandbox.RunAsync(["bench", "one stream", "--json"]);

        Assert.Equal($"granary-bench <one stream> <--json> in {_sandbox.Root} for {_sandbox.Root}\n", run.Output);
        Assert.Equal(3, _sandbox.Builds);
    }

    [Fact]
    public async Task Restore_of_an_existing_file_is_the_servers_even_with_a_colon_in_its_name()
    {
        _sandbox.Write("nightly-02:00.backup", "");

        var run = await _sandbox.RunAsync(["restore", "nightly-02:00.backup"]);

        Assert.StartsWith("granary-silo ", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_callers_folder_stays_the_working_folder()
    {
        var folder = Directory.CreateDirectory(_sandbox.PathOf("some where")).FullName;

        var run = await _sandbox.RunAsync(["ls"], folder);

        Assert.Equal($"granary-admin <ls> in {folder} for {_sandbox.Root}\n", run.Output);
    }

    [Fact]
    public async Task A_symbolic_link_to_the_launcher_finds_the_checkout()
    {
        Directory.CreateDirectory(_sandbox.PathOf("links"));
        File.CreateSymbolicLink(_sandbox.PathOf("links/relative"), "../granary");
        var link = File.CreateSymbolicLink(_sandbox.PathOf("links/twice"), _sandbox.PathOf("links/relative")).FullName;

        var run = await _sandbox.RunAsync(["ls"], launcher: link);

        Assert.EndsWith($" for {_sandbox.Root}\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_exit_code_is_the_programs()
    {
        _sandbox.Program("exit 3");

        Assert.Equal(3, (await _sandbox.RunAsync(["ls"])).Code);
        Assert.Equal(3, (await _sandbox.RunAsync(["up"])).Code);
    }

    [Fact]
    public async Task A_signal_reaches_the_program()
    {
        _sandbox.Program("trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done");
        using var process = _sandbox.Start(["up"]);
        Assert.Equal("ready", await process.StandardOutput.ReadLineAsync());

        await Sandbox.SignalAsync("TERM", process.Id);
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(7, process.ExitCode);
    }
}
