using System.Globalization;

namespace Granary.GrainInterfaces;

/// <summary>The string keys of Granary's grains. Ids are used, never names, so that a reused name is another grain.</summary>
public static class GrainKeys
{
    /// <summary>Key of <see cref="ITenantGrain"/> and <see cref="ITenantMaintenanceGrain"/>.</summary>
    public static string Tenant(TenantId tenant) => tenant.ToString();

    /// <summary>Key of <see cref="IScopeGrain"/> and <see cref="IScopeMaintenanceGrain"/>.</summary>
    public static string Scope(TenantId tenant, ScopeId scope) => $"{tenant}/{scope}";

    /// <summary>Key of <see cref="IFileStoreGrain"/> and <see cref="IStoreMaintenanceGrain"/>.</summary>
    public static string Store(StoreId store) => store.ToString();

    /// <summary>Key of <see cref="IChunkGrain"/>.</summary>
    public static string Chunk(TenantId tenant, ChunkHash chunk) => $"{tenant}/{chunk}";

    /// <summary>Key of <see cref="IUploadSessionGrain"/>.</summary>
    public static string Session(TenantId tenant, UploadId upload) => $"{tenant}/{upload}";

    /// <summary>Reads a session's key back.</summary>
    public static (TenantId Tenant, UploadId Upload) ParseSession(string key)
    {
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        return (new TenantId(ParseId(key.AsSpan(0, slash))), new UploadId(Guid.ParseExact(key.AsSpan(slash + 1), "n")));
    }

    /// <summary>Reads a tenant's key back.</summary>
    public static TenantId ParseTenant(string key) => new(ParseId(key));

    /// <summary>Reads a store's key back.</summary>
    public static StoreId ParseStore(string key) => new(ParseId(key));

    /// <summary>Reads a scope's key back.</summary>
    public static (TenantId Tenant, ScopeId Scope) ParseScope(string key)
    {
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        return (new TenantId(ParseId(key.AsSpan(0, slash))), new ScopeId(ParseId(key.AsSpan(slash + 1))));
    }

    /// <summary>Reads a chunk's key back.</summary>
    public static (TenantId Tenant, ChunkHash Chunk) ParseChunk(string key)
    {
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        return (new TenantId(ParseId(key.AsSpan(0, slash))), ChunkHash.Parse(key[(slash + 1)..]));
    }

    private static long ParseId(ReadOnlySpan<char> digits) => long.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
}
