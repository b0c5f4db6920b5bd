using System.Globalization;

namespace Granary.Silo.Processes;

/// <summary>
/// A process that cannot be mistaken for a later one with the same number: its id and its start time, in the system's
/// own clock ticks.
/// </summary>
/// <param name="Id">Process id.</param>
/// <param name="Started">Start time: clock ticks since boot where <c>/proc</c> tells, else file time.</param>
public sealed record ProcessIdentity(int Id, long Started)
{
    /// <summary>This process.</summary>
    public static ProcessIdentity Current() => new(Environment.ProcessId, StartOf(Environment.ProcessId) ?? 0);

    /// <summary>True while this very process lives; a zombie does not.</summary>
    public bool IsAlive => StartOf(Id) is { } started && started == Started;

    /// <summary>Reads <c>id start</c>.</summary>
    public static bool TryParse(string text, out ProcessIdentity identity)
    {
        identity = new ProcessIdentity(0, 0);
        var parts = text.Split(' ', 2);
        if (parts.Length != 2
            || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            || !long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var started))
        {
            return false;
        }

        identity = new ProcessIdentity(id, started);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Id} {Started}");

    private static long? StartOf(int id)
    {
        try
        {
            if (!Directory.Exists("/proc/self"))
            {
                using var process = System.Diagnostics.Process.GetProcessById(id);
                return process.StartTime.ToFileTimeUtc();
            }

            // The second field is the command in parentheses and may hold anything; fields are counted after the last one.
            var stat = File.ReadAllText($"/proc/{id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : long.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }
}
