using Granary.GrainInterfaces;
using Granary.GrainInterfaces.Diagnostics;

namespace Granary.Catalog;

/// <summary>
/// One group of operations on one scope's namespace, in one transaction.
/// </summary>
/// <remarks>
/// 1. The head is locked and compared with what the caller believes.
/// 2. What the stores accepted becomes stored, for all operations first (order of locks: chunks, locations, usage last); this
///    holds whether or not the operation is then done.
/// 3. Each operation is decided alone, from reads, and writes only when it is done.
/// 4. Head and usage are written once for the group.
/// </remarks>
internal sealed partial class NamespaceGroup
{
    private static readonly Sql SelectScope = new("SELECT state, keep_versions, keep_days, legal_hold, holds FROM scope WHERE id = ?1 AND tenant = ?2 /*share*/");

    private static readonly Sql SelectHead = new("SELECT sequence FROM scope_head WHERE scope = ?1 /*lock*/");

    private static readonly Sql UpdateHead = new("UPDATE scope_head SET sequence = ?2 WHERE scope = ?1");

    private readonly CatalogSession _session;
    private readonly TenantId _tenant;
    private readonly ScopeId _scope;
    private readonly RetentionRule _retention;
    private readonly bool _someHeld;
    private readonly UsageRow _scopeUsage;
    private readonly UsageRow _tenantUsage;
    private readonly Dictionary<UploadId, ReportedUpload> _uploads = [];
    private long _sequence;
    private long _logical;
    private long _reserved;
    private long _files;
    private bool _released;

    private NamespaceGroup(CatalogSession session, TenantId tenant, ScopeId scope, ScopeRule rule, long sequence)
    {
        _session = session;
        _tenant = tenant;
        _scope = scope;
        _retention = rule.Retention;
        _someHeld = rule.SomeHeld;
        _sequence = sequence;
        _scopeUsage = UsageLedger.Find(session, tenant, scope) ?? throw new CatalogException($"Scope {scope} has no usage row.", isTransient: false);
        _tenantUsage = UsageLedger.Find(session, tenant, UsageLedger.WholeTenant) ?? throw new CatalogException($"Tenant {tenant} has no usage row.", isTransient: false);
    }

    /// <summary>Applies a group.</summary>
    public static NamespaceGroupResult Apply(CatalogSession session, TenantId tenant, ScopeId scope, long expectedSequence, IReadOnlyList<NamespaceOperation> operations)
    {
        Expect(session, tenant, scope, operations);
        var head = session.Scalar(SelectHead, scope);
        if (head is null || ReadRule(session, tenant, scope) is not { } rule)
        {
            return new NamespaceGroupResult
            {
                Sequence = head ?? 0,
                Results = [.. operations.Select(static _ => NamespaceResult.Refused(NamespaceStatus.ScopeGone))],
            };
        }

        if (expectedSequence >= 0 && expectedSequence != head)
        {
            return new NamespaceGroupResult { HeadMoved = true, Sequence = head.Value };
        }

        return new NamespaceGroup(session, tenant, scope, rule, head.Value).Run(operations);
    }

    // What nearly every group reads, in the order of locks.
    private static void Expect(CatalogSession session, TenantId tenant, ScopeId scope, IReadOnlyList<NamespaceOperation> operations)
    {
        if (!session.ReadsAhead)
        {
            return;
        }

        session.Expect(SelectHead, scope);
        session.Expect(SelectScope, scope, tenant);
        UsageLedger.ExpectRow(session, tenant, scope);
        UsageLedger.ExpectRow(session, tenant, UsageLedger.WholeTenant);
        ExpectReports(session, operations);
    }

    private NamespaceGroupResult Run(IReadOnlyList<NamespaceOperation> operations)
    {
        var before = _sequence;
        foreach (var operation in operations)
        {
            if (operation is CommitUpload commit)
            {
                Report(commit);
            }
        }

        SettleReports();
        ExpectPaths(operations);
        var results = new NamespaceResult[operations.Count];
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = ApplyOnce(operations[i]);
        }

        foreach (var (row, written) in _uploads.Values)
        {
            // Refused, so it stays open: what its stores accepted is kept in its progress.
            if (written is not null && row!.State == UploadState.Open)
            {
                row.SaveProgress(_session);
            }
        }

        if (_sequence != before)
        {
            _session.Post(UpdateHead, _scope, _sequence);
        }

        UsageLedger.Add(_session, _tenant, _scope, _logical, _reserved, _files);
        FaultPoint.Reached("commit.inside");
        return new NamespaceGroupResult { Sequence = _sequence, Results = results, Released = _released };
    }

    /// <summary>What an active scope keeps; null when it is gone.</summary>
    internal static ScopeRule? ReadRule(CatalogSession session, TenantId tenant, ScopeId scope)
    {
        using var rows = session.Query(SelectScope, scope, tenant);
        return rows.Read() && rows.Long(0) == (long)ScopeState.Active
            ? new ScopeRule(new RetentionRule(rows.Int(1), rows.IntOrNull(2), Held: rows.Flag(3)), SomeHeld: rows.Long(4) > 0)
            : null;
    }

    private NamespaceResult ApplyOnce(NamespaceOperation operation)
    {
        var stored = OperationLedger.Find(_session, _tenant, operation.Operation);
        if (stored is not null)
        {
            return stored.Matches ? Replay(operation, stored.Result) : NamespaceResult.Refused(NamespaceStatus.OperationMismatch);
        }

        var result = operation switch
        {
            CommitUpload commit => Commit(commit),
            DeleteFile delete => Delete(delete),
            CopyFile copy => Copy(copy),
            RestoreFile restore => Restore(restore),
            _ => throw new CatalogException($"Unknown namespace operation {operation.GetType().Name}.", isTransient: false),
        };
        if (result is { Status: NamespaceStatus.Done, Replayed: false })
        {
            OperationLedger.Save(_session, _tenant, operation.Operation, NamespaceOutcome.Write(result));
        }

        return result;
    }

    /// <summary>The bytes of a repeated request came in a new upload that nobody needs.</summary>
    private NamespaceResult Replay(NamespaceOperation operation, string json)
    {
        if (operation is CommitUpload commit && _uploads.TryGetValue(commit.Upload, out var repeated) && repeated.Row is { State: UploadState.Open } row)
        {
            _reserved -= row.Reserved;
            row.Reserved = 0;
            row.Abort(_session);
            _released = true;
        }

        return NamespaceOutcome.Read(json);
    }

    /// <summary>Whether so many more logical bytes fit, beside what the group has changed already.</summary>
    private NamespaceResult? CheckQuota(long more)
    {
        if (more <= 0)
        {
            return null;
        }

        return Exceeds(_scopeUsage, more, NamespaceStatus.ScopeQuotaExceeded) ?? Exceeds(_tenantUsage, more, NamespaceStatus.TenantQuotaExceeded);
    }

    private NamespaceResult? Exceeds(UsageRow row, long more, NamespaceStatus status)
    {
        var used = row.Logical + row.Reserved + _logical + _reserved;
        return row.Quota is { } quota && used + more > quota
            ? new NamespaceResult { Status = status, Limit = quota, Used = used }
            : null;
    }

    private FileRow? FindCurrent(byte[] path) => FileTable.FindCurrent(_session, _tenant, _scope, path);

    private long NextVersion(FileRow? current, byte[] path) =>
        (current?.Version ?? FileTable.LastKeptNumber(_session, _tenant, _scope, path)) + 1;

    private Retirement PlanRetirement(byte[] path, FileRow? current, long nextVersion)
    {
        var held = _retention.Held || (_someHeld && HoldTable.IsHeld(_session, _tenant, _scope, path));
        return Retirement.Plan(_session, _tenant, _scope, _retention with { Held = held }, path, current, nextVersion);
    }

    private void Retire(Retirement retirement)
    {
        retirement.Apply(_session, _tenant, _scope);
        _logical -= retirement.FreedBytes;
        _released |= retirement.ReleasesContent;
    }

    /// <summary>Makes a row the current version of its path, in place of what was there.</summary>
    private void PutCurrent(FileRow row, FileRow? previous, Retirement retirement)
    {
        Retire(retirement);
        FileTable.PutCurrent(_session, _tenant, _scope, row);
        _logical += row.Size;
        _files += previous is null ? 1 : 0;
    }

    private void LogChange(ChangeKind kind, FileRow row, string by, byte[]? oldPath = null) =>
        FileTable.AppendChange(_session, _tenant, _scope, row.Sequence, kind, row.Path, oldPath, row.Version, row.Size, by);

    private static NamespaceResult Done(FileRow row, bool created, int deduplicated) => new()
    {
        Status = NamespaceStatus.Done,
        Version = row.Version,
        Sequence = row.Sequence,
        Created = created,
        Size = row.Size,
        Etag = row.Deleted ? null : row.EtagOf(),
        Sha256 = row.WholeHash(),
        ChunkCount = row.ChunkCount,
        Deduplicated = deduplicated,
        Path = FilePath.Parse(System.Text.Encoding.UTF8.GetString(row.Path)),
    };

    /// <summary>Preconditions of RFC 9110, section 13: If-Match before If-None-Match.</summary>
    internal static bool Holds(Preconditions? preconditions, FileRow? current)
    {
        if (preconditions is null)
        {
            return true;
        }

        var etag = current?.EtagOf();
        var matches = (!preconditions.IfMatchAny || current is not null)
            && (preconditions.IfMatch is not { } wanted || (etag is not null && wanted.Contains(etag)));
        return matches
            && (!preconditions.IfAbsent || current is null)
            && (preconditions.IfNoneMatch is not { } unwanted || etag is null || !unwanted.Contains(etag));
    }

    private sealed record ReportedUpload(UploadRow? Row, List<LocationRow>? Written);
}

/// <summary>What an active scope keeps.</summary>
/// <param name="Retention">Its setting, held when the whole scope is.</param>
/// <param name="SomeHeld">Some of its files are held by themselves.</param>
internal readonly record struct ScopeRule(RetentionRule Retention, bool SomeHeld);
