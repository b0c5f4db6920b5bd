using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>
/// Empties scopes that are being deleted: open uploads, current versions, kept versions, then the log, then the scope.
/// </summary>
internal static class ScopeDeletion
{
    private const int PageSize = 256;

    private static readonly Sql SelectScope = new("SELECT id FROM scope WHERE tenant = ?1 AND state = 1 ORDER BY id LIMIT 1 /*lock*/");

    private static readonly Sql SelectOpen = new("SELECT id FROM upload WHERE tenant = ?1 AND scope = ?2 AND state = 0 LIMIT ?3");

    private static readonly Sql SelectFiles = new("SELECT path, size, manifest FROM file WHERE tenant = ?1 AND scope = ?2 ORDER BY path LIMIT ?3");

    private static readonly Sql DeleteFiles = new("DELETE FROM file WHERE tenant = ?1 AND scope = ?2 AND path <= ?3");

    private static readonly Sql SelectKept = new(
        "SELECT path, version, size, manifest FROM file_version WHERE tenant = ?1 AND scope = ?2 ORDER BY path, version LIMIT ?3");

    private static readonly Sql SelectGone = new("SELECT 1 FROM upload WHERE tenant = ?1 AND scope = ?2 AND state >= 2 LIMIT 1");

    private static readonly Sql SelectLog = new(
        "SELECT sequence FROM change WHERE tenant = ?1 AND scope = ?2 ORDER BY sequence LIMIT 1 OFFSET ?3");

    private static readonly Sql DeleteLog = new("DELETE FROM change WHERE tenant = ?1 AND scope = ?2 AND sequence <= ?3");

    private static readonly Sql DeleteHead = new("DELETE FROM scope_head WHERE scope = ?1");

    private static readonly Sql DeleteWalks = new("DELETE FROM version_walk WHERE tenant = ?1 AND scope = ?2");

    private static readonly Sql DeleteScope = new("DELETE FROM scope WHERE id = ?1 AND state = 1");

    public static DeletionPage DeletePage(CatalogSession session, TenantId tenant)
    {
        if (session.Scalar(SelectScope, tenant) is not { } id)
        {
            return default;
        }

        var scope = new ScopeId(id);
        var rows = AbortUploads(session, tenant, scope);
        rows = rows > 0 ? rows : ReleaseFiles(session, tenant, scope);
        rows = rows > 0 ? rows : ReleaseKept(session, tenant, scope);
        if (rows > 0)
        {
            return new DeletionPage(rows, Finished: false);
        }

        // References are uncounted against the scope's rows, so those stay until that is done.
        return session.Exists(SelectGone, tenant, scope) ? default : CutLogOrFinish(session, tenant, scope);
    }

    private static int AbortUploads(CatalogSession session, TenantId tenant, ScopeId scope)
    {
        var open = new List<byte[]>();
        using (var rows = session.Query(SelectOpen, tenant, scope, PageSize))
        {
            while (rows.Read())
            {
                open.Add(rows.Span(0).ToArray());
            }
        }

        foreach (var upload in open)
        {
            if (UploadRow.Find(session, upload) is { State: UploadState.Open } row)
            {
                row.Abort(session);
            }
        }

        return open.Count;
    }

    private static int ReleaseFiles(CatalogSession session, TenantId tenant, ScopeId scope)
    {
        var files = new List<(byte[] Path, long Size, byte[] Manifest)>();
        using (var rows = session.Query(SelectFiles, tenant, scope, PageSize))
        {
            while (rows.Read())
            {
                files.Add((rows.Span(0).ToArray(), rows.Long(1), rows.Span(2).ToArray()));
            }
        }

        if (files.Count == 0)
        {
            return 0;
        }

        files.ForEach(file => UploadRow.Release(session, file.Manifest));
        session.Execute(DeleteFiles, tenant, scope, files[^1].Path);
        UsageLedger.Add(session, tenant, scope, -files.Sum(static f => f.Size), 0, -files.Count);
        return files.Count;
    }

    private static int ReleaseKept(CatalogSession session, TenantId tenant, ScopeId scope)
    {
        var kept = new List<(byte[] Path, OldVersion Version)>();
        using (var rows = session.Query(SelectKept, tenant, scope, PageSize))
        {
            while (rows.Read())
            {
                kept.Add((rows.Span(0).ToArray(), new OldVersion(rows.Long(1), rows.Long(2), rows.BytesOrNull(3))));
            }
        }

        foreach (var (path, version) in kept)
        {
            FileTable.RemoveKept(session, tenant, scope, path, version.Version);
            if (version.Manifest is { } manifest)
            {
                UploadRow.Release(session, manifest);
            }
        }

        UsageLedger.Add(session, tenant, scope, -kept.Sum(static k => k.Version.Size), 0, 0);
        return kept.Count;
    }

    private static DeletionPage CutLogOrFinish(CatalogSession session, TenantId tenant, ScopeId scope)
    {
        if (session.Scalar(SelectLog, tenant, scope, PageSize) is { } upTo)
        {
            session.Execute(DeleteLog, tenant, scope, upTo);
            return new DeletionPage(PageSize, Finished: false);
        }

        session.Execute(DeleteLog, tenant, scope, long.MaxValue);
        WebhookTable.DeleteOfScope(session, scope);
        AttachmentTable.RemoveOfScope(session, scope);
        session.Execute(DeleteHead, scope);
        session.Execute(DeleteWalks, tenant, scope);
        session.Execute(DeleteScope, scope);
        UsageLedger.Delete(session, tenant, scope);
        TopologyTables.Bump(session);
        return new DeletionPage(1, Finished: true);
    }
}
