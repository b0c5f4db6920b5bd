using System.Security.Cryptography;
using System.Text;
using Granary.Catalog;
using Granary.ClientApi.Http;
using Granary.ClientApi.RateLimits;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Granary.ClientApi.Authentication;

/// <summary>
/// Recognises <c>Authorization: Bearer</c> keys. A key is looked up by its SHA-256, which is all that is kept of it, so that
/// the time of a lookup tells nothing about the keys there are.
/// </summary>
internal sealed class Authenticator(
    TopologyCache topologies, IOptions<ClientApiOptions> options, TenantRateLimits limits, TimeProvider time)
{
    /// <summary>Header with which an operator names the tenant to act in.</summary>
    public const string TenantHeader = "X-Granary-Tenant";

    private const int MaxKeyLength = 512;

    private readonly OperatorCredential[] _operators = [.. options.Value.Operators];

    /// <summary>
    /// Steps: (1) a credential is there; (2) it is known and not expired; (3) it may act in the tenant that is named;
    /// (4) the tenant has not sent too many requests; (5) it has the right.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="right">What the resource needs.</param>
    /// <param name="needsTenant">Does the resource lie in a tenant?</param>
    /// <returns>The call, or the refusal.</returns>
    public async ValueTask<(ApiCall? Call, Problem? Problem)> AuthenticateAsync(HttpContext context, Rights right, bool needsTenant)
    {
        if (!TryHashKey(context, out var hash, out var problem))
            return (null, problem);
        var topology = await topologies.GetAsync(context.RequestAborted);
        var caller = Recognise(topology, hash.AsSpan());
        if (caller is null)
        {
            // The key may have been made a moment ago on another silo.
            topology = await topologies.RefreshAsync(context.RequestAborted);
            caller = Recognise(topology, hash.AsSpan());
        }

        if (caller is null || caller.Expires <= time.GetUtcNow())
            return (null, new Problem(ProblemKinds.Unauthenticated, "The credential is not valid, or has expired."));
        if (!TryChooseTenant(context, topology, ref caller, needsTenant, out problem))
            return (null, problem);
        if (needsTenant && topology.Tenant(caller.Tenant!.Value) is { } tenant && limits.Refuse(context, tenant) is { } tooMany)
            return (null, tooMany);
        if (!caller.Has(right))
            return (null, new Problem(ProblemKinds.Forbidden, $"The credential lacks the right {RightsText.Name(right)}."));
        return (new ApiCall(context, topologies, topology, caller), null);
    }

    /// <summary>SHA-256 of the credential of a request that was authenticated.</summary>
    public static byte[] HashOf(HttpContext context) =>
        TryHashKey(context, out var hash, out _) ? hash : throw new InvalidOperationException("The request has no credential.");

    /// <summary>Whom a credential belongs to now; null when it is not valid any more. For what outlives its request.</summary>
    public Caller? Find(Topology topology, byte[] keyHash) =>
        Recognise(topology, keyHash) is { } caller && !(caller.Expires <= time.GetUtcNow()) ? caller : null;

    private static bool TryHashKey(HttpContext context, out byte[] hash, out Problem? problem)
    {
        problem = null;
        hash = [];
        var header = context.Request.Headers.Authorization;
        if (header.Count != 1 || header[0] is not { Length: > 7 } text || !text.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            problem = new Problem(ProblemKinds.Unauthenticated, "The request needs Authorization: Bearer with an API key.");
            return false;
        }

        var key = text.AsSpan(7).Trim(' ');
        if (key.Length is 0 or > MaxKeyLength || !Ascii.IsValid(key))
        {
            problem = new Problem(ProblemKinds.Unauthenticated, "The credential is not valid, or has expired.");
            return false;
        }

        Span<byte> utf8 = stackalloc byte[MaxKeyLength];
        hash = SHA256.HashData(utf8[..Encoding.ASCII.GetBytes(key, utf8)]);
        return true;
    }

    private Caller? Recognise(Topology topology, ReadOnlySpan<byte> hash)
    {
        foreach (var credential in _operators)
        {
            if (!CryptographicOperations.FixedTimeEquals(credential.SecretSha256, hash))
                continue;
            var home = credential.HomeTenant is { } name ? topology.TenantByName(name)?.Id : null;
            return new Caller(credential.Name, RightsText.Parse(["operator"]), home, null, null);
        }

        if (topology.KeyBySecretHash(hash) is not { } key)
            return null;
        var rights = RightsText.Parse(key.Rights);
        return new Caller(key.Name, rights, key.Tenant, (rights & Rights.Operator) != 0 ? null : key.Scopes, key.Expires);
    }

    private static bool TryChooseTenant(HttpContext context, Topology topology, ref Caller caller, bool needsTenant, out Problem? problem)
    {
        problem = null;
        if (!context.Request.Headers.TryGetValue(TenantHeader, out var named))
        {
            if (caller.Tenant is null && needsTenant)
                problem = new Problem(ProblemKinds.TenantRequired, $"The credential has no tenant of its own: name one in {TenantHeader}.");
            return problem is null;
        }

        var tenant = topology.TenantByName(named.ToString());
        if (tenant is not null && tenant.Id == caller.Tenant)
            return true;
        if (!caller.IsOperator)
        {
            // Whether the other tenant exists is none of this caller's business.
            problem = Problem.NotFound("There is no such tenant.");
            return false;
        }

        if (tenant is null)
        {
            problem = Problem.NotFound($"There is no tenant {Shorten(named.ToString())}.");
            return false;
        }

        caller = new Caller(caller.Name, caller.Rights, tenant.Id, null, caller.Expires);
        return true;
    }

    private static string Shorten(string name) => name.Length <= 63 ? name : string.Concat(name.AsSpan(0, 63), "…");
}
