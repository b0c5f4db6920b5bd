using System.Diagnostics;

namespace Granary.TestSupport;

/// <summary>
/// A mount namespace of a test's own, held by a shell that runs in it: small file systems, unmounting and read-only mounts
/// without touching the machine. Files in it are reached from outside through the shell's root in /proc.
/// </summary>
public sealed class MountNamespace : IDisposable
{
    private const string Done = "granary-done";
    private readonly Process _shell;
    private readonly TempFolder _folder = new();

    /// <summary>Enters a new namespace, with a small tmpfs at <see cref="Path"/>.</summary>
    /// <param name="bytes">The size of the tmpfs.</param>
    public MountNamespace(long bytes)
    {
        Inside = _folder.Make("mount");
        _shell = Process.Start(new ProcessStartInfo("unshare", [.. Flags(), "sh"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Run("mount --make-rprivate /");
        Run($"mount -t tmpfs -o size={bytes} tmpfs {Inside}");
        Path = $"/proc/{_shell.Id}/root{Inside}";
    }

    /// <summary>Why mounting is not possible here; null when it is.</summary>
    public static string? Missing { get; } = Try();

    /// <summary>The mount point as seen from the test.</summary>
    public string Path { get; }

    /// <summary>The mount point as seen from commands in the namespace.</summary>
    public string Inside { get; }

    /// <summary>Runs a shell command in the namespace; throws where it fails.</summary>
    public void Run(string command)
    {
        _shell.StandardInput.WriteLine($"{{ {command}; }} 2>&1; echo {Done} $?");
        _shell.StandardInput.Flush();
        var said = new List<string>();
        while (_shell.StandardOutput.ReadLine() is { } line)
        {
            if (!line.StartsWith(Done, StringComparison.Ordinal))
            {
                said.Add(line);
                continue;
            }

            if (line != $"{Done} 0")
                throw new InvalidOperationException($"{command}: {string.Join(' ', said)}");
            return;
        }

        throw new InvalidOperationException($"{command}: the shell ended. {_shell.StandardError.ReadToEnd()}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _shell.StandardInput.Close();
        if (!_shell.WaitForExit(TimeSpan.FromSeconds(5)))
            _shell.Kill();
        _shell.Dispose();
        _folder.Dispose();
    }

    private static string[] Flags() => Environment.IsPrivilegedProcess ? ["--mount"] : ["--map-root-user", "--mount"];

    private static string? Try()
    {
        if (!Repository.HasProgram("unshare"))
            return "no mount namespace: the program unshare is missing";
        var (code, output) = Repository.Run("unshare", [.. Flags(), "sh", "-c", "mount --make-rprivate / && mount -t tmpfs -o size=1048576 tmpfs /tmp"]);
        return code == 0 ? null : $"no mount namespace: {output.Trim()}";
    }
}
