using Granary.Admin.Api;
using Granary.Admin.Paths;

namespace Granary.Admin.Transfer;

/// <summary>Knows what is already at the places that a put writes to: asked one by one for a few, listed for many.</summary>
internal sealed class ExistingFiles
{
    // Up to so many, a look-up each is quicker than listing a folder of unknown size.
    private const int AskUpTo = 200;

    private readonly GranaryClient client;
    private readonly Dictionary<string, FileItem?>? listed;

    private ExistingFiles(GranaryClient client, Dictionary<string, FileItem?>? listed)
    {
        this.client = client;
        this.listed = listed;
    }

    /// <summary>Looks at the target of a plan. Only files that the plan also has are kept in memory.</summary>
    public static async Task<ExistingFiles> LookAsync(GranaryClient client, PutPlan plan, CancellationToken cancellationToken)
    {
        if (plan.Items.Count <= AskUpTo)
            return new ExistingFiles(client, null);
        var wanted = plan.Items.ToDictionary(item => item.Target.Path, _ => (FileItem?)null, StringComparer.Ordinal);
        await foreach (var page in client.FilesAsync(plan.Target.Scope, plan.Target.FolderPrefix, null, cancellationToken))
        {
            foreach (var item in page.Items ?? [])
            {
                if (wanted.ContainsKey(item.Path))
                    wanted[item.Path] = item;
            }
        }

        return new ExistingFiles(client, wanted);
    }

    /// <summary>What is at a place of the plan, or null.</summary>
    public async Task<FileItem?> FindAsync(RemotePath target, CancellationToken cancellationToken) =>
        listed is not null ? listed.GetValueOrDefault(target.Path) : await client.FindAsync(target.Scope, target.Path, cancellationToken);
}
