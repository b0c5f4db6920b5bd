using Granary.Catalog;
using Granary.GrainInterfaces;

namespace Granary.ClientApi.Authentication;

/// <summary>Who asks: a credential that was recognised.</summary>
public sealed class Caller
{
    /// <summary>Makes a caller.</summary>
    /// <param name="name">The credential's name, as the change log shows it.</param>
    /// <param name="rights">What it may do.</param>
    /// <param name="tenant">The tenant it acts in; null for an operator that named none.</param>
    /// <param name="scopes">The scopes it is limited to; null for all.</param>
    /// <param name="expires">When it ends to be valid; null: never.</param>
    public Caller(string name, Rights rights, TenantId? tenant, IReadOnlyCollection<ScopeId>? scopes, DateTimeOffset? expires)
    {
        Name = name;
        Rights = rights;
        Tenant = tenant;
        Scopes = scopes;
        Expires = expires;
    }

    /// <summary>The credential's name, as the change log shows it.</summary>
    public string Name { get; }

    /// <summary>What it may do.</summary>
    public Rights Rights { get; }

    /// <summary>The tenant it acts in; null for an operator that named none.</summary>
    public TenantId? Tenant { get; }

    /// <summary>The scopes it is limited to; null for all of the tenant.</summary>
    public IReadOnlyCollection<ScopeId>? Scopes { get; }

    /// <summary>When it ends to be valid; null: never.</summary>
    public DateTimeOffset? Expires { get; }

    /// <summary>True for operators.</summary>
    public bool IsOperator => Has(Rights.Operator);

    /// <summary>True when it is not limited to some scopes.</summary>
    public bool SeesAllScopes => Scopes is null;

    /// <summary>Has it the right?</summary>
    public bool Has(Rights right) => (Rights & right) == right;

    /// <summary>May it know of the scope?</summary>
    public bool Sees(ScopeInfo scope) => scope.Tenant == Tenant && (Scopes is null || Scopes.Contains(scope.Id));
}
