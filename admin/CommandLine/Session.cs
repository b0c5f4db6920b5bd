using System.CommandLine;
using Granary.Admin.Api;
using Granary.Admin.Connection;
using Granary.Admin.Output;

namespace Granary.Admin.CommandLine;

/// <summary>What one run of one command works with: the parsed line, the terminal, the printer, and the server.</summary>
internal sealed class Session : IDisposable
{
    private static readonly TimeSpan QuietAfterWait = TimeSpan.FromSeconds(5);

    private readonly ParseResult line;
    private readonly Func<string, string?> environment;
    private readonly Lazy<GranaryClient> client;
    private long waitedAt;

    /// <summary>Opens nothing: the server is looked up when it is first needed.</summary>
    public Session(ParseResult line, Terminal terminal, Func<string, string?> environment, TimeProvider time)
    {
        this.line = line;
        this.environment = environment;
        Terminal = terminal;
        Time = time;
        Json = line.GetValue(GlobalOptions.Json);
        Quiet = line.GetValue(GlobalOptions.Quiet);
        Show = new Show(line.GetValue(GlobalOptions.Bytes));
        Printer = Json ? new JsonPrinter(terminal) : new TablePrinter(terminal);
        client = new Lazy<GranaryClient>(Connect);
    }

    /// <summary>The streams.</summary>
    public Terminal Terminal { get; }

    /// <summary>Where data goes.</summary>
    public IPrinter Printer { get; }

    /// <summary>How values look in tables.</summary>
    public Show Show { get; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>Whether a program reads the output.</summary>
    public bool Json { get; }

    /// <summary>Whether summaries and progress are unwanted.</summary>
    public bool Quiet { get; }

    /// <summary>The server.</summary>
    /// <exception cref="UsageException">None is known.</exception>
    public GranaryClient Client => client.Value;

    /// <summary>The scope that the command is about, for advice after a failure.</summary>
    public string? Scope { get; set; }

    /// <summary>What to try when something named on the line is not there, where the command knows better than the code.</summary>
    public string? IfNotFound { get; set; }

    /// <summary>Whether the server's address was named by the user.</summary>
    public bool AddressWasGiven => client.IsValueCreated && Client.Server.UrlWasGiven;

    /// <summary>The value of an option; its default where it is absent.</summary>
    public T? Value<T>(Option<T> option) => line.GetValue(option);

    /// <summary>The value of an argument.</summary>
    public T? Value<T>(Argument<T> argument) => line.GetValue(argument);

    /// <summary>Whether an option is on the command line.</summary>
    public bool Has(Option option) => line.GetResult(option) is { Implicit: false };

    /// <summary>A variable of the environment; an empty one counts as absent.</summary>
    public string? Variable(string name) => environment(name) is { Length: > 0 } value ? value : null;

    /// <summary>A sentence for people about work that is done; not with --quiet.</summary>
    public void Say(string sentence)
    {
        if (!Quiet)
            Terminal.Talk(sentence);
    }

    /// <summary>A sentence about something that failed or is missing.</summary>
    public void Warn(string sentence) => Terminal.Talk(sentence);

    /// <inheritdoc />
    public void Dispose()
    {
        if (client.IsValueCreated)
            Client.Dispose();
    }

    private GranaryClient Connect()
    {
        var options = new ServerOptions(
            line.GetValue(GlobalOptions.Url), line.GetValue(GlobalOptions.Token), line.GetValue(GlobalOptions.Data), line.GetValue(GlobalOptions.Tenant));
        var address = new ServerLocator(environment, Terminal.Input).Locate(options);
        return new GranaryClient(address, Time, RetryPolicy.Standard, reason => SayWaiting(reason));
    }

    // Eight workers lose the same server together; one line is enough.
    private void SayWaiting(string reason)
    {
        var now = Time.GetTimestamp();
        var before = Interlocked.Exchange(ref waitedAt, now);
        if (before == 0 || Time.GetElapsedTime(before, now) > QuietAfterWait)
            Say($"granary: waiting for the server: {reason}.");
    }
}
