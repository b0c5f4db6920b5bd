using Granary.Admin.Transfer;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Granary.Admin.Output;

/// <summary>The bar on a terminal. The only class that touches Spectre.Console, so that it is loaded only here.</summary>
internal static class ProgressBar
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(150);

    /// <summary>Draws until cancelled; talk goes above the bar meanwhile.</summary>
    public static async Task RunAsync(Terminal terminal, TransferTotals totals, string verb, Show show, CancellationToken cancellationToken)
    {
        // Spectre honours NO_COLOR itself.
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal.Error) });
        terminal.RouteTalk(line => console.WriteLine(line));
        try
        {
            await console.Progress()
                .AutoClear(true)
                .HideCompleted(false)
                .Columns(
                    new TaskDescriptionColumn(), new Spectre.Console.ProgressBarColumn(), new PercentageColumn(),
                    new SizeColumn(show), new RemainingTimeColumn())
                .StartAsync(context => DrawAsync(context.AddTask(verb), totals, verb, cancellationToken));
        }
        finally
        {
            terminal.RouteTalk(null);
        }
    }

    private static async Task DrawAsync(ProgressTask task, TransferTotals totals, string verb, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var all = totals.Files is { } files ? $"/{Show.Count(files)}" : "";
            task.Description = $"{verb} {Show.Count(totals.Done)}{all}";
            task.IsIndeterminate = totals.TotalBytes is null;
            task.MaxValue = Math.Max(1, totals.TotalBytes ?? totals.Bytes);
            task.Value = Math.Clamp(totals.Bytes, 0, (long)task.MaxValue);
            try
            {
                await Task.Delay(Refresh, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Sizes in the units of the rest of the command; the library's own column calls a MiB an MB.</summary>
    private sealed class SizeColumn(Show show) : ProgressColumn
    {
        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
        {
            var rate = task.Speed is { } speed ? $" {show.Size((long)speed)}/s" : "";
            return new Text($"{show.Size((long)task.Value)}/{show.Size((long)task.MaxValue)}{rate}");
        }
    }
}
