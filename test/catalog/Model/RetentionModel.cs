using Granary.GrainInterfaces;

namespace Granary.Catalog.Tests;

/// <summary>Which versions a scope keeps, kept as simply as possible: lists that the rule is applied to.</summary>
internal sealed class RetentionModel(TimeProvider clock)
{
    private readonly Dictionary<string, List<Version>> _paths = [];

    public ScopeSettings Settings { get; set; } = new();

    public HashSet<string> Held { get; } = [];

    public IEnumerable<string> Paths => _paths.Keys;

    public bool HasCurrent(string path) => _paths.TryGetValue(path, out var versions) && !versions[^1].Deleted;

    public IEnumerable<long> Kept(string path) => _paths[path].Select(static version => version.Number).Reverse();

    public void Put(string path) => Add(path, deleted: false);

    public void Delete(string path) => Add(path, deleted: true);

    public void Expire()
    {
        foreach (var path in _paths.Keys)
        {
            Prune(path);
        }
    }

    public override string ToString() =>
        string.Join("; ", _paths.Select(path => $"{path.Key}{(Held.Contains(path.Key) ? " held" : "")}: {string.Join(' ', Kept(path.Key))}"))
        + $" ({Settings.KeepVersions} versions, {Settings.KeepDays} days{(Settings.LegalHold ? ", held" : "")})";

    private void Add(string path, bool deleted)
    {
        if (!_paths.TryGetValue(path, out var versions))
        {
            _paths[path] = versions = [];
        }

        var now = clock.GetUtcNow();
        if (versions.Count > 0 && !versions[^1].Deleted)
        {
            versions[^1] = versions[^1] with { Superseded = now };
        }

        versions.Add(new Version(versions.Count == 0 ? 1 : versions[^1].Number + 1, deleted, now));
        Prune(path);
    }

    private void Prune(string path)
    {
        if (Settings.LegalHold || Held.Contains(path))
        {
            return;
        }

        var newest = _paths[path][^1].Number;
        var now = clock.GetUtcNow();
        _paths[path].RemoveAll(version => version.Number <= newest - Settings.KeepVersions
            && (Settings.KeepDays is not { } days || version.Superseded < now.AddDays(-days)));
    }

    private sealed record Version(long Number, bool Deleted, DateTimeOffset Superseded);
}
