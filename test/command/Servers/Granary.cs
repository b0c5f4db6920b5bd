using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Granary.Command.Tests.Servers;

/// <summary>The `granary` command as a process, against the server of a data folder.</summary>
internal sealed class Granary(string data)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    /// <summary>Runs a command line to its end.</summary>
    public Task<Result> RunAsync(params string[] arguments) => RunAsync([], null, arguments);

    /// <summary>Runs a command that has to succeed.</summary>
    public async Task<Result> DoAsync(params string[] arguments)
    {
        var result = await RunAsync(arguments);
        Assert.True(result.Code == 0, $"granary {string.Join(' ', arguments)} ended with {result.Code}:\n{result.Out}{result.Error}");
        return result;
    }

    /// <summary>Runs a command line with something on stdin, and variables.</summary>
    public async Task<Result> RunAsync(byte[] input, (string Name, string Value)? variable, params string[] arguments)
    {
        using var process = Begin(variable, arguments);
        using var output = new MemoryStream();
        var reading = Task.WhenAll(process.StandardOutput.BaseStream.CopyToAsync(output), Task.CompletedTask);
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It did not want to read.
        }

        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"granary {string.Join(' ', arguments)} did not end.");
        }

        await reading;
        return new Result(process.ExitCode, output.ToArray(), await error);
    }

    /// <summary>Starts a command line; the caller waits for it.</summary>
    public Process Begin((string Name, string Value)? variable, params string[] arguments)
    {
        var start = Programs.Start("granary-admin.dll", arguments);
        start.Environment["GRANARY_DATA"] = data;
        if (variable is { } extra)
            start.Environment[extra.Name] = extra.Value;
        return Process.Start(start)!;
    }

    /// <summary>Seconds of processor time that a command takes, its own and the system's, as the shell measures it.</summary>
    public async Task<double> CostAsync(params string[] arguments)
    {
        var start = Programs.Start("granary-admin.dll", arguments);
        var shell = new ProcessStartInfo("/bin/sh", ["-c", "\"$@\" >/dev/null 2>&1; times", "sh", start.FileName, .. start.ArgumentList]) { RedirectStandardOutput = true };
        shell.Environment["GRANARY_DATA"] = data;
        using var process = Process.Start(shell)!;
        var times = await process.StandardOutput.ReadToEndAsync();
        // The second line is of the children: 0m0.19s 0m0.03s.
        return times.Split('\n')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries).Sum(time =>
            (double.Parse(time.Split('m')[0]) * 60) + double.Parse(time.Split('m')[1].TrimEnd('s')));
    }

    /// <summary>How a command ended.</summary>
    internal sealed record Result(int Code, byte[] Bytes, string Error)
    {
        /// <summary>Standard output as text.</summary>
        public string Out => Encoding.UTF8.GetString(Bytes);

        /// <summary>The lines of --json.</summary>
        public IReadOnlyList<JsonElement> Json =>
            [.. Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }
}
