using System.Security.Cryptography;
using Granary.TestSupport;

namespace Granary.Clients.Tests;

/// <summary>Stock clients from npm, installed once into artifacts/clients, beside the scripts that drive them.</summary>
internal static class NodeClients
{
    private static readonly Lazy<string> s_folder = new(Install);

    /// <summary>Why they cannot run here; null when they can.</summary>
    public static string? Missing { get; } = Repository.HasProgram("node") && Repository.HasProgram("npm")
        ? null
        : "Stock clients need the programs node and npm (./granary test --install).";

    /// <summary>Chromium's program; null when there is none.</summary>
    public static string? Chromium { get; } = File.Exists("/usr/bin/chromium") ? "/usr/bin/chromium" : null;

    /// <summary>Runs a script with its arguments.</summary>
    public static (int Code, string Output) Run(string script, params string[] arguments) =>
        Repository.Run("node", [Path.Combine(s_folder.Value, script), .. arguments], limit: TimeSpan.FromMinutes(10));

    private static string Install()
    {
        var source = Path.Combine(Repository.Root, "test", "clients", "node");
        var manifest = File.ReadAllBytes(Path.Combine(source, "package.json"));
        var folder = Directory.CreateDirectory(
            Path.Combine(Repository.Root, "artifacts", "clients", Convert.ToHexStringLower(SHA256.HashData(manifest).AsSpan(0, 6)))).FullName;

        // Two runs at a time: one installs, the other waits.
        using var held = Hold(Path.Combine(folder, "lock"));
        foreach (var file in Directory.GetFiles(source))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        var done = Path.Combine(folder, "installed");
        if (!File.Exists(done))
        {
            var (code, output) = Repository.Run(
                "npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts"], limit: TimeSpan.FromMinutes(5));
            Assert.True(code == 0, "npm install: " + output);
            File.WriteAllText(done, "");
        }

        return folder;
    }

    private static FileStream Hold(string path)
    {
        using var never = new ManualResetEventSlim();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (attempt < 600)
            {
                never.Wait(500);
            }
        }
    }
}

/// <summary>A test that drives a client on Node.</summary>
internal sealed class NodeFactAttribute : FactAttribute
{
    /// <summary>Skips where Node is missing.</summary>
    public NodeFactAttribute() => Skip = Requirement.SkipReason(NodeClients.Missing);
}

/// <summary>A test that drives a page in Chromium.</summary>
internal sealed class ChromiumFactAttribute : FactAttribute
{
    /// <summary>Skips where Node or Chromium is missing.</summary>
    public ChromiumFactAttribute() => Skip = Requirement.SkipReason(
        NodeClients.Missing ?? (NodeClients.Chromium is null ? "Pages need Debian's chromium (./granary test --install)." : null));
}
