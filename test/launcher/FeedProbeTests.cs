namespace Granary.Launcher.Tests;

/// <summary>The first run finds out which packages the feed has; only packages that are missing make it a restricted one.</summary>
public sealed class FeedProbeTests : IDisposable
{
    private const string Missing = "eng/probe/Probe.csproj : error NU1101: Unable to find package Microsoft.Orleans.Sdk. No packages exist with this id in source(s): https://packages.example.com/index.json\n";
    private const string OldVersion = "eng/probe/Probe.csproj : error NU1102: Unable to find package SQLitePCLRaw.core with version (>= 2.1.12)\n";
    private const string Unreachable = "eng/probe/Probe.csproj : error NU1301: Unable to load the service index for source https://packages.example.com/index.json.\n";

    private readonly Sandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    [Theory]
    [InlineData(0, "", "false")]
    [InlineData(1, Missing, "true")]
    [InlineData(1, OldVersion, "true")]
    [InlineData(1, Missing + OldVersion, "true")]
    public async Task What_the_probe_met_is_recorded_once(int code, string output, string restricted)
    {
        _sandbox.SdkAnswers("restore", code, output);

        var run = await _sandbox.RunAsync(["ls"]);
        await _sandbox.RunAsync(["up"]);

        Assert.Equal(0, run.Code);
        Assert.Equal($"<Project><PropertyGroup><RestrictedFeed>{restricted}</RestrictedFeed></PropertyGroup></Project>", _sandbox.RecordedFeed);
        Assert.Single(_sandbox.SdkCalls, call => call.StartsWith("restore ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Unreachable)]
    [InlineData(Missing + Unreachable)]
    [InlineData("eng/probe/Probe.csproj : error NU1403: Package content hash validation failed.\n")]
    [InlineData("Killed\n")]
    public async Task Any_other_failure_stops_with_a_sentence_and_records_nothing(string output)
    {
        _sandbox.SdkAnswers("restore", 1, output);

        var run = await _sandbox.RunAsync(["ls"]);

        Assert.Equal(1, run.Code);
        Assert.Null(_sandbox.RecordedFeed);
        Assert.Equal(0, _sandbox.Builds);
        var lines = run.Talk.TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("granary: the package feed could not be asked", lines[1], StringComparison.Ordinal);
        Assert.DoesNotContain("example.com", run.Talk, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task The_environment_decides_without_a_probe_and_is_not_recorded(string restricted)
    {
        var run = await _sandbox.RunAsync(["ls"], environment: ("RestrictedFeed", restricted));

        Assert.Equal(0, run.Code);
        Assert.Null(_sandbox.RecordedFeed);
        Assert.DoesNotContain(_sandbox.SdkCalls, call => call.StartsWith("restore ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_feed_than_that_of_the_last_build_rebuilds()
    {
        await _sandbox.RunAsync(["ls"]);
        await _sandbox.RunAsync(["ls"], environment: ("RestrictedFeed", "true"));
        await _sandbox.RunAsync(["ls"], environment: ("RestrictedFeed", "true"));
        await _sandbox.RunAsync(["ls"]);

        Assert.Equal(3, _sandbox.Builds);
    }

    [Fact]
    public async Task A_value_that_is_neither_true_nor_false_is_wrong_usage()
    {
        var run = await _sandbox.RunAsync(["ls"], environment: ("RestrictedFeed", "yes"));

        Assert.Equal(2, run.Code);
        Assert.Equal("granary: RestrictedFeed is 'yes'; it can only be true or false\n", run.Talk);
    }
}
