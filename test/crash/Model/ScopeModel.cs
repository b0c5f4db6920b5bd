namespace Granary.Crash.Tests.Model;

/// <summary>One row of a scope's change log.</summary>
internal sealed record Change(long Sequence, int Kind, string Path, string? OldPath, long Version, long Size)
{
    public const int Created = 1, Updated = 2, Deleted = 3, Moved = 4;
}

/// <summary>One version of a file. Where its operation's answer was lost and several fit, there are several tags.</summary>
internal sealed record VersionModel(long Version, long Size, IReadOnlyList<string> Etags, bool Deleted = false);

/// <summary>
/// What a scope must hold: its change log, replayed with the operations that clients asked for. The log may say nothing that
/// nobody asked for, and must say everything that was acknowledged, in an order that fits what clients saw.
/// </summary>
internal sealed class ScopeModel(string name, int keepVersions)
{
    private readonly Dictionary<string, List<VersionModel>> _files = new(StringComparer.Ordinal);

    public string Name => name;

    /// <summary>Sequence number of the last change that was replayed.</summary>
    public long Head { get; private set; }

    /// <summary>Current versions by path.</summary>
    public IEnumerable<(string Path, VersionModel Version)> Current =>
        _files.Where(static file => !file.Value[^1].Deleted).Select(static file => (file.Key, file.Value[^1]));

    /// <summary>Paths that had a file and have none now.</summary>
    public IEnumerable<string> Gone => _files.Where(static file => file.Value[^1].Deleted).Select(static file => file.Key);

    /// <summary>Earlier versions that retention keeps.</summary>
    public IEnumerable<(string Path, VersionModel Version)> Kept =>
        _files.SelectMany(file => file.Value.SkipLast(1).TakeLast(keepVersions - 1).Where(static version => !version.Deleted).Select(version => (file.Key, version)));

    public VersionModel? Find(string path) => _files.TryGetValue(path, out var versions) && !versions[^1].Deleted ? versions[^1] : null;

    /// <summary>A read has told which of several possible contents it is.</summary>
    public void Learn(string path, string etag)
    {
        var versions = _files[path];
        versions[^1] = versions[^1] with { Etags = [etag] };
    }

    /// <summary>Replays new rows of the log against the operations of the server's last life.</summary>
    /// <param name="rows">After <see cref="Head"/>, in order.</param>
    /// <param name="operations">All of this scope that were not refused.</param>
    /// <param name="contents">To find the size of a tag.</param>
    /// <returns>Everything that does not fit.</returns>
    public List<string> Replay(IReadOnlyList<Change> rows, IReadOnlyList<Operation> operations, Contents contents)
    {
        var wrong = new List<string>();
        var unmatched = operations.ToHashSet();
        var bySequence = operations.Where(static operation => operation.Sequence > 0).ToLookup(static operation => operation.Sequence);
        wrong.AddRange(bySequence.Where(static twins => twins.Count() > 1).Select(twins => $"{name}: two operations were told sequence {twins.Key}"));
        foreach (var row in rows)
        {
            if (row.Sequence != Head + 1)
            {
                wrong.Add($"{name}: the log goes from {Head} to {row.Sequence}");
            }

            Head = row.Sequence;
            var operation = bySequence[row.Sequence].FirstOrDefault() ?? Guess(row, unmatched);
            if (operation is null || !Fits(row, operation))
            {
                wrong.Add($"{name}: {row} is not what a client asked for ({operation})");
                continue;
            }

            unmatched.Remove(operation);
            operation.Sequence = row.Sequence;
            Apply(row, operation, contents, wrong);
        }

        wrong.AddRange(unmatched.Where(static operation => operation.Outcome == Outcome.Done).Select(operation => $"{name}: acknowledged and not in the log: {operation}"));
        wrong.AddRange(OutOfOrder(operations));
        return wrong;
    }

    private void Apply(Change row, Operation operation, Contents contents, List<string> wrong)
    {
        var before = Find(row.Path);
        var last = _files.TryGetValue(row.Path, out var versions) ? versions[^1].Version : 0;
        if (row.Version != last + 1 || (operation.Outcome == Outcome.Done && operation.Version > 0 && operation.Version != row.Version))
        {
            wrong.Add($"{name}: {row} follows version {last} ({operation})");
        }

        if (row.Kind is Change.Created or Change.Updated && row.Kind == Change.Created != before is null)
        {
            wrong.Add($"{name}: {row} where there was {before?.ToString() ?? "nothing"}");
        }

        if (row.Kind == Change.Deleted)
        {
            Add(row.Path, new VersionModel(row.Version, 0, [], Deleted: true));
            return;
        }

        var etags = EtagsOf(operation, row, wrong);
        if (operation is { Outcome: Outcome.Done, Etag: { } etag } && !etags.Contains(etag))
        {
            wrong.Add($"{name}: {operation} was told tag {etag}, but has {string.Join(" or ", etags)}");
        }

        if (etags.Any(tag => contents.Find(tag)?.Size != row.Size))
        {
            wrong.Add($"{name}: {row} has not the size of {operation}");
        }

        Add(row.Path, new VersionModel(row.Version, row.Size, etags));
        if (row.Kind == Change.Moved)
        {
            Add(row.OldPath!, new VersionModel(_files[row.OldPath!][^1].Version + 1, 0, [], Deleted: true));
        }
    }

    // Within a scope a copy is one transaction, so its source is what the log says up to here. Across scopes the bytes were
    // read earlier: the answer tells which, or the size does.
    private IReadOnlyList<string> EtagsOf(Operation operation, Change row, List<string> wrong)
    {
        if (operation.Content is { } content)
        {
            return [content.Etag];
        }

        if (operation.FromScope is not null && operation.FromScope != name)
        {
            return operation.Etag is { } told ? [told] : [.. operation.PossibleEtags];
        }

        if (Find(operation.From!) is { } source)
        {
            return source.Etags;
        }

        wrong.Add($"{name}: {row} comes from {operation.From}, which is not there");
        return [];
    }

    private void Add(string path, VersionModel version)
    {
        if (!_files.TryGetValue(path, out var versions))
        {
            _files[path] = versions = [];
        }

        versions.Add(version);
        if (versions.Count > keepVersions + 1)
        {
            versions.RemoveAt(0);
        }
    }

    // Deletes are not told their number, and whoever heard nothing was told nothing: the earliest that fits.
    private static Operation? Guess(Change row, HashSet<Operation> unmatched) =>
        unmatched.Where(operation => operation.Sequence == 0 && Fits(row, operation)).MinBy(static operation => operation.Started);

    private static bool Fits(Change row, Operation operation) =>
        operation.Path == row.Path
        && (operation.Content is null || operation.Content.Size == row.Size)
        && row.Kind switch
        {
            Change.Created or Change.Updated => operation.Kind is OperationKind.Put or OperationKind.Copy,
            Change.Deleted => operation.Kind == OperationKind.Delete,
            Change.Moved => operation.Kind == OperationKind.Move && operation.From == row.OldPath,
            _ => false,
        };

    /// <summary>What was answered before another one began comes before it in the log.</summary>
    private IEnumerable<string> OutOfOrder(IReadOnlyList<Operation> operations)
    {
        var done = operations.Where(static operation => operation is { Outcome: Outcome.Done, Sequence: > 0 }).ToArray();
        var ended = done.OrderBy(static operation => operation.Ended).ToArray();
        var next = 0;
        Operation? latest = null;
        foreach (var operation in done.OrderBy(static operation => operation.Started))
        {
            for (; next < ended.Length && ended[next].Ended < operation.Started; next++)
            {
                latest = latest is null || ended[next].Sequence > latest.Sequence ? ended[next] : latest;
            }

            if (latest is not null && latest.Sequence > operation.Sequence)
            {
                yield return $"{name}: {latest} was answered before {operation} began";
            }
        }
    }
}
