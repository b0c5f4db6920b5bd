namespace Granary.Launcher.Tests;

/// <summary><c>./granary test</c> adds up what the projects report, and never reports green what was not.</summary>
public sealed class TestCommandTests : IDisposable
{
    // A server that is said to run already: none is installed or started for these tests.
    private static readonly (string, string) Server = ("GRANARY_TEST_S3", "http://127.0.0.1:9 key secret");

    private readonly Sandbox _sandbox = new();

    public TestCommandTests()
    {
        _sandbox.Write("eng/min-tests.txt", "# least\n3\n");
        Results("alpha", Row("Alpha.Holds", "Passed"), Row("Alpha.Skips", "NotExecuted", "no S3 server"));
        Results("beta", Row("Beta.Holds", "Passed"), Row("Beta.Holds_too", "Passed"));
    }

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public async Task The_last_line_is_the_sum_of_all_projects()
    {
        var run = await _sandbox.RunAsync(["test"], environment: Server);

        Assert.Equal("3 passed, 0 failed, 1 skipped", run.LastLine);
        Assert.Equal(0, run.Code);
        Assert.Contains("1 skipped: no S3 server", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_test_is_named_with_its_message_and_fails_the_run()
    {
        Results("beta", Row("Beta.Breaks(x: &quot;1&quot;)", "Failed", "expected &lt;1&gt;"), Row("Beta.Holds", "Passed"));
        _sandbox.SdkAnswers("beta", 1);

        var run = await _sandbox.RunAsync(["test"], environment: Server);

        Assert.Equal("2 passed, 1 failed, 1 skipped", run.LastLine);
        Assert.Equal(1, run.Code);
        Assert.Contains("FAILED Beta.Breaks(x: \"1\")\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("expected <1>", run.Output, StringComparison.Ordinal);
        // The stack without the framework's part of it, and nothing of the file beyond.
        Assert.Contains("at Beta.Breaks() in Beta.cs:line 1", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Reflection", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("UnitTestResult", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_project_that_ends_badly_without_a_failed_test_counts_as_a_failure(bool leavesResults)
    {
        if (!leavesResults)
        {
            File.Delete(_sandbox.PathOf("fake/beta.trx"));
        }

        _sandbox.SdkAnswers("beta", 134, "The active test run was aborted. Reason: Test host process crashed\n");

        var run = await _sandbox.RunAsync(["test"], environment: Server);

        Assert.Equal($"{(leavesResults ? 3 : 1)} passed, 1 failed, 1 skipped", run.LastLine);
        Assert.Equal(1, run.Code);
        Assert.Contains("Test host process crashed", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_build_that_fails_is_a_failure_with_a_last_line_of_its_own()
    {
        _sandbox.SdkAnswers("build", 1, "stores/Source.cs(1,2): error CS1002: ; expected\n");

        var run = await _sandbox.RunAsync(["test"], environment: Server);

        Assert.Equal("0 passed, 1 failed, 0 skipped", run.LastLine);
        Assert.Equal(1, run.Code);
    }

    [Fact]
    public async Task A_warning_fails_the_run_in_CI_only()
    {
        _sandbox.SdkAnswers("build", 0, "stores/Source.cs(1,2): warning CS0168: unused\n");

        var onALaptop = await _sandbox.RunAsync(["test"], environment: Server);
        var inCI = await _sandbox.RunAsync(["test"], environment: [Server, ("CI", "true")]);

        Assert.Equal(0, onALaptop.Code);
        Assert.Equal(1, inCI.Code);
        Assert.Contains("stores/Source.cs(1,2): warning CS0168: unused", inCI.Talk, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_cannot_be_started_is_skipped_on_a_laptop_and_fails_in_CI()
    {
        // The sandbox has no script that could install or start one.
        var onALaptop = await _sandbox.RunAsync(["test"]);
        var inCI = await _sandbox.RunAsync(["test"], environment: ("CI", "true"));

        Assert.Equal("3 passed, 0 failed, 1 skipped", onALaptop.LastLine);
        Assert.Equal(0, onALaptop.Code);
        Assert.Equal(1, inCI.Code);
        Assert.Contains("FAILED for want of servers: s3", inCI.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Servers_are_started_for_the_tests_and_wiped_after_them()
    {
        _sandbox.AddServer();

        var run = await _sandbox.RunAsync(["test"]);

        Assert.Equal(0, run.Code);
        Assert.Equal(["start", "wipe"], _sandbox.ServerCalls.Select(call => call[0]));
        Assert.Equal(_sandbox.ServerCalls[0][1..], _sandbox.ServerCalls[1][1..]);
        var (access, secret) = (_sandbox.ServerCalls[0][2], _sandbox.ServerCalls[0][3]);
        Assert.Contains($"S3 http://127.0.0.1:4321 {access} {secret}", _sandbox.SdkCalls);
        Assert.False(Directory.Exists(Path.GetDirectoryName(_sandbox.ServerCalls[0][1])));
    }

    [Fact]
    public async Task An_interrupted_run_stops_its_servers_and_its_tests()
    {
        _sandbox.AddServer();
        _sandbox.Write("fake/hang", "");
        using var run = _sandbox.Start(["test"]);
        // Read on: the pipes must not fill up.
        _ = run.StandardError.ReadToEndAsync();
        var hanging = await _sandbox.WaitForFileAsync("fake/hanging");

        await Sandbox.SignalAsync("TERM", run.Id);
        await run.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(130, run.ExitCode);
        Assert.Equal(["start", "wipe"], _sandbox.ServerCalls.Select(call => call[0]));
        Assert.False(Directory.Exists($"/proc/{hanging}"), "The test process outlived the run.");
    }

    [Fact]
    public async Task Servers_for_an_IDE_stay_until_they_are_stopped()
    {
        _sandbox.AddServer();

        var started = await _sandbox.RunAsync(["servers", "start"]);
        var again = await _sandbox.RunAsync(["servers", "start"]);
        var stopped = await _sandbox.RunAsync(["servers", "stop"]);
        var twice = await _sandbox.RunAsync(["servers", "stop"]);

        Assert.StartsWith("export GRANARY_TEST_S3=http://127.0.0.1:4321", started.Output, StringComparison.Ordinal);
        Assert.Equal(started.Output, again.Output);
        Assert.All([started, again, stopped, twice], run => Assert.Equal(0, run.Code));
        Assert.Equal(["start", "wipe"], _sandbox.ServerCalls.Select(call => call[0]));
        Assert.Equal(_sandbox.ServerCalls[0][1..], _sandbox.ServerCalls[1][1..]);
    }

    [Fact]
    public async Task CI_demands_a_least_number_of_tests()
    {
        Results("beta");

        var onALaptop = await _sandbox.RunAsync(["test"], environment: Server);
        var inCI = await _sandbox.RunAsync(["test"], environment: [Server, ("CI", "true")]);

        Assert.Equal(0, onALaptop.Code);
        Assert.Equal(1, inCI.Code);
        Assert.Equal("1 passed, 1 failed, 1 skipped", inCI.LastLine);
    }

    [Fact]
    public async Task A_filter_and_a_seed_reach_the_tests()
    {
        await _sandbox.RunAsync(["test", "--filter", "Name~Holds", "--seed", "42"], environment: Server);

        Assert.Equal(2, _sandbox.SdkCalls.Count(call => call == "seed 42"));
        Assert.Equal(2, _sandbox.SdkCalls.Count(call => call.EndsWith("--filter Name~Holds", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_filter_that_matches_nothing_is_no_success()
    {
        Results("alpha");
        Results("beta");

        Assert.Equal(1, (await _sandbox.RunAsync(["test", "--filter", "Nothing"], environment: Server)).Code);
    }

    [Theory]
    [InlineData("--filter")]
    [InlineData("--seed", "x")]
    [InlineData("--unknown")]
    [InlineData("stray")]
    public async Task Wrong_usage_ends_with_2_before_anything_is_built(params string[] arguments)
    {
        var run = await _sandbox.RunAsync(["test", .. arguments], environment: Server);

        Assert.Equal(2, run.Code);
        Assert.Empty(_sandbox.SdkCalls);
    }

    [Theory]
    [InlineData("test")]
    [InlineData("servers")]
    public async Task Help_ends_with_the_exit_codes(string command)
    {
        var run = await _sandbox.RunAsync([command, "--help"]);

        Assert.Equal(0, run.Code);
        Assert.StartsWith("Exit codes: 0 ", run.LastLine, StringComparison.Ordinal);
    }

    private void Results(string project, params string[] rows)
    {
        int Count(string outcome) => rows.Count(row => row.Contains($"outcome=\"{outcome}\"", StringComparison.Ordinal));
        var executed = rows.Length - Count("NotExecuted");
        _sandbox.Write($"fake/{project}.trx", $"""
            <TestRun>
              <Results>
            {string.Join('\n', rows)}
              </Results>
              <ResultSummary outcome="Completed">
                <Counters total="{rows.Length}" executed="{executed}" passed="{Count("Passed")}" failed="{Count("Failed")}" error="0" timeout="0" aborted="0" inconclusive="0" notExecuted="0" />
              </ResultSummary>
            </TestRun>
            """);
    }

    private static string Row(string name, string outcome, string? message = null) => $"""
            <UnitTestResult testName="{name}" outcome="{outcome}">
              <Output>
                <ErrorInfo>
                  <Message>{message}</Message>
                  <StackTrace>   at Beta.Breaks() in Beta.cs:line 1
               at System.Reflection.MethodBaseInvoker.InvokeWithNoArgs()</StackTrace>
                </ErrorInfo>
              </Output>
            </UnitTestResult>
        """;
}
