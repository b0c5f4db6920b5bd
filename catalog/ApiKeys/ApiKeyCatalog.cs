using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>API keys. A key reads <c>gk_{id}_{secret}</c>; only its SHA-256 is stored.</summary>
public sealed class ApiKeyCatalog(CatalogDatabase database, TopologyCache topology)
{
    private const int IdBytes = 8;
    private const int SecretBytes = 32;

    private static readonly string[] KnownRights = ["read", "write", "admin", "operator"];

    private static readonly Sql SelectTenant = new("SELECT id FROM tenant WHERE id = ?1 AND state = 0");

    private static readonly Sql SelectScope = new("SELECT id FROM scope WHERE id = ?1 AND tenant = ?2 AND state = 0");

    private static readonly Sql InsertKey = new(
        "INSERT INTO api_key (id, tenant, name, rights, scopes, expires, secret_hash, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");

    private static readonly Sql SelectKey = new("SELECT id FROM api_key WHERE id = ?1 AND tenant = ?2 /*lock*/");

    private static readonly Sql UpdateKey = new("UPDATE api_key SET name = ?3, rights = ?4, scopes = ?5, expires = ?6 WHERE id = ?1 AND tenant = ?2");

    private static readonly Sql DeleteKey = new("DELETE FROM api_key WHERE id = ?1 AND tenant = ?2");

    /// <summary>SHA-256 of a key's text, as it is stored and looked up.</summary>
    public static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    /// <summary>Creates a key and returns its secret, this once.</summary>
    public async Task<ApiKeyCreated> CreateAsync(NewApiKey key, OperationKey? operation, CancellationToken cancellationToken)
    {
        // Made before the transaction, which may run twice.
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes));
        var secret = $"gk_{id}_{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes))}";
        var outcome = await database.WriteAsync(
            session => AdminOutcome.RunOnce(session, key.Tenant, operation, () => Create(session, key, id, HashOf(secret))), cancellationToken);
        await topology.RefreshAsync(cancellationToken);
        var result = outcome.ToResult();
        return new ApiKeyCreated
        {
            Result = outcome.Replayed
                ? result with { Warnings = ["The key was shown in the first answer and is stored nowhere; delete it and create another if it is lost."] }
                : result,
            Id = outcome.Id,
            Secret = outcome.Id == id ? secret : null,
            Replayed = outcome.Replayed,
        };
    }

    /// <summary>Replaces a key's name, rights, scopes and end; the secret stays.</summary>
    public async Task<AdminResult> UpdateAsync(string id, NewApiKey key, OperationKey? operation, CancellationToken cancellationToken)
    {
        var outcome = await database.WriteAsync(
            session => AdminOutcome.RunOnce(session, key.Tenant, operation, () => Update(session, key, id)), cancellationToken);
        await topology.RefreshAsync(cancellationToken);
        return outcome.ToResult();
    }

    /// <summary>Deletes a key; whoever holds it is refused from now on.</summary>
    public async Task<AdminResult> DeleteAsync(TenantId tenant, string id, OperationKey? operation, CancellationToken cancellationToken)
    {
        var outcome = await database.WriteAsync(
            session => AdminOutcome.RunOnce(session, tenant, operation, () => Delete(session, tenant, id)), cancellationToken);
        await topology.RefreshAsync(cancellationToken);
        return outcome.ToResult();
    }

    private static AdminOutcome Create(CatalogSession session, NewApiKey key, string id, byte[] hash)
    {
        if (Check(session, key) is { } refused)
        {
            return refused;
        }

        session.Execute(InsertKey, id, key.Tenant, key.Name, RightsOf(key), ScopesOf(key), key.Expires, hash, session.Now);
        TopologyTables.Bump(session);
        return new AdminOutcome(AdminStatus.Created, Id: id);
    }

    private static AdminOutcome Update(CatalogSession session, NewApiKey key, string id)
    {
        if (!session.Exists(SelectKey, id, key.Tenant))
        {
            return KeyNotFound();
        }

        if (Check(session, key) is { } refused)
        {
            return refused;
        }

        session.Execute(UpdateKey, id, key.Tenant, key.Name, RightsOf(key), ScopesOf(key), key.Expires);
        TopologyTables.Bump(session);
        return AdminOutcome.Done;
    }

    private static string RightsOf(NewApiKey key) => string.Join(',', key.Rights.Distinct());

    private static string? ScopesOf(NewApiKey key) => key.Scopes is null ? null : string.Join(',', key.Scopes.Select(static scope => scope.Value));

    private static AdminOutcome? Check(CatalogSession session, NewApiKey key)
    {
        if (key.Name.Length is 0 or > 200)
        {
            return AdminOutcome.Invalid("A key's name has 1 to 200 characters.", "name");
        }

        if (key.Rights.Length == 0 || key.Rights.Except(KnownRights).Any())
        {
            return AdminOutcome.Invalid("Rights are one or more of read, write, admin, operator.", "rights");
        }

        if (key.Expires <= session.Now)
        {
            return AdminOutcome.Invalid("A key expires in the future.", "expires");
        }

        if (!session.Exists(SelectTenant, key.Tenant))
        {
            return AdminOutcome.Refuse(AdminStatus.NotFound, "There is no such tenant.");
        }

        if (key.Scopes is { Length: 0 })
        {
            return AdminOutcome.Invalid("A key is limited to at least one scope, or to none.", "scopes");
        }

        return key.Scopes?.Any(scope => !session.Exists(SelectScope, scope, key.Tenant)) == true
            ? AdminOutcome.Invalid("One of the scopes does not exist.", "scopes")
            : null;
    }

    private static AdminOutcome Delete(CatalogSession session, TenantId tenant, string id)
    {
        if (session.Execute(DeleteKey, id, tenant) == 0)
        {
            return KeyNotFound();
        }

        TopologyTables.Bump(session);
        return AdminOutcome.Done;
    }

    private static AdminOutcome KeyNotFound() => AdminOutcome.Refuse(AdminStatus.NotFound, "There is no such key.");
}
