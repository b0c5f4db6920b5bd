using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Answers why a chunk is kept and where its copies are (G15).</summary>
internal static class ChunkExplainer
{
    private static readonly Sql SelectLocations = new("SELECT store, id, state, created FROM location WHERE tenant = ?1 AND chunk = ?2 ORDER BY id");

    private static readonly Sql SelectScopes = new("SELECT scope, refs FROM scope_chunk WHERE tenant = ?1 AND chunk = ?2 ORDER BY scope");

    private static readonly Sql SelectUnreferenced = new("SELECT unreferenced_since FROM chunk WHERE tenant = ?1 AND hash = ?2");

    public static List<ExplainedChunk>? Explain(CatalogSession session, TenantId tenant, ScopeId scope, FilePath path, long? version, int fromIndex, int count)
    {
        var row = FileReader.FindRow(session, tenant, scope, path.ToUtf8(), version);
        if (row is null)
        {
            return null;
        }

        var found = new List<ExplainedChunk>();
        if (row.Manifest is not null)
        {
            foreach (var entry in ManifestReader.Read(session, tenant, row.Manifest, fromIndex, count))
            {
                found.Add(ExplainChunk(session, tenant, scope, entry));
            }
        }

        return found;
    }

    private static ExplainedChunk ExplainChunk(CatalogSession session, TenantId tenant, ScopeId scope, ManifestEntry entry)
    {
        var hash = entry.Hash.ToByteArray();
        var copies = new List<ExplainedCopy>();
        using (var rows = session.Query(SelectLocations, tenant, hash))
        {
            while (rows.Read())
            {
                copies.Add(new ExplainedCopy(new StoreId(rows.Long(0)), new LocationId(rows.Long(1)), (LocationState)rows.Int(2), rows.Time(3)));
            }
        }

        var here = 0L;
        var elsewhere = new List<KeyValuePair<ScopeId, long>>();
        using (var rows = session.Query(SelectScopes, tenant, hash))
        {
            while (rows.Read())
            {
                if (rows.Long(0) == scope.Value)
                {
                    here = rows.Long(1);
                }
                else
                {
                    elsewhere.Add(new(new ScopeId(rows.Long(0)), rows.Long(1)));
                }
            }
        }

        using var chunk = session.Query(SelectUnreferenced, tenant, hash);
        return new ExplainedChunk
        {
            Index = entry.Index,
            Hash = entry.Hash,
            Size = entry.Size,
            Copies = copies,
            ReferencesHere = here,
            ReferencesElsewhere = elsewhere,
            UnreferencedSince = chunk.Read() ? chunk.TimeOrNull(0) : null,
        };
    }
}
