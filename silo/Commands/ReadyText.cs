using Granary.Silo.Configuration;
using Granary.Silo.Data;

namespace Granary.Silo.Commands;

/// <summary>What a person sees when the server is ready: where it is, and two lines to copy.</summary>
internal static class ReadyText
{
    /// <summary>Prints it.</summary>
    public static void Print(TextWriter output, string url, SiloSettings settings)
    {
        var launcher = Environment.GetEnvironmentVariable("GRANARY_LAUNCHER_DIR") is { Length: > 0 } folder ? Shorten(Path.Combine(folder, "granary"), isProgram: true) : "granary";
        var data = settings.Storage.Data;
        var isDefault = Environment.GetEnvironmentVariable("GRANARY_LAUNCHER_DIR") is { Length: > 0 } beside && Path.Combine(beside, "data") == data;
        var option = isDefault ? "" : $" --data {Quote(Shorten(data))}";
        var key = settings.Secrets.OperatorKey is null ? $"$(cat {Quote(Shorten(DataFolder.OperatorKeyFile(data)))})" : "$GRANARY_OPERATOR_KEY";
        output.WriteLine($"granary is ready at {url}");
        output.WriteLine();
        output.WriteLine("Store a file:");
        output.WriteLine($"  {launcher} put FILE main:/{option}");
        output.WriteLine($"  curl -T FILE -H \"Authorization: Bearer {key}\" {url}/api/v1/scopes/main/files/");
        output.Flush();
    }

    // Relative where it lies under the current folder: shorter to read and to copy.
    private static string Shorten(string path, bool isProgram = false)
    {
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : isProgram ? "./" + relative : relative;
    }

    private static string Quote(string text) =>
        text.All(letter => char.IsAsciiLetterOrDigit(letter) || "/._-+@%".Contains(letter, StringComparison.Ordinal)) ? text : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
