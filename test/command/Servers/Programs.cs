using System.Diagnostics;
using System.Text;

namespace Granary.Command.Tests.Servers;

/// <summary>Starts the shipped programs, which are built into this test's own folder, without the settings of the machine.</summary>
internal static class Programs
{
    public static ProcessStartInfo Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, program), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("GRANARY_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        return start;
    }
}
