using System.Globalization;
using Granary.Catalog;
using Granary.GrainInterfaces;

namespace Granary.Grains.Maintenance;

/// <summary>
/// The steps of checking a tenant's rows: chunks, the manifests of current and of kept versions, then the sums that quotas
/// use, which stand on what came before.
/// </summary>
internal sealed class FsckRows(FsckCatalog catalog, TimeProvider time)
{
    private const int ChunkPage = 256;

    private const string Chunks = "chunks";
    private const string Current = "current";
    private const string Kept = "kept";
    private const string Usage = "usage";

    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(1);

    /// <summary>One step.</summary>
    public Task<TaskStep> StepAsync(MaintenanceTaskRow task, CancellationToken cancellationToken)
    {
        var (stage, rest) = Split(task.Cursor ?? Chunks);
        return stage switch
        {
            Chunks => ChunksAsync(task, rest, cancellationToken),
            Current => ManifestsAsync(task, kept: false, rest, cancellationToken),
            Kept => ManifestsAsync(task, kept: true, rest, cancellationToken),
            _ => UsageAsync(task, rest, cancellationToken),
        };
    }

    private async Task<TaskStep> ChunksAsync(MaintenanceTaskRow task, string rest, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var findings = new List<TaskFinding>();
        var after = rest.Length == 0 ? (ChunkHash?)null : ChunkHash.Parse(rest);
        var (chunks, bytes) = (0L, 0L);
        do
        {
            var page = await catalog.ChunksAsync(task.Tenant!.Value, task.Scope, after, ChunkPage, task.Repair, cancellationToken);
            findings.AddRange(page.Findings);
            chunks += page.Chunks;
            bytes += page.Bytes;
            if (page.Last is null || page.Chunks < ChunkPage)
            {
                return new TaskStep(Current, chunks, bytes, findings);
            }

            after = page.Last;
        }
        while (time.GetElapsedTime(started) < Budget);

        return new TaskStep($"{Chunks}:{after}", chunks, bytes, findings);
    }

    private async Task<TaskStep> ManifestsAsync(MaintenanceTaskRow task, bool kept, string rest, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var findings = new List<TaskFinding>();
        var after = rest.Length == 0 ? null : Parse(rest);
        do
        {
            var page = await catalog.ManifestsAsync(task.Tenant!.Value, task.Scope, kept, after, task.Repair, cancellationToken);
            findings.AddRange(page.Findings);
            if (page.Last is null)
            {
                return new TaskStep(kept ? Usage : Kept, 0, 0, findings);
            }

            after = page.Last;
        }
        while (time.GetElapsedTime(started) < Budget);

        return new TaskStep($"{(kept ? Kept : Current)}:{Text(after)}", 0, 0, findings);
    }

    // One sum a step: those of a large scope take seconds.
    private async Task<TaskStep> UsageAsync(MaintenanceTaskRow task, string rest, CancellationToken cancellationToken)
    {
        var tenant = task.Tenant!.Value;
        if (task.Scope is { } only)
        {
            return (await catalog.UsageAsync(tenant, only, task.Repair, cancellationToken)).ToStep(null);
        }

        var after = rest.Length == 0 ? new ScopeId(0) : new ScopeId(long.Parse(rest, NumberStyles.None, CultureInfo.InvariantCulture));
        return await catalog.NextScopeAsync(tenant, after, cancellationToken) is { } scope
            ? (await catalog.UsageAsync(tenant, scope, task.Repair, cancellationToken)).ToStep($"{Usage}:{scope}")
            : (await catalog.UsageAsync(tenant, null, task.Repair, cancellationToken)).ToStep(null);
    }

    private static (string Stage, string Tail) Split(string cursor)
    {
        var colon = cursor.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? (cursor, "") : (cursor[..colon], cursor[(colon + 1)..]);
    }

    private static string Text(VersionPosition position) =>
        string.Create(CultureInfo.InvariantCulture, $"{position.Scope}:{position.Version}:{Convert.ToHexStringLower(position.Path)}");

    private static VersionPosition Parse(string text)
    {
        var parts = text.Split(':');
        return new VersionPosition(
            new ScopeId(long.Parse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture)),
            Convert.FromHexString(parts[2]),
            long.Parse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture));
    }
}
