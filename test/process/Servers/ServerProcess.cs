using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;

namespace Granary.Process.Tests.Servers;

/// <summary>A real <c>granary-silo</c> process on loopback, with a data folder that outlives it.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private readonly System.Diagnostics.Process _process;
    private readonly StringBuilder _output = new();

    private ServerProcess(System.Diagnostics.Process process, string data)
    {
        _process = process;
        Data = data;
        process.OutputDataReceived += (_, line) => Append(line.Data);
        process.ErrorDataReceived += (_, line) => Append(line.Data);
    }

    public string Data { get; }

    public int Id => _process.Id;

    public string Url => File.ReadAllText(Path.Combine(Data, "url")).Trim();

    public string OperatorKey => File.ReadAllText(Path.Combine(Data, "operator.key")).Trim();

    /// <summary>Everything it printed so far, both streams.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Starts <c>up</c> and waits until it says that it is ready.</summary>
    public static async Task<ServerProcess> UpAsync(string data, params (string Name, string Value)[] settings)
    {
        var server = Launch(["up", "--data", data, "--port", "0"], data, settings);
        await server.ReadyAsync();
        return server;
    }

    /// <summary>Waits until it says that it is ready; fails when it ends instead.</summary>
    public async Task ReadyAsync()
    {
        var clock = Stopwatch.StartNew();
        while (!Output.Contains("granary is ready at", StringComparison.Ordinal))
        {
            if (_process.HasExited || clock.Elapsed > StartLimit)
            {
                throw new InvalidOperationException($"The server did not become ready in {clock.Elapsed.TotalSeconds:0} s:\n{Output}");
            }

            await Task.Delay(20);
        }
    }

    /// <summary>Starts the program with any arguments.</summary>
    public static ServerProcess Launch(IEnumerable<string> arguments, string data, params (string Name, string Value)[] settings)
    {
        var info = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        info.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "granary-silo.dll"));
        foreach (var argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }

        foreach (var name in info.Environment.Keys.Where(name => name.StartsWith("GRANARY_", StringComparison.Ordinal)).ToArray())
        {
            info.Environment.Remove(name);
        }

        foreach (var (name, value) in settings)
        {
            info.Environment[name] = value;
        }

        var process = System.Diagnostics.Process.Start(info)!;
        var server = new ServerProcess(process, data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return server;
    }

    /// <summary>A client that acts as the operator.</summary>
    public HttpClient Client()
    {
        var client = new HttpClient { BaseAddress = new Uri(Url + "/"), Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", OperatorKey);
        return client;
    }

    /// <summary>SIGKILL: no code of it runs any more.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Sends a signal by name and waits for the end.</summary>
    public async Task<int> SignalAsync(string signal)
    {
        using var kill = System.Diagnostics.Process.Start("kill", [$"-{signal}", Id.ToString()]);
        await kill.WaitForExitAsync();
        return await WaitAsync();
    }

    /// <summary>Waits for the end and gives the exit code.</summary>
    public async Task<int> WaitAsync()
    {
        using var limit = new CancellationTokenSource(StartLimit);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private void Append(string? line)
    {
        if (line is not null)
        {
            lock (_output)
            {
                _output.AppendLine(line);
            }
        }
    }
}
