using Granary.Admin.CommandLine;
using Granary.Admin.Paths;

namespace Granary.Admin.Transfer;

/// <summary>One file to send.</summary>
internal sealed record PutItem(string File, long Size, RemotePath Target);

/// <summary>
/// What `put SRC... TARGET` means: which file goes where, and what is left out. A folder's contents go under the target,
/// as with rsync and a trailing slash; a file goes under it when the target is a folder or there are several sources.
/// </summary>
internal sealed class PutPlan
{
    /// <summary>The word that stands for standard input.</summary>
    public const string Stdin = "-";

    private readonly Dictionary<string, string> origins = new(StringComparer.Ordinal);

    private PutPlan(RemotePath target) => Target = target;

    /// <summary>Where everything goes.</summary>
    public RemotePath Target { get; }

    /// <summary>Files to send, no two to the same place.</summary>
    public List<PutItem> Items { get; } = [];

    /// <summary>What is left out, with the reason.</summary>
    public List<LocalEntry> Skipped { get; } = [];

    /// <summary>Makes the plan; looks at the disk, changes nothing.</summary>
    /// <exception cref="UsageException">The sources and the target do not fit together.</exception>
    public static PutPlan Make(IReadOnlyList<string> sources, RemotePath target, bool recursive)
    {
        var plan = new PutPlan(target);
        foreach (var source in sources)
        {
            if (source == Stdin)
                throw new UsageException("- (stdin) is a source of its own: put - SCOPE:/NAME.");
            if (RemotePath.TryParse(source, out _) && !Path.Exists(source))
                throw new UsageException($"'{source}' is in Granary; 'granary cp' copies inside it, and put takes files of this machine.");
            if (Directory.Exists(source))
                plan.AddFolder(source, recursive);
            else if (File.Exists(source))
                plan.AddFile(source, sources.Count > 1);
            else
                plan.Skipped.Add(new LocalEntry(source, source, 0, "there is no such file"));
        }

        return plan;
    }

    private void AddFolder(string folder, bool recursive)
    {
        if (!recursive)
            throw new UsageException($"'{folder}' is a folder; add -r to store what is in it.");
        foreach (var entry in LocalTree.Walk(folder))
        {
            if (entry.Skipped is null)
                Add(entry.Path, entry.Size, Target.Inside(entry.Relative));
            else
                Skipped.Add(entry);
        }
    }

    private void AddFile(string file, bool oneOfSeveral)
    {
        if (FileKind.IsSpecial(Resolve(file)))
        {
            Skipped.Add(new LocalEntry(file, file, 0, "it is neither a file nor a folder"));
            return;
        }

        var name = Path.GetFileName(file);
        Add(file, new FileInfo(Resolve(file)).Length, oneOfSeveral || Target.IsFolder ? Target.Inside(name) : Target);
    }

    private void Add(string file, long size, RemotePath target)
    {
        if (origins.TryGetValue(target.Path, out var other))
            throw new UsageException($"'{other}' and '{file}' would both become {target}; put them in different folders.");
        origins.Add(target.Path, file);
        Items.Add(new PutItem(file, size, target));
    }

    // A link that is named on the command line is meant; links inside a folder are not followed.
    private static string Resolve(string file) => File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? file;
}
