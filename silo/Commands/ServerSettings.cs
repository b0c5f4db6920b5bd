using System.Collections;
using Granary.Silo.Configuration;

namespace Granary.Silo.Commands;

/// <summary>Settings of a command: the environment, with the command's options laid over it.</summary>
internal static class ServerSettings
{
    /// <summary>Reads and checks them.</summary>
    /// <exception cref="InvalidSettingsException">Some are wrong.</exception>
    public static SiloSettings Read(CommandLine command) => SiloSettings.Read(Variables(command), DefaultData(), isWorker: command.Role == "worker");

    /// <summary>The data folder that the command means, without looking at other settings.</summary>
    public static string DataFolder(CommandLine command) =>
        Path.GetFullPath(Variables(command).TryGetValue("GRANARY_DATA", out var data) && data.Length > 0 ? data : DefaultData());

    private static Dictionary<string, string> Variables(CommandLine command)
    {
        var variables = new Dictionary<string, string>();
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            variables[(string)entry.Key] = (string?)entry.Value ?? "";
        }

        Overlay(command, variables, "data", "GRANARY_DATA");
        Overlay(command, variables, "port", "GRANARY_PORT");
        return variables;
    }

    private static void Overlay(CommandLine command, Dictionary<string, string> variables, string option, string variable)
    {
        if (command.Values.TryGetValue(option, out var value))
        {
            variables[variable] = value;
        }
    }

    // The launcher says where it lies, so that `up` from anywhere means the same folder.
    private static string DefaultData() =>
        Environment.GetEnvironmentVariable("GRANARY_LAUNCHER_DIR") is { Length: > 0 } launcher ? Path.Combine(launcher, "data") : "data";
}
