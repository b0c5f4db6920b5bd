using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Granary.Admin.Output;

/// <summary>
/// The process's three streams: data goes to <see cref="Out"/>, talk to <see cref="Error"/>. Writes of whole lines may
/// come from several workers at once.
/// </summary>
internal sealed class Terminal : IDisposable
{
    private readonly Lock gate = new();
    private readonly Lazy<Stream> input;
    private Action<string>? talkSink;

    /// <summary>Made from explicit streams, so that tests can look at what was printed.</summary>
    public Terminal(Func<Stream> input, Stream output, TextWriter error, bool outIsTerminal, bool errorIsTerminal)
    {
        this.input = new Lazy<Stream>(input);
        OutputStream = output;
        Out = new StreamWriter(output, new UTF8Encoding(false), 16 * 1024, leaveOpen: true) { AutoFlush = false, NewLine = "\n" };
        Error = error;
        OutIsTerminal = outIsTerminal;
        ErrorIsTerminal = errorIsTerminal;
    }

    /// <summary>Standard input as bytes; opened when it is first wanted.</summary>
    public Stream Input => input.Value;

    /// <summary>Standard output as bytes; flush <see cref="Out"/> before writing to it.</summary>
    public Stream OutputStream { get; }

    /// <summary>Standard output as text, buffered until <see cref="Flush"/>.</summary>
    public TextWriter Out { get; }

    /// <summary>Standard error as text.</summary>
    public TextWriter Error { get; }

    /// <summary>Whether a person looks at stdout.</summary>
    public bool OutIsTerminal { get; }

    /// <summary>Whether the reader of stdout is gone.</summary>
    public Func<bool> ReaderGone { get; init; } = () => false;

    /// <summary>Whether a person looks at stderr.</summary>
    public bool ErrorIsTerminal { get; }

    /// <summary>The real streams of this process.</summary>
    public static Terminal OfProcess() => new(
        Console.OpenStandardInput,
        Open(1, Console.IsOutputRedirected, Console.OpenStandardOutput),
        new StreamWriter(Open(2, Console.IsErrorRedirected, Console.OpenStandardError), new UTF8Encoding(false), 1024) { AutoFlush = true, NewLine = "\n" },
        !Console.IsOutputRedirected,
        !Console.IsErrorRedirected)
    {
        ReaderGone = StandardOutput.ReaderGone,
    };

    // The runtime's console sends the terminal a mode switch before the first byte, which has no place in a transcript; on
    // the other hand its streams share the offset of a file with other programs, which a FileStream does not.
    private static Stream Open(int descriptor, bool redirected, Func<Stream> console) =>
        redirected || OperatingSystem.IsWindows() ? console() : new FileStream(new SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Write, 0);

    /// <summary>Writes a line of data.</summary>
    public void Data(string line)
    {
        lock (gate)
        {
            Out.Write(line);
            Out.Write('\n');
        }
    }

    /// <summary>Writes a line of talk; while a progress bar is shown it goes above the bar.</summary>
    public void Talk(string line)
    {
        lock (gate)
        {
            Out.Flush();
            if (talkSink is { } sink)
                sink(line);
            else
                Error.Write(line + "\n");
        }
    }

    /// <summary>Routes talk through <paramref name="sink"/> (a progress bar) until it is set to null.</summary>
    public void RouteTalk(Action<string>? sink)
    {
        lock (gate)
            talkSink = sink;
    }

    /// <summary>Sends buffered data on its way, and ends the work when nobody is there to read it.</summary>
    /// <exception cref="ReaderGoneException">The reader of the pipe is gone.</exception>
    public void FlushPage()
    {
        Flush();
        if (ReaderGone())
            throw new ReaderGoneException();
    }

    /// <summary>Sends buffered data on its way.</summary>
    public void Flush()
    {
        lock (gate)
            Out.Flush();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Flush();
        Error.Flush();
    }
}
