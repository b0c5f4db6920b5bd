using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;

namespace Granary.Bench.Limits;

/// <summary>A grain that does nothing.</summary>
[Alias("granary.bench.IPingGrain")]
public interface IPingGrain : IGrainWithIntegerKey
{
    /// <summary>Gives back what it was given.</summary>
    [Alias("Ping")]
    Task<int> PingAsync(int value, CancellationToken cancellationToken);

    /// <summary>The process that it lives in.</summary>
    [Alias("Process")]
    Task<int> ProcessAsync(CancellationToken cancellationToken);
}

/// <inheritdoc/>
public sealed class PingGrain : Grain, IPingGrain
{
    /// <inheritdoc/>
    public Task<int> PingAsync(int value, CancellationToken cancellationToken) => Task.FromResult(value);

    /// <inheritdoc/>
    public Task<int> ProcessAsync(CancellationToken cancellationToken) => Task.FromResult(Environment.ProcessId);
}

/// <summary>A silo with nothing but <see cref="PingGrain"/>, in this process or in one started from this executable.</summary>
internal sealed class PingSilo : IAsyncDisposable
{
    /// <summary>What makes the bench such a process: <c>--ping-silo NAME REDISPORT</c>.</summary>
    public const string Argument = "--ping-silo";

    private readonly Process _process;

    private PingSilo(Process process) => _process = process;

    /// <summary>Its process.</summary>
    public int Id => _process.Id;

    /// <summary>Starts one in a process of its own.</summary>
    public static async Task<PingSilo> StartAsync(string name, int redisPort, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [Argument, name, redisPort.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        var process = Process.Start(start) ?? throw new InvalidOperationException("The silo did not start.");
        while (await process.StandardOutput.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (line == "ready")
            {
                return new PingSilo(process);
            }
        }

        throw new InvalidOperationException("The silo ended before it was ready.");
    }

    /// <summary>One of a cluster of that name that meets in a Redis server on this machine.</summary>
    public static IHost Build(string name, int redisPort)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleans(silo =>
        {
            silo.UseRedisClustering(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{redisPort}"));
            silo.ConfigureEndpoints(IPAddress.Loopback, GranaryServer.FreePort(), gatewayPort: 0, listenOnAnyHostAddress: false);
            silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (name, name));
            silo.AddMemoryGrainStorageAsDefault();
        });
        return builder.Build();
    }

    /// <summary>The process's own main; it ends when its input does.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var at = Array.IndexOf(args, Argument);
        using var host = Build(args[at + 1], int.Parse(args[at + 2], CultureInfo.InvariantCulture));
        await host.StartAsync().ConfigureAwait(false);
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync().ConfigureAwait(false) is not null)
        {
        }

        await host.StopAsync().ConfigureAwait(false);
        return 0;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(15)))
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync().ConfigureAwait(false);
        _process.Dispose();
    }
}
