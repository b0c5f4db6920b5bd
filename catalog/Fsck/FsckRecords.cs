using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>A page of chunks that were recounted.</summary>
/// <param name="Last">The last one; null when there was none.</param>
/// <param name="Chunks">How many.</param>
/// <param name="Bytes">Their bytes together.</param>
/// <param name="Findings">What differs.</param>
public sealed record ChunkAuditPage(ChunkHash? Last, long Chunks, long Bytes, IReadOnlyList<TaskFinding> Findings);

/// <summary>Where a walk over versions has got to.</summary>
/// <param name="Scope">The scope.</param>
/// <param name="Path">The path, UTF-8.</param>
/// <param name="Version">The version.</param>
public sealed record VersionPosition(ScopeId Scope, byte[] Path, long Version);

/// <summary>A page of versions whose manifests were checked.</summary>
/// <param name="Last">The last one; null when there was none.</param>
/// <param name="Findings">What differs.</param>
public sealed record ManifestAuditPage(VersionPosition? Last, IReadOnlyList<TaskFinding> Findings);

/// <summary>A sum that was compared with what it sums up.</summary>
/// <param name="Findings">One where it differs.</param>
public sealed record SumAudit(IReadOnlyList<TaskFinding> Findings)
{
    /// <summary>Adds the difference; runs once, in the transaction that counts the step.</summary>
    internal Action<CatalogSession>? Correction { get; init; }

    /// <summary>The step that reports it and puts it right.</summary>
    public TaskStep ToStep(string? cursor) => new(cursor, 0, 0, Findings) { Apply = Correction };
}
