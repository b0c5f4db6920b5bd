using Granary.Bench;

if (args.Contains("--sink"))
{
    return await Granary.Bench.Limits.BareSink.RunAsync(args).ConfigureAwait(false);
}

if (args.Contains(Granary.Bench.Limits.PingSilo.Argument))
{
    return await Granary.Bench.Limits.PingSilo.RunAsync(args).ConfigureAwait(false);
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};
try
{
    return await BenchCommand.RunAsync(args, stop.Token).ConfigureAwait(false);
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 130;
}
