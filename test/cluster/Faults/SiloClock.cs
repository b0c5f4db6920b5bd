using System.Globalization;
using Granary.TestSupport;

namespace Granary.Cluster.Tests;

/// <summary>
/// A clock of one silo's own (libfaketime): ahead of the machine's or behind it by what a file says, which may change while
/// the silo runs or sleeps. Only the time of day; how time passes stays as it is.
/// </summary>
internal static class SiloClock
{
    private static readonly string? s_library = Directory.Exists("/usr/lib")
        ? Directory.EnumerateDirectories("/usr/lib").Select(static folder => Path.Combine(folder, "faketime/libfaketimeMT.so.1")).FirstOrDefault(File.Exists)
        : null;

    /// <summary>Why there can be none.</summary>
    public static string? Missing { get; } = s_library is null ? "no libfaketime: install the package faketime" : null;

    /// <summary>Gives a silo a clock, from its next start on.</summary>
    public static void Give(SiloProcess silo, TimeSpan ahead)
    {
        Set(silo, ahead);
        silo.Environment["LD_PRELOAD"] = s_library!;
        silo.Environment["FAKETIME_TIMESTAMP_FILE"] = FileOf(silo);
        silo.Environment["FAKETIME_NO_CACHE"] = "1";
        silo.Environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1";

        // Its mending of waits for an older C library would end them at once here.
        silo.Environment["FAKETIME_FORCE_MONOTONIC_FIX"] = "0";
    }

    /// <summary>Sets the clock of a silo that has one.</summary>
    public static void Set(SiloProcess silo, TimeSpan ahead)
    {
        File.WriteAllText(FileOf(silo) + ".new", ahead.TotalSeconds.ToString("+0;-0", CultureInfo.InvariantCulture));
        File.Move(FileOf(silo) + ".new", FileOf(silo), overwrite: true);
    }

    private static string FileOf(SiloProcess silo) => silo.Data + ".clock";
}

/// <summary>A test that gives silos clocks of their own.</summary>
public sealed class ClusterWithClocksFactAttribute : FactAttribute
{
    /// <summary>Skips where a server or the library is missing.</summary>
    public ClusterWithClocksFactAttribute() => Skip = Requirement.SkipReason(LocalCluster.Missing ?? S3Server.Missing ?? SiloClock.Missing);
}
