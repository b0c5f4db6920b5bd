namespace Granary.Catalog.Tests;

/// <summary>What a scope's files must be after a sequence of operations, kept as simply as possible.</summary>
internal sealed class FileModel(int keepVersions, long quota)
{
    private readonly Dictionary<string, List<ModelVersion>> _paths = [];

    public long Sequence { get; private set; }

    public long Used => _paths.Values.Sum(static versions => versions.Sum(static version => version.Size));

    public IEnumerable<string> Paths => _paths.Keys;

    public bool HasRoomFor(long more) => Used + more <= quota;

    public ModelVersion? Current(string path) => _paths.TryGetValue(path, out var versions) && versions[^1].Chunks is not null ? versions[^1] : null;

    public ModelVersion? Find(string path, long version) => _paths.GetValueOrDefault(path)?.Find(candidate => candidate.Number == version);

    public IReadOnlyList<ModelVersion> Versions(string path) => _paths.GetValueOrDefault(path) ?? [];

    /// <summary>Makes the next version of a path; null is a tombstone.</summary>
    public ModelVersion Add(string path, string[]? chunks, bool sameChange = false)
    {
        if (!_paths.TryGetValue(path, out var versions))
        {
            _paths[path] = versions = [];
        }

        Sequence += sameChange ? 0 : 1;
        var version = new ModelVersion(versions.Count == 0 ? 1 : versions[^1].Number + 1, chunks, Sequence);
        versions.Add(version);
        if (versions.Count > keepVersions)
        {
            versions.RemoveRange(0, versions.Count - keepVersions);
        }

        return version;
    }

    /// <summary>Logical bytes that a new version of a path pushes out.</summary>
    public long FreedBy(string path)
    {
        var versions = _paths.GetValueOrDefault(path) ?? [];
        return versions.Count < keepVersions ? 0 : versions[0].Size;
    }
}

internal sealed record ModelVersion(long Number, string[]? Chunks, long Sequence)
{
    public long Size => Chunks?.Sum(static chunk => (long)chunk.Length) ?? 0;
}
