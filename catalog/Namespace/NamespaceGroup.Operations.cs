using Granary.GrainInterfaces;

namespace Granary.Catalog;

internal sealed partial class NamespaceGroup
{
    private static void ExpectReports(CatalogSession session, IReadOnlyList<NamespaceOperation> operations)
    {
        foreach (var commit in operations.OfType<CommitUpload>())
        {
            UploadRow.Expect(session, commit.Upload.Value.ToByteArray(bigEndian: true));
            foreach (var location in commit.Written)
            {
                LocationLedger.ExpectRow(session, location);
            }
        }
    }

    // Only paths that one operation of the group names: what another one leaves of its path must be read after it.
    private void ExpectPaths(IReadOnlyList<NamespaceOperation> operations)
    {
        if (!_session.ReadsAhead)
        {
            return;
        }

        foreach (var operation in operations)
        {
            OperationLedger.Expect(_session, _tenant, operation.Operation);
        }

        var named = operations.SelectMany(PathsOf).CountBy(static path => path);
        foreach (var path in named.Where(static path => path.Value == 1))
        {
            FileTable.Expect(_session, _tenant, _scope, path.Key.ToUtf8());
        }
    }

    private static FilePath[] PathsOf(NamespaceOperation operation) => operation switch
    {
        CommitUpload commit => [commit.Path],
        DeleteFile delete => [delete.Path],
        CopyFile copy => [copy.From, copy.To],
        RestoreFile restore => [restore.Path],
        _ => [],
    };

    /// <summary>Step 2, for one upload: its row, and what its stores accepted since the last report.</summary>
    private void Report(CommitUpload commit)
    {
        if (_uploads.ContainsKey(commit.Upload))
        {
            return;
        }

        var row = UploadRow.Find(_session, commit.Upload.Value.ToByteArray(bigEndian: true));
        var written = row is { State: UploadState.Open }
            && row.Tenant == _tenant
            && row.Scope == _scope
            && (row.Epoch is not { } epoch || SiloCatalog.IsAlive(_session, epoch))
                ? UploadCatalog.FindWritten(_session, commit.Upload, commit.Written)
                : null;
        _uploads[commit.Upload] = new ReportedUpload(row, written);
    }

    /// <summary>Step 2, for all of them: their chunks are locked in order, then their copies are stored.</summary>
    private void SettleReports()
    {
        ChunkLedger.LockAll(_session, _tenant, _uploads.Values.SelectMany(static upload => upload.Written ?? []).Select(static location => location.Hash));
        foreach (var location in _uploads.Values.SelectMany(static upload => upload.Written ?? []))
        {
            LocationLedger.ExpectWritten(_session, location);
        }

        foreach (var (row, written) in _uploads.Values)
        {
            if (written is not null)
            {
                UploadCatalog.MarkWritten(_session, row!, written);
            }
        }
    }

    private NamespaceResult Commit(CommitUpload commit)
    {
        var (row, written) = _uploads[commit.Upload];
        if (row is null || row.Tenant != _tenant || row.Scope != _scope)
        {
            return SessionCatalog.FindResult(_session, _tenant, _scope, commit.Upload) ?? NamespaceResult.Refused(NamespaceStatus.UploadGone);
        }

        if (row.State == UploadState.Committed || (row.State == UploadState.Released && row.ResultVersion > 0))
        {
            return Repeated(commit, row);
        }

        if (written is null)
        {
            return NamespaceResult.Refused(NamespaceStatus.UploadGone);
        }

        if (row.Pending != 0 || !row.IsContiguous || row.ChunkCount != commit.ChunkCount || row.Received != commit.Size)
        {
            return NamespaceResult.Refused(NamespaceStatus.UploadIncomplete);
        }

        var path = commit.Path.ToUtf8();
        var current = FindCurrent(path);
        if (!Holds(commit.Preconditions, current))
        {
            return NamespaceResult.Refused(NamespaceStatus.PreconditionFailed);
        }

        // An overwrite has needed room for both until here; the reservation pays for the new version.
        if (CheckQuota(commit.Size - row.Reserved) is { } refused)
        {
            return refused;
        }

        var file = MakeRow(commit, row, path, NextVersion(current, path));
        _reserved -= row.Reserved;
        PutCurrent(file, current, PlanRetirement(path, current, file.Version));
        LogChange(current is null ? ChangeKind.Created : ChangeKind.Updated, file, commit.By);
        row.SaveCommitted(_session, file.Version, file.Sequence, current is null);
        var done = Done(file, current is null, row.Deduplicated);
        if (row.Epoch is null)
        {
            SessionCatalog.Complete(_session, row.Id, done);
        }

        return done;
    }

    /// <summary>The same upload committed again gets the first answer, from the upload's row and the repeated message.</summary>
    private static NamespaceResult Repeated(CommitUpload commit, UploadRow row) => new()
    {
        Status = NamespaceStatus.Done,
        Version = row.ResultVersion,
        Sequence = row.ResultSequence,
        Created = row.ResultCreated,
        Size = commit.Size,
        Etag = commit.Etag,
        Sha256 = commit.Sha256,
        ChunkCount = commit.ChunkCount,
        Deduplicated = row.Deduplicated,
        Path = commit.Path,
        Replayed = true,
    };

    private FileRow MakeRow(CommitUpload commit, UploadRow row, byte[] path, long version)
    {
        var (etag, etagText) = EtagColumn.Encode(commit.Etag, commit.ChunkCount);
        var sha256 = commit.Sha256?.ToByteArray();
        var sameAsEtag = commit.ChunkCount == 1 && etag is not null && sha256 is not null && sha256.AsSpan().SequenceEqual(etag);
        return new FileRow
        {
            Path = path,
            Version = version,
            Size = commit.Size,
            Etag = etag,
            EtagText = etagText,
            Sha256 = sameAsEtag ? null : sha256,
            ChunkCount = commit.ChunkCount,
            ContentType = commit.ContentType,
            Modified = commit.Modified ?? _session.Now,
            Committed = _session.Now,
            Manifest = row.Id,
            Sequence = ++_sequence,
        };
    }

    private NamespaceResult Delete(DeleteFile delete)
    {
        var path = delete.Path.ToUtf8();
        var current = FindCurrent(path);
        if (current is null)
        {
            return NamespaceResult.Refused(delete.Preconditions is { IfMatchAny: true } or { IfMatch: not null } ? NamespaceStatus.PreconditionFailed : NamespaceStatus.NotFound);
        }

        if (!Holds(delete.Preconditions, current))
        {
            return NamespaceResult.Refused(NamespaceStatus.PreconditionFailed);
        }

        var tombstone = Bury(path, current, ++_sequence);
        LogChange(ChangeKind.Deleted, tombstone, delete.By);
        return Done(tombstone, created: false, deduplicated: 0);
    }

    /// <summary>Puts a tombstone in the place of the current version.</summary>
    private FileRow Bury(byte[] path, FileRow current, long sequence)
    {
        var tombstone = new FileRow
        {
            Path = path,
            Version = current.Version + 1,
            Modified = _session.Now,
            Committed = _session.Now,
            Sequence = sequence,
            Deleted = true,
        };
        Retire(PlanRetirement(path, current, tombstone.Version));
        FileTable.RemoveCurrent(_session, _tenant, _scope, path);
        FileTable.Keep(_session, _tenant, _scope, tombstone, expirable: false);
        _files--;
        return tombstone;
    }

    private NamespaceResult Copy(CopyFile copy)
    {
        if (copy.From == copy.To)
        {
            return NamespaceResult.Refused(NamespaceStatus.SamePath);
        }

        var from = copy.From.ToUtf8();
        var to = copy.To.ToUtf8();
        var source = FindCurrent(from);
        if (source is null)
        {
            return NamespaceResult.Refused(NamespaceStatus.NotFound);
        }

        var target = FindCurrent(to);
        if (!Holds(copy.Preconditions, copy.Move ? source : target))
        {
            return NamespaceResult.Refused(NamespaceStatus.PreconditionFailed);
        }

        var version = NextVersion(target, to);
        var retirement = PlanRetirement(to, target, version);
        var freed = retirement.FreedBytes + (copy.Move ? PlanRetirement(from, source, source.Version + 1).FreedBytes : 0);
        if (CheckQuota(source.Size - freed) is { } refused)
        {
            return refused;
        }

        var file = source with { Path = to, Version = version, Committed = _session.Now, Sequence = ++_sequence };
        UploadRow.Reference(_session, source.Manifest!);
        PutCurrent(file, target, retirement);
        if (copy.Move)
        {
            Bury(from, source, file.Sequence);
        }

        var kind = copy.Move ? ChangeKind.Moved : target is null ? ChangeKind.Created : ChangeKind.Updated;
        LogChange(kind, file, copy.By, copy.Move ? from : null);
        return Done(file, target is null, file.ChunkCount);
    }

    private NamespaceResult Restore(RestoreFile restore)
    {
        var path = restore.Path.ToUtf8();
        var current = FindCurrent(path);
        var source = current?.Version == restore.Version
            ? current
            : FileTable.FindKept(_session, _tenant, _scope, path, restore.Version);
        if (source is null || source.Deleted)
        {
            return NamespaceResult.Refused(NamespaceStatus.NotFound);
        }

        if (!Holds(restore.Preconditions, current))
        {
            return NamespaceResult.Refused(NamespaceStatus.PreconditionFailed);
        }

        var version = NextVersion(current, path);
        var retirement = PlanRetirement(path, current, version);
        if (CheckQuota(source.Size - retirement.FreedBytes) is { } refused)
        {
            return refused;
        }

        var file = source with { Version = version, Committed = _session.Now, Sequence = ++_sequence };
        UploadRow.Reference(_session, source.Manifest!);
        PutCurrent(file, current, retirement);
        LogChange(current is null ? ChangeKind.Created : ChangeKind.Updated, file, restore.By);
        return Done(file, current is null, file.ChunkCount);
    }
}
