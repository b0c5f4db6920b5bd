using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Granary.Catalog;
using Granary.Silo.Configuration;
using Granary.Silo.Data;
using Granary.Silo.Hosting;
using Granary.Silo.LocalCluster;
using Granary.Silo.Processes;

namespace Granary.Silo.Commands;

/// <summary><c>up</c> and <c>serve</c>: runs a silo until it is told to stop.</summary>
internal static class ServerCommand
{
    /// <summary>Runs it.</summary>
    public static async Task<int> RunAsync(CommandLine command, TimeProvider time)
    {
        var isUp = command.Role == "up";
        var silos = isUp ? command.Count("silos", 1) : 1;
        var settings = ServerSettings.Read(command);
        if (command.Flags.Contains("detach"))
        {
            return await Detached.RunAsync(settings, silos, time, Console.Error);
        }

        if (command.Flags.Contains(CommandLine.BackgroundFlag))
        {
            Daemon.LeaveSession();
        }

        using var stop = new StopSignals();
        using var folder = DataFolder.Open(settings.Storage.Data);
        EnsurePortIsFree(settings.Http);
        if (silos > 1)
        {
            return await LocalClusterCommand.RunAsync(settings, silos, folder, stop, time);
        }

        return await ServeAsync(settings, folder, isUp, stop);
    }

    private static async Task<int> ServeAsync(SiloSettings settings, DataFolder folder, bool isUp, StopSignals stop)
    {
        Action<string> phase = isUp ? Console.Error.WriteLine : _ => { };
        try
        {
            await using var silo = await GranarySilo.StartAsync(settings, phase, stop.Token);
            folder.Announce(silo.Url);
            if (isUp)
            {
                ReadyText.Print(Console.Out, silo.Url, settings);
            }

            await silo.WaitForStopAsync(stop.Token);
            phase("Stopping ...");
            await silo.StopAsync();
            phase("Stopped.");
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            phase("Stopped before it was ready.");
        }

        return stop.Interrupted ? ExitCode.Interrupted : ExitCode.Done;
    }

    // Looked at before anything is opened or made, so that the answer comes at once.
    private static void EnsurePortIsFree(HttpOptions http)
    {
        if (http.Port == 0)
        {
            return;
        }

        try
        {
            using var listener = new TcpListener(new IPEndPoint(http.Listen, http.Port));
            listener.Start();
        }
        catch (SocketException failure)
        {
            throw new StartException(Sentence(http, failure.SocketErrorCode));
        }
    }

    private static string Sentence(HttpOptions http, SocketError error) => error switch
    {
        SocketError.AddressAlreadyInUse => $"Port {http.Port} is in use by another program; choose another one with --port N.",
        SocketError.AccessDenied => $"Port {http.Port} may not be opened by this user; choose another one with --port N, from 1024 up.",
        SocketError.AddressNotAvailable => $"Address {http.Listen} is not one of this machine's; correct GRANARY_LISTEN.",
        _ => $"Port {http.Port} on {http.Listen} cannot be opened ({error}); choose another one with --port N.",
    };
}

/// <summary>The server cannot start; the message is one sentence for the operator.</summary>
internal sealed class StartException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// Ctrl-C and SIGTERM, taken over from the host: the first asks for a clean stop, a second one ends the process at once.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;

    /// <summary>Starts to listen.</summary>
    public StopSignals() =>
        _registrations = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT }.Select(signal => PosixSignalRegistration.Create(signal, Handle))];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>True when the first signal came from the keyboard.</summary>
    public bool Interrupted { get; private set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _stop.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        if (_stop.IsCancellationRequested)
        {
            return; // not cancelled: the signal does what it does by default
        }

        context.Cancel = true;
        Interrupted = context.Signal == PosixSignal.SIGINT;
        _stop.Cancel();
    }
}
