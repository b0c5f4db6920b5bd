using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// What a new version of a path makes superfluous. Planned from reads alone, so that quota can be decided before anything
/// is written. The newest <c>keepVersions</c> are kept, tombstones included, and whatever <c>keepDays</c> still covers.
/// </summary>
internal sealed class Retirement
{
    // A lowered setting is caught up with over several commits, so that no commit grows with the number of old versions.
    private const int MostPerCommit = 64;

    private readonly byte[] _path;
    private readonly FileRow? _current;
    private readonly bool _keepCurrent;
    private readonly List<OldVersion> _old;

    private Retirement(byte[] path, FileRow? current, bool keepCurrent, List<OldVersion> old)
    {
        _path = path;
        _current = current;
        _keepCurrent = keepCurrent;
        _old = old;
    }

    /// <summary>Logical bytes that leave the namespace.</summary>
    public long FreedBytes => (_current is not null && !_keepCurrent ? _current.Size : 0) + _old.Sum(static version => version.Size);

    /// <summary>True when content leaves.</summary>
    public bool ReleasesContent => (_current is not null && !_keepCurrent) || _old.Exists(static version => version.Manifest is not null);

    /// <summary>Plans for a path whose next version has a number.</summary>
    public static Retirement Plan(CatalogSession session, TenantId tenant, ScopeId scope, RetentionRule rule, byte[] path, FileRow? current, long nextVersion)
    {
        // The current version becomes second: it stays when two are kept, or when days protect it.
        var keepCurrent = rule.KeepVersions > 1 || rule.KeepDays is not null;
        var before = rule.KeepDays is { } days ? session.Now.AddDays(-days) : DateTimeOffset.MaxValue;
        var old = nextVersion == 1 ? [] : FileTable.FindOld(session, tenant, scope, path, nextVersion - rule.KeepVersions, before, MostPerCommit);
        return new Retirement(path, current, keepCurrent, old);
    }

    /// <summary>Carries the plan out, apart from usage, which the caller adds up.</summary>
    public void Apply(CatalogSession session, TenantId tenant, ScopeId scope)
    {
        if (_current is not null)
        {
            if (_keepCurrent)
            {
                FileTable.Keep(session, tenant, scope, _current);
            }
            else
            {
                UploadRow.Release(session, _current.Manifest!);
            }
        }

        foreach (var version in _old)
        {
            FileTable.RemoveKept(session, tenant, scope, _path, version.Version);
            if (version.Manifest is not null)
            {
                UploadRow.Release(session, version.Manifest);
            }
        }
    }
}

/// <summary>How many superseded versions a scope keeps.</summary>
/// <param name="KeepVersions">The newest so many, the current one included.</param>
/// <param name="KeepDays">And those superseded in the last so many days; null for none.</param>
internal readonly record struct RetentionRule(int KeepVersions, int? KeepDays);
