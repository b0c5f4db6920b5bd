using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Whether a tenant, scope or store serves or is being taken away by background work.</summary>
public enum TenantState
{
    /// <summary>Serves.</summary>
    Active = 0,

    /// <summary>Deleted; what it left behind is still being removed.</summary>
    Deleting = 1,
}

/// <summary>State of a scope.</summary>
public enum ScopeState
{
    /// <summary>Serves.</summary>
    Active = 0,

    /// <summary>Deleted; its files are still being removed, page by page.</summary>
    Deleting = 1,
}

/// <summary>State of a file store.</summary>
public enum StoreState
{
    /// <summary>Serves.</summary>
    Active = 0,

    /// <summary>Deleted by force; its bytes are still being removed.</summary>
    Deleting = 1,
}

/// <summary>State of an attachment.</summary>
public enum AttachmentState
{
    /// <summary>In use.</summary>
    Active = 0,

    /// <summary>Being detached: nothing new relies on it (design, Writing 8).</summary>
    Leaving = 1,
}

/// <summary>One tenant as the topology knows it.</summary>
public sealed record TenantInfo
{
    /// <summary>Id, never reused.</summary>
    public required TenantId Id { get; init; }

    /// <summary>Name; of a deleting tenant the name with <c>~id</c> added, so that the name itself is free.</summary>
    public required string Name { get; init; }

    /// <summary>Settings that can change.</summary>
    public required TenantSettings Settings { get; init; }

    /// <summary>Active or deleting.</summary>
    public TenantState State { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Counts the changes of the row; for conditional updates.</summary>
    public long RowVersion { get; init; }
}

/// <summary>One scope as the topology knows it.</summary>
public sealed record ScopeInfo
{
    /// <summary>Id, unique in the installation, never reused.</summary>
    public required ScopeId Id { get; init; }

    /// <summary>Its tenant.</summary>
    public required TenantId Tenant { get; init; }

    /// <summary>Name, unique in the tenant; of a deleting scope the name with <c>~id</c> added.</summary>
    public required string Name { get; init; }

    /// <summary>Settings that can change.</summary>
    public required ScopeSettings Settings { get; init; }

    /// <summary>Active or deleting.</summary>
    public ScopeState State { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset Created { get; init; }
}

/// <summary>One file store as the topology knows it.</summary>
public sealed record StoreInfo
{
    /// <summary>Id, never reused.</summary>
    public required StoreId Id { get; init; }

    /// <summary>Name, unique in the installation.</summary>
    public required string Name { get; init; }

    /// <summary><c>local</c> or <c>s3</c>; cannot change (D50).</summary>
    public required string Backend { get; init; }

    /// <summary>Where it is: JSON without secrets.</summary>
    public required string Configuration { get; init; }

    /// <summary>Secrets as one AES-256-GCM record; null where the backend needs none.</summary>
    public byte[]? EncryptedSecrets { get; init; }

    /// <summary>Settings that can change. Its configuration and secrets members are always null here.</summary>
    public required FileStoreSettings Settings { get; init; }

    /// <summary>The only silo that reads and writes it; null for all silos.</summary>
    public string? Silo { get; init; }

    /// <summary>Its silo is to leave: it takes nothing new and is emptied; what it holds serves until then.</summary>
    public bool IsEmptied { get; init; }

    /// <summary>Active or deleting.</summary>
    public StoreState State { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset Created { get; init; }
}

/// <summary>One store of one scope.</summary>
public sealed record AttachmentInfo
{
    /// <summary>The scope.</summary>
    public required ScopeId Scope { get; init; }

    /// <summary>Priorities and policy.</summary>
    public required AttachmentSettings Settings { get; init; }

    /// <summary>Active or leaving.</summary>
    public AttachmentState State { get; init; }
}

/// <summary>One API key without its secret.</summary>
public sealed record ApiKeyInfo
{
    /// <summary>Public part of the key, unique in the installation.</summary>
    public required string Id { get; init; }

    /// <summary>The tenant it acts in.</summary>
    public required TenantId Tenant { get; init; }

    /// <summary>Name given by its maker; named in the change log.</summary>
    public required string Name { get; init; }

    /// <summary>Of <c>read</c>, <c>write</c>, <c>admin</c>, <c>operator</c>.</summary>
    public required string[] Rights { get; init; }

    /// <summary>Scopes it is limited to; null for all of the tenant's.</summary>
    public ScopeId[]? Scopes { get; init; }

    /// <summary>From when on it is refused; null for never.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>SHA-256 of the whole secret text; the secret itself is stored nowhere.</summary>
    public required byte[] SecretHash { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset Created { get; init; }
}
