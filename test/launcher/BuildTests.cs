namespace Granary.Launcher.Tests;

/// <summary>Programs are built when a source is newer, and only then; every phase is announced on stderr.</summary>
public sealed class BuildTests : IDisposable
{
    private readonly Sandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public async Task What_is_built_is_not_built_again()
    {
        var first = await _sandbox.RunAsync(["ls"]);
        var second = await _sandbox.RunAsync(["ls"]);

        Assert.Equal(1, _sandbox.Builds);
        Assert.Contains("granary: building the command line client", first.Talk, StringComparison.Ordinal);
        Assert.Equal("", second.Talk);
    }

    [Fact]
    public async Task Only_the_program_that_is_asked_for_is_built()
    {
        await _sandbox.RunAsync(["ls"]);
        await _sandbox.RunAsync(["up"]);

        Assert.Equal(
            ["build admin/Granary.Admin.csproj", "build silo/Granary.Silo.csproj"],
            _sandbox.SdkCalls.Where(call => call.StartsWith("build ", StringComparison.Ordinal)).Select(call => string.Join(' ', call.Split(' ')[..2])));
    }

    [Theory]
    [InlineData("silo/Source.cs", "up")]
    [InlineData("grains/Source.cs", "up")]
    [InlineData("compat/orleans/Source.cs", "up")]
    [InlineData("Directory.Packages.props", "up")]
    [InlineData("eng/Feeds.targets", "ls")]
    [InlineData("admin/Source.cs", "ls")]
    [InlineData("admin", "ls")]
    public async Task An_edit_of_a_source_rebuilds(string edited, string command)
    {
        await _sandbox.RunAsync([command]);
        _sandbox.Touch(edited);
        await _sandbox.RunAsync([command]);

        Assert.Equal(2, _sandbox.Builds);
    }

    [Theory]
    [InlineData("grains/Source.cs", "ls")]
    [InlineData("test/alpha/Source.cs", "up")]
    [InlineData("eng/test.sh", "up")]
    [InlineData("silo/bin/Release/net10.0/granary-silo", "up")]
    public async Task An_edit_of_anything_else_does_not(string edited, string command)
    {
        await _sandbox.RunAsync([command]);
        _sandbox.Touch(edited);
        await _sandbox.RunAsync([command]);

        Assert.Equal(1, _sandbox.Builds);
    }

    [Fact]
    public async Task A_program_that_was_removed_is_built_again()
    {
        await _sandbox.RunAsync(["ls"]);
        Directory.Delete(_sandbox.PathOf("admin/bin/Release"), recursive: true);
        var run = await _sandbox.RunAsync(["ls"]);

        Assert.Equal(2, _sandbox.Builds);
        Assert.Equal(0, run.Code);
    }

    [Fact]
    public async Task A_failed_build_shows_its_errors_without_this_machines_addresses_and_is_repeated()
    {
        _sandbox.SdkAnswers("build", 1, $"""
              Granary.Stores -> {_sandbox.Root}/stores/bin/Release/net10.0/Granary.Stores.dll
            {_sandbox.Root}/stores/Source.cs(1,2): error CS1002: ; expected
            {_sandbox.Root}/stores/Granary.Stores.csproj : error NU1301: no answer from https://packages.example.com/index.json.

            """);

        var failed = await _sandbox.RunAsync(["up"]);
        _sandbox.SdkAnswers("build", 0);
        var repeated = await _sandbox.RunAsync(["up"]);

        Assert.Equal(1, failed.Code);
        Assert.Equal("", failed.Output);
        Assert.Contains("granary:   built Granary.Stores\n", failed.Talk, StringComparison.Ordinal);
        Assert.Contains("\nstores/Source.cs(1,2): error CS1002: ; expected\n", failed.Talk, StringComparison.Ordinal);
        Assert.DoesNotContain("example.com", failed.Talk, StringComparison.Ordinal);
        Assert.DoesNotContain("example.com", await File.ReadAllTextAsync(_sandbox.PathOf(".feed/build-silo.log")), StringComparison.Ordinal);
        Assert.Equal(0, repeated.Code);
        Assert.Equal(2, _sandbox.Builds);
    }

    [Fact]
    public async Task Without_an_SDK_one_sentence_says_what_to_install()
    {
        // An SDK that is too old ends like this too: `dotnet --version` obeys global.json.
        _sandbox.SdkAnswers("version", 145);

        var run = await _sandbox.RunAsync(["up"]);

        Assert.Equal(1, run.Code);
        Assert.StartsWith("granary: building needs the .NET SDK 10.0", Assert.Single(run.Talk.TrimEnd('\n').Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_built_needs_no_SDK()
    {
        await _sandbox.RunAsync(["ls"]);
        File.Delete(_sandbox.PathOf("fake/dotnet"));

        Assert.Equal(0, (await _sandbox.RunAsync(["ls"])).Code);
    }

    [Fact]
    public async Task Commands_at_the_same_time_build_one_after_the_other_and_nothing_twice()
    {
        _sandbox.SdkIsSlow();

        var runs = await Task.WhenAll(_sandbox.RunAsync(["ls"]), _sandbox.RunAsync(["up"]), _sandbox.RunAsync(["serve"]));

        Assert.All(runs, run => Assert.Equal(0, run.Code));
        Assert.Single(_sandbox.SdkCalls, call => call.StartsWith("restore ", StringComparison.Ordinal));
        Assert.Equal(2, _sandbox.Builds);
    }
}
