using Granary.Admin.Transfer;

namespace Granary.Admin.Output;

/// <summary>
/// Shows how far long work is: a bar when stderr is a terminal, a line every few seconds when it is not. Short work shows
/// nothing; the library that draws the bar is not even loaded then.
/// </summary>
internal sealed class ProgressReporter : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(700);
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(5);

    private readonly Terminal terminal;
    private readonly TransferTotals totals;
    private readonly string verb;
    private readonly Show show;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource stop = new();
    private readonly Task running;

    /// <summary>Starts watching <paramref name="totals"/>.</summary>
    public ProgressReporter(Terminal terminal, TransferTotals totals, string verb, Show show, TimeProvider time, bool quiet)
    {
        this.terminal = terminal;
        this.totals = totals;
        this.verb = verb;
        this.show = show;
        this.time = time;
        running = quiet ? Task.CompletedTask : RunAsync();
    }

    /// <summary>One line about the state, as it is printed when stderr is no terminal.</summary>
    public string Line(TimeSpan elapsed)
    {
        var files = totals.Files is { } all ? $"{Show.Count(totals.Done)} of {Show.Count(all)} files" : $"{Show.Count(totals.Done)} files";
        var bytes = totals.TotalBytes is { } total ? $"{show.Size(totals.Bytes)} of {show.Size(total)}" : show.Size(totals.Bytes);
        var rate = elapsed > TimeSpan.Zero ? $", {show.Size((long)(Math.Max(0, totals.Bytes) / elapsed.TotalSeconds))}/s" : "";
        var failed = totals.Failed > 0 ? $", {Show.Count(totals.Failed)} failed" : "";
        return $"{verb}: {files}, {bytes}{rate}{failed}";
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            var started = time.GetTimestamp();
            await Task.Delay(Patience, time, stop.Token);
            if (terminal.ErrorIsTerminal)
                await ProgressBar.RunAsync(terminal, totals, verb, show, stop.Token);
            else
                await LinesAsync(started);
        }
        catch (OperationCanceledException)
        {
            // The work is over.
        }
    }

    private async Task LinesAsync(long started)
    {
        while (true)
        {
            await Task.Delay(LineInterval, time, stop.Token);
            terminal.Talk(Line(time.GetElapsedTime(started)));
        }
    }
}
