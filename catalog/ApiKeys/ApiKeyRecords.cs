using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>Asks for an API key, or says what an existing one is to be.</summary>
public sealed record NewApiKey
{
    /// <summary>The tenant it acts in.</summary>
    public required TenantId Tenant { get; init; }

    /// <summary>Name, for people and the change log.</summary>
    public required string Name { get; init; }

    /// <summary>At least one of <c>read</c>, <c>write</c>, <c>admin</c>, <c>operator</c>.</summary>
    public required string[] Rights { get; init; }

    /// <summary>Scopes it is limited to; null for all of the tenant's.</summary>
    public ScopeId[]? Scopes { get; init; }

    /// <summary>From when on it is refused; null for never.</summary>
    public DateTimeOffset? Expires { get; init; }
}

/// <summary>Answer to <see cref="NewApiKey"/>.</summary>
public sealed record ApiKeyCreated
{
    /// <summary>How it ended.</summary>
    public required AdminResult Result { get; init; }

    /// <summary>Public part; null when refused.</summary>
    public string? Id { get; init; }

    /// <summary>
    /// The whole key, shown this once; null when refused, and when this is the answer to a repeated request: the secret is
    /// stored nowhere, so it cannot be shown again.
    /// </summary>
    public string? Secret { get; init; }

    /// <summary>True when this is the stored answer of an earlier request with the same idempotency key.</summary>
    public bool Replayed { get; init; }
}
