using System.Diagnostics;
using Granary.Silo.Configuration;
using Granary.Silo.Data;

namespace Granary.Silo.Commands;

/// <summary><c>up --detach</c>: starts the same program in the background and waits until it answers.</summary>
internal static class Detached
{
    private const int LogTail = 20;

    // The runtime keeps copies of the standard streams that it was started with, so a server that redirected them itself
    // would hold the caller's pipe open for ever. They are replaced before the runtime starts; exec keeps the process id.
    private const string Redirect = "log=$1; shift; exec \"$@\" </dev/null >>\"$log\" 2>&1";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>Runs it.</summary>
    public static async Task<int> RunAsync(SiloSettings settings, int silos, TimeProvider time, TextWriter talk)
    {
        var root = settings.Storage.Data;
        if (DataFolder.IsHeld(root))
        {
            await talk.WriteLineAsync(new DataFolderInUseException(root, DataFolder.ReadHolder(root), DataFolder.ReadUrl(root)).Message);
            return ExitCode.Refused;
        }

        var log = DataFolder.LogFile(root);
        var logStart = PrepareLog(log);
        await talk.WriteLineAsync($"Starting granary in the background; its log is {log} ...");
        using var child = System.Diagnostics.Process.Start(StartInfo(settings, silos)) ?? throw new InvalidOperationException("The server process could not be started.");
        var started = time.GetTimestamp();
        while (time.GetElapsedTime(started) < LongestStart)
        {
            if (child.HasExited)
            {
                await PrintTailAsync(log, logStart, talk);
                return child.ExitCode == 0 ? ExitCode.Failed : child.ExitCode;
            }

            // The url is written when the server answers, by the process that holds the folder.
            if (DataFolder.ReadUrl(root) is { Length: > 0 } url && DataFolder.ReadHolder(root)?.Id == child.Id)
            {
                ReadyText.Print(Console.Out, url, settings);
                return ExitCode.Done;
            }

            await Task.Delay(Interval, time);
        }

        await PrintTailAsync(log, logStart, talk);
        await talk.WriteLineAsync($"The server (process {child.Id}) is not ready after {LongestStart.TotalSeconds:0} s; it is left running.");
        return ExitCode.Failed;
    }

    // Makes the log, for its owner's eyes, and tells where the new server's part of it begins.
    private static long PrepareLog(string log)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.ReadWrite };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using var stream = new FileStream(log, options);
        return stream.Length;
    }

    private static ProcessStartInfo StartInfo(SiloSettings settings, int silos)
    {
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is unknown.");
        var info = new ProcessStartInfo("/bin/sh", ["-c", Redirect, "sh", DataFolder.LogFile(settings.Storage.Data), program]) { UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            info.ArgumentList.Add(typeof(Detached).Assembly.Location);
        }

        info.ArgumentList.Add("up");
        info.ArgumentList.Add("--data");
        info.ArgumentList.Add(settings.Storage.Data);
        info.ArgumentList.Add("--port");
        info.ArgumentList.Add(settings.Http.Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        info.ArgumentList.Add("--silos");
        info.ArgumentList.Add(silos.ToString(System.Globalization.CultureInfo.InvariantCulture));
        info.ArgumentList.Add("--" + CommandLine.BackgroundFlag);
        return info;
    }

    private static async Task PrintTailAsync(string log, long from, TextWriter talk)
    {
        if (!File.Exists(log))
        {
            return;
        }

        await using var stream = new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        stream.Seek(Math.Min(from, stream.Length), SeekOrigin.Begin);
        using var reader = new StreamReader(stream);
        var lines = (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var line in lines.TakeLast(LogTail))
        {
            await talk.WriteLineAsync(line);
        }
    }
}
