using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// What a new version of a path makes superfluous. Planned from reads alone, so that quota can be decided before anything
/// is written. The newest <c>keepVersions</c> are kept, tombstones included, and whatever <c>keepDays</c> still covers;
/// under a legal hold all of them. What time alone protects from now on is marked, for the background to find when it is due.
/// </summary>
internal sealed class Retirement
{
    // A lowered setting is caught up with over several commits, so that no commit grows with the number of old versions.
    private const int MostPerCommit = 64;

    private readonly byte[] _path;
    private readonly FileRow? _current;
    private readonly bool _keepCurrent;
    private readonly long _beyond;
    private readonly List<OldVersion> _old;

    private Retirement(byte[] path, FileRow? current, bool keepCurrent, long beyond, List<OldVersion> old)
    {
        _path = path;
        _current = current;
        _keepCurrent = keepCurrent;
        _beyond = beyond;
        _old = old;
    }

    /// <summary>Logical bytes that leave the namespace.</summary>
    public long FreedBytes => (_current is not null && !_keepCurrent ? _current.Size : 0) + _old.Sum(static version => version.Size);

    /// <summary>True when content leaves.</summary>
    public bool ReleasesContent => (_current is not null && !_keepCurrent) || _old.Exists(static version => version.Manifest is not null);

    /// <summary>Plans for a path whose next version has a number.</summary>
    public static Retirement Plan(CatalogSession session, TenantId tenant, ScopeId scope, RetentionRule rule, byte[] path, FileRow? current, long nextVersion)
    {
        // The current version becomes second: it stays when two are kept, or when days or a hold protect it.
        var keepCurrent = rule.KeepVersions > 1 || rule.KeepDays is not null || rule.Held;

        // Numbers have no gap, so each change takes the protection of its number from one version.
        var beyond = nextVersion - rule.KeepVersions;
        var old = beyond < 1 || rule.Held ? [] : FileTable.FindOld(session, tenant, scope, path, beyond, rule.ExpiredBefore(session.Now), MostPerCommit);
        return new Retirement(path, current, keepCurrent, beyond, old);
    }

    /// <summary>Carries the plan out, apart from usage, which the caller adds up.</summary>
    public void Apply(CatalogSession session, TenantId tenant, ScopeId scope)
    {
        if (_current is not null)
        {
            if (_keepCurrent)
            {
                FileTable.Keep(session, tenant, scope, _current, expirable: _current.Version <= _beyond);
            }
            else
            {
                UploadRow.Release(session, _current.Manifest!);
            }
        }

        if (_beyond >= 1 && _beyond != _current?.Version && !_old.Exists(version => version.Version == _beyond))
        {
            FileTable.LetExpire(session, tenant, scope, _path, _beyond);
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
/// <param name="Held">A legal hold is on: nothing goes.</param>
internal readonly record struct RetentionRule(int KeepVersions, int? KeepDays, bool Held = false)
{
    // 270 years: longer than anything has been kept, and short enough to be taken from any date.
    private const int MostDays = 100_000;

    /// <summary>Versions that only days protect go when they were superseded before this time.</summary>
    public DateTimeOffset ExpiredBefore(DateTimeOffset now) =>
        KeepDays is { } days ? now.AddDays(-Math.Min(days, MostDays)) : DateTimeOffset.MaxValue;
}
