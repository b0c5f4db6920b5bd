using Granary.Admin.Api;
using Granary.Admin.CommandLine;
using Granary.Admin.Output;
using Granary.TestSupport;

namespace Granary.Command.Tests.Servers;

/// <summary>
/// How long a put bears with a server that fails. The command runs in this process, on a clock that is ten times as fast; the
/// server, its files and the connections are real.
/// </summary>
[Collection(ServerGroup.Name)]
public sealed class PatienceTests(ServerFixture server) : IAsyncLifetime
{
    private static readonly TimeSpan Patience = RetryPolicy.Standard.Patience;

    /// <summary>How long one request meets nothing but lost connections: well over the patience.</summary>
    private static readonly TimeSpan Trouble = Patience * 1.5;

    private readonly Files folder = new();
    private readonly FastClock clock = new(10);
    private readonly StringWriter talk = new();
    private FaultProxy proxy = null!;
    private string scope = "";
    private TimeSpan taken;

    public async Task InitializeAsync()
    {
        proxy = new FaultProxy(new Uri(File.ReadAllText(Path.Combine(server.Data, "url")).Trim()));
        scope = await server.ScopeAsync();
    }

    public async Task DisposeAsync()
    {
        await proxy.DisposeAsync();
        talk.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task A_file_that_fails_for_longer_than_the_patience_is_stored_while_the_server_answers_others_in_between()
    {
        for (var i = 0; i < 16; i++)
            folder.Write($"in/{i:00}", Trees.Noise(90 + i, 2_000));
        var unlucky = Outages("/00");
        Assert.True(await PutAsync("-r", folder.At("in"), $"{scope}:/tree") == 0, talk.ToString());
        Assert.InRange(unlucky.Failing, Patience, TimeSpan.MaxValue);
        await server.Granary.DoAsync("get", "-r", $"{scope}:/tree", folder.At("out"));
        Trees.AssertSame(folder.At("in"), folder.At("out"));
    }

    [Fact]
    public async Task A_part_that_fails_for_longer_than_the_patience_is_stored_while_the_server_answers_others_in_between()
    {
        var content = Trees.Noise(89, (12 * InterruptedPuts.Part) - 5);
        var unlucky = Outages("/chunks/1");
        Assert.True(await PutAsync(folder.Write("large", content), $"{scope}:/large") == 0, talk.ToString());
        Assert.InRange(unlucky.Failing, Patience, TimeSpan.MaxValue);
        Assert.Equal(content, (await server.Granary.DoAsync("cat", $"{scope}:/large")).Bytes);
    }

    [Fact]
    public async Task A_server_that_answers_nothing_more_is_given_up_when_the_patience_is_over()
    {
        for (var i = 0; i < 3; i++)
            folder.Write($"in/{i}", "content");

        // It is heard once, by the question of what is there already; every request to store something is lost.
        proxy.Rule = new ProxyRule(ProxyFault.Reset) { Matches = static (verb, _) => verb == "PUT" };
        var code = await PutAsync("-r", folder.At("in"), $"{scope}:/tree");
        Assert.Equal(4, code);
        AssertGivenUpInTime();
        Assert.Contains("granary: waiting for the server: the connection was lost.", talk.ToString(), StringComparison.Ordinal);
        Assert.Contains("granary: 0 of 3 files are stored; the same command continues from there.", talk.ToString(), StringComparison.Ordinal);
        Assert.Contains($"granary: the server at {proxy.Endpoint} cannot be reached: ", talk.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_only_says_that_it_is_busy_is_given_up_when_the_patience_is_over()
    {
        proxy.Rule = new ProxyRule(ProxyFault.Answer) { Status = 503, Matches = static (verb, _) => verb == "PUT" };
        var code = await PutAsync(folder.Write("x", "content"), $"{scope}:/x");
        Assert.Equal(4, code);
        AssertGivenUpInTime();
        Assert.Contains("granary: waiting for the server: the server answers 503.", talk.ToString(), StringComparison.Ordinal);
        Assert.Contains("granary: the server failed (http-503): ", talk.ToString(), StringComparison.Ordinal);
    }

    // The last delay is not begun when it would end too late. What is above the patience is the machine's own slowness.
    private void AssertGivenUpInTime() => Assert.InRange(taken, Patience - TimeSpan.FromSeconds(10), Patience * 2);

    private Unlucky Outages(string target)
    {
        var unlucky = new Unlucky(clock, target);
        proxy.Rule = new ProxyRule(ProxyFault.Reset) { Matches = unlucky.Fails };
        return unlucky;
    }

    private async Task<int> PutAsync(params string[] arguments)
    {
        using var output = new MemoryStream();
        using var terminal = new Terminal(() => Stream.Null, output, talk, outIsTerminal: false, errorIsTerminal: false);
        var application = new Application(terminal, name => name == "XDG_STATE_HOME" ? folder.At("state") : null, clock);
        string[] line = ["put", .. arguments, "--url", proxy.Endpoint.ToString(), "--token", Path.Combine(server.Data, "operator.key")];
        var started = clock.Passed;
        var code = await application.RunAsync(line, default).WithinAsync("the put ends", TimeSpan.FromSeconds(40));
        taken = clock.Passed - started;
        return code;
    }

    /// <summary>
    /// A server as one sees it that is killed every few seconds: of all that is sent to it one request gets through now and
    /// then, and never the unlucky one, until the trouble is over.
    /// </summary>
    private sealed class Unlucky(FastClock clock, string target)
    {
        private static readonly TimeSpan Between = TimeSpan.FromSeconds(4);

        private readonly Lock gate = new();
        private TimeSpan? began;
        private TimeSpan passed = -Between;

        /// <summary>From the first failure of the unlucky request to its last.</summary>
        public TimeSpan Failing { get; private set; }

        public bool Fails(string verb, string at)
        {
            lock (gate)
            {
                var now = clock.Passed;
                if (verb != "PUT" || now - began > Trouble)
                    return false;
                if (at.EndsWith(target, StringComparison.Ordinal))
                {
                    began ??= now;
                    Failing = now - began.Value;
                    return true;
                }

                if (now - passed < Between)
                    return true;
                passed = now;
                return false;
            }
        }
    }
}
