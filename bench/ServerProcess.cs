using System.Collections.Concurrent;
using System.Diagnostics;

namespace Granary.Bench;

/// <summary>A server program that says on its output when it is ready; stopped by its process id.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly TimeSpan _patience;

    private ServerProcess(Process process, TimeSpan patience)
    {
        _process = process;
        _patience = patience;
    }

    /// <summary>The silo program that is measured.</summary>
    public static string Silo =>
        Environment.GetEnvironmentVariable("GRANARY_BENCH_SILO")
        ?? Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../silo/bin/Release/net10.0/granary-silo"));

    public int Id => _process.Id;

    /// <summary>Starts the silo program and waits for the words that it says when it is ready.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="words">Part of the line that says so.</param>
    /// <param name="patience">How long an orderly stop may take; it is killed after that.</param>
    /// <exception cref="InvalidOperationException">It ended before; the message has what it said.</exception>
    public static async Task<ServerProcess> StartAsync(string[] arguments, string words, TimeSpan patience, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Silo, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        var process = Process.Start(start) ?? throw new InvalidOperationException("The server did not start.");
        var ready = new TaskCompletionSource();
        var lines = new ConcurrentQueue<string>();
        void Take(string? line)
        {
            lines.Enqueue(line ?? "");
            if (line?.Contains(words, StringComparison.Ordinal) == true)
            {
                ready.TrySetResult();
            }
        }

        process.OutputDataReceived += (_, e) => Take(e.Data);
        process.ErrorDataReceived += (_, e) => Take(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var exited = process.WaitForExitAsync(cancellationToken);
        return await Task.WhenAny(ready.Task, exited).ConfigureAwait(false) == exited
            ? throw new InvalidOperationException("The server ended before it was ready: " + string.Join(Environment.NewLine, lines))
            : new ServerProcess(process, patience);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Signals.Terminate(_process.Id);
            using var patience = new CancellationTokenSource(_patience);
            try
            {
                await _process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
    }
}
