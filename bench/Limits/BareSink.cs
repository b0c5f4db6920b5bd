using System.Diagnostics;
using System.Globalization;

namespace Granary.Bench.Limits;

/// <summary>
/// A process of Kestrel that receives bodies and drops them: what the same client reaches at best. Started from this
/// executable, so that client and server share no runtime.
/// </summary>
internal sealed class BareSink : IAsyncDisposable
{
    private readonly Process _process;

    private BareSink(Process process, int port)
    {
        _process = process;
        Port = port;
    }

    public int Port { get; }

    public static async Task<BareSink> StartAsync(CancellationToken cancellationToken)
    {
        var port = GranaryServer.FreePort();
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        start.ArgumentList.Add("--sink");
        start.ArgumentList.Add(port.ToString(CultureInfo.InvariantCulture));
        var process = Process.Start(start) ?? throw new InvalidOperationException("The sink did not start.");
        while (await process.StandardOutput.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (line == "ready")
            {
                return new BareSink(process, port);
            }
        }

        throw new InvalidOperationException("The sink ended before it was ready.");
    }

    /// <summary>The sink's own main: <c>--sink PORT</c>.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(o =>
        {
            o.ListenLocalhost(int.Parse(args[Array.IndexOf(args, "--sink") + 1], CultureInfo.InvariantCulture));
            o.Limits.MaxRequestBodySize = null;
        });
        var app = builder.Build();
        app.Run(async context =>
        {
            var reader = context.Request.BodyReader;
            while (true)
            {
                var result = await reader.ReadAsync(context.RequestAborted).ConfigureAwait(false);
                reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    break;
                }
            }

            context.Response.StatusCode = StatusCodes.Status201Created;
        });
        await app.StartAsync().ConfigureAwait(false);
        Console.WriteLine("ready");
        await app.WaitForShutdownAsync().ConfigureAwait(false);
        return 0;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _process.Kill();
        _process.Dispose();
        return ValueTask.CompletedTask;
    }
}
