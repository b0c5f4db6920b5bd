using System.Diagnostics;
using Granary.TestSupport;

namespace Granary.Launcher.Tests;

/// <summary>What a run of the launcher printed, and how it ended.</summary>
internal sealed record RunInfo(int Code, string Output, string Talk)
{
    public string LastLine => Output.TrimEnd('\n').Split('\n')[^1];
}

/// <summary>
/// A small checkout in a temporary folder: the launcher and its scripts as they are, a file in every folder that programs
/// are built from, and a double of the SDK in front of the path (fake-dotnet.sh).
/// </summary>
internal sealed class Sandbox : IDisposable
{
    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string _fake;

    public Sandbox()
    {
        Root = Directory.CreateTempSubdirectory("granary-launcher-").FullName;
        _fake = Directory.CreateDirectory(Path.Combine(Root, "fake")).FullName;
        Copy("granary");
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "eng")))
        {
            Copy("eng/" + Path.GetFileName(file));
        }

        string[] settings = ["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "NuGet.config", "global.json", ".editorconfig"];
        foreach (var file in settings)
        {
            Copy(file);
        }

        string[] folders = ["grain-interfaces", "stores", "catalog", "grains", "client-api", "silo", "compat/orleans", "admin", "bench", "test/alpha", "test/beta"];
        foreach (var folder in folders)
        {
            Write(folder + "/Source.cs", "");
            var kind = char.ToUpperInvariant(folder[folder.LastIndexOf('/') + 1]) + folder[(folder.LastIndexOf('/') + 2)..];
            Write($"{folder}/Granary.{kind}{(folder.StartsWith("test/", StringComparison.Ordinal) ? ".Tests" : "")}.csproj", "<Project />");
        }

        File.Copy(Path.Combine(AppContext.BaseDirectory, "fake-dotnet.sh"), Path.Combine(_fake, "dotnet"));
        MakeExecutable("fake/dotnet");
        Program("""printf '%s' "${0##*/}"; for a in "$@"; do printf ' <%s>' "$a"; done; echo " in $(pwd) for $GRANARY_LAUNCHER_DIR" """);
    }

    /// <summary>The checkout's folder.</summary>
    public string Root { get; }

    /// <summary>Arguments of every call of the SDK so far.</summary>
    public string[] SdkCalls => File.Exists(Path.Combine(_fake, "log")) ? File.ReadAllLines(Path.Combine(_fake, "log")) : [];

    /// <summary>How often something was built so far.</summary>
    public int Builds => SdkCalls.Count(call => call.StartsWith("build ", StringComparison.Ordinal));

    /// <summary>The feed that was recorded, or null.</summary>
    public string? RecordedFeed => File.Exists(PathOf(".feed/feed.props")) ? File.ReadAllText(PathOf(".feed/feed.props")).Trim() : null;

    public string PathOf(string file) => Path.Combine(Root, file);

    public void Write(string file, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(file))!);
        File.WriteAllText(PathOf(file), text);
    }

    /// <summary>Makes the SDK print <paramref name="output"/> and end with <paramref name="code"/> when asked for <paramref name="verb"/>.</summary>
    public void SdkAnswers(string verb, int code, string output = "")
    {
        Write($"fake/{verb}.out", output);
        Write($"fake/{verb}.code", $"{code}\n");
    }

    /// <summary>Makes every build of the SDK take so long that other commands find it under way.</summary>
    public void SdkIsSlow() => Write("fake/slow", "");

    /// <summary>Installs a double of the S3 server, which writes down what it is asked to do (<see cref="ServerCalls"/>).</summary>
    public void AddServer()
    {
        string[] programs = ["ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "ceph"];
        foreach (var program in programs)
        {
            Write("fake/" + program, "");
            MakeExecutable("fake/" + program);
        }

        Write("test/servers/s3.sh", """
            echo "$1 $GRANARY_S3_DIR $GRANARY_S3_ACCESS_KEY $GRANARY_S3_SECRET_KEY" >>"$FAKE/server"
            echo "http://127.0.0.1:4321"

            """);
    }

    /// <summary>What the double of the S3 server was asked: verb, folder, keys.</summary>
    public string[][] ServerCalls => File.ReadAllLines(Path.Combine(_fake, "server")).Select(line => line.Split(' ')).ToArray();

    /// <summary>What the programs do that a build makes.</summary>
    public void Program(string script)
    {
        Write("fake/program", "#!/bin/sh\n" + script + "\n");
        MakeExecutable("fake/program");
    }

    /// <summary>Makes a file or folder newer than everything that was built.</summary>
    public void Touch(string file)
    {
        var later = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(5);
        if (Directory.Exists(PathOf(file)))
        {
            Directory.SetLastWriteTimeUtc(PathOf(file), later);
        }
        else
        {
            File.SetLastWriteTimeUtc(PathOf(file), later);
        }
    }

    public async Task<RunInfo> RunAsync(string[] arguments, string? folder = null, string? launcher = null, params (string Name, string Value)[] environment)
    {
        using var process = Start(arguments, folder, launcher, environment);
        var talk = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new RunInfo(process.ExitCode, output, await talk);
    }

    public Process Start(string[] arguments, string? folder = null, string? launcher = null, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(launcher ?? PathOf("granary"), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? Root,
        };
        // Nothing of the run that these tests are part of reaches the launcher under test.
        start.Environment.Clear();
        start.Environment["PATH"] = $"{_fake}:/usr/bin:/bin";
        start.Environment["HOME"] = Root;
        start.Environment["FAKE"] = _fake;
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>The first line of a file, once it is there; 20 seconds at most.</summary>
    public async Task<string> WaitForFileAsync(string file)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!File.Exists(PathOf(file)) || File.ReadAllText(PathOf(file)).Length == 0)
        {
            await Task.Delay(20, limit.Token);
        }

        return File.ReadLines(PathOf(file)).First();
    }

    /// <summary>Sends a signal to a process.</summary>
    public static async Task SignalAsync(string signal, int process)
    {
        using var kill = Process.Start("kill", ["-" + signal, $"{process}"]);
        await kill.WaitForExitAsync();
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private void Copy(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(file))!);
        File.Copy(Path.Combine(Repository.Root, file), PathOf(file));
    }

    private void MakeExecutable(string file)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(PathOf(file), Executable);
        }
    }
}
