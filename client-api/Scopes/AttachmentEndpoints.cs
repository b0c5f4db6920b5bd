using System.Text.Json;
using Granary.Catalog;
using Granary.ClientApi.Administration;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.Http;
using Granary.ClientApi.OpenApi;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Granary.ClientApi.Scopes;

/// <summary>
/// <c>/api/v1/scopes/{scope}/stores/{store}</c>: attaches, changes and detaches. PUT sets every member (absent ones get
/// their default, D52); PATCH leaves absent members and unsets those that are null.
/// </summary>
internal sealed class AttachmentEndpoints(IGrainFactory grains, ScopeEndpoints scopes)
{
    private const string Item = ApiEndpoints.Root + "/scopes/{scope}/stores/{store}";

    /// <summary>Maps the resource.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapApi("PUT", Item, Rights.Admin, call => SetAsync(call, patch: false)).Describe(ScopeDescriptions.Attach);
        routes.MapApi("PATCH", Item, Rights.Admin, call => SetAsync(call, patch: true)).Describe(ScopeDescriptions.ChangeAttachment);
        routes.MapApi("DELETE", Item, Rights.Admin, DetachAsync).Describe(ScopeDescriptions.Detach);
    }

    private async Task<IResult> SetAsync(ApiCall call, bool patch)
    {
        var (scope, problem) = await call.FindScopeAsync(call.Route("scope"));
        if (scope is null)
        {
            return problem!;
        }

        var topology = await call.RefreshTopologyAsync();
        var store = FindStore(call, topology, scope);
        var before = store is null ? null : topology.Attachments(scope.Id).FirstOrDefault(a => a.Settings.Store == store.Id);
        if (store is null || (patch && before is null))
        {
            return NoSuchStore(patch);
        }

        (var body, problem) = await call.ReadBodyAsync(allowEmpty: true);
        if (body is null)
        {
            return problem!;
        }

        var settings = Read(body, topology, call, scope, patch ? before!.Settings : new AttachmentSettings { Store = store.Id });
        if (call.Check(body, out var operation) is { } refused)
        {
            return refused;
        }

        var result = await Grain(scope).AttachAsync(settings, operation, call.Aborted);
        if (AdminAnswers.ToProblem(result) is { } denied)
        {
            return denied;
        }

        await call.RefreshTopologyAsync();
        return await scopes.ShowAsync(call);
    }

    private async Task<IResult> DetachAsync(ApiCall call)
    {
        var operation = OperationKeys.Read(call.Http, default, out var problem);
        if (problem is not null)
        {
            return problem;
        }

        (var scope, problem) = await call.FindScopeAsync(call.Route("scope"));
        if (scope is null)
        {
            return problem!;
        }

        var topology = await call.RefreshTopologyAsync();
        var store = FindStore(call, topology, scope);
        // With an idempotency key the grain is asked also about what is detached: the answer may be stored.
        var attached = store is not null && topology.Attachments(scope.Id).Any(a => a.Settings.Store == store.Id);
        return store is null || (!attached && operation is null)
            ? NoSuchStore(attached: true)
            : AdminAnswers.Deleted(await Grain(scope).DetachAsync(store.Id, operation, call.Aborted));
    }

    private static AttachmentSettings Read(JsonRequest body, Topology topology, ApiCall call, ScopeInfo scope, AttachmentSettings before)
    {
        var settings = before with
        {
            UploadPriority = body.Has("uploadPriority") ? body.Int32("uploadPriority") : before.UploadPriority,
            DownloadPriority = body.Has("downloadPriority") ? body.Int32("downloadPriority") : before.DownloadPriority,
        };
        var policy = body.Object("policy");
        if (policy is null)
        {
            return body.IsNull("policy")
                ? new AttachmentSettings
                {
                    Store = settings.Store, UploadPriority = settings.UploadPriority, DownloadPriority = settings.DownloadPriority,
                }
                : settings;
        }

        settings = settings with
        {
            Populate = policy.Flag("populate") ?? (policy.IsNull("populate") ? false : before.Populate),
            ReadOnly = policy.Flag("readOnly") ?? (policy.IsNull("readOnly") ? false : before.ReadOnly),
            WriteOnly = policy.Flag("writeOnly") ?? (policy.IsNull("writeOnly") ? false : before.WriteOnly),
            SoftMaxSize = policy.Has("softMaxSize") ? policy.Number("softMaxSize", min: 0) : before.SoftMaxSize,
        };
        return ReadDrain(policy, topology, call, scope, settings);
    }

    /// <summary><c>drain</c> is false, true or the name of a store; null unsets.</summary>
    private static AttachmentSettings ReadDrain(
        JsonRequest policy, Topology topology, ApiCall call, ScopeInfo scope, AttachmentSettings settings)
    {
        switch (policy.Raw("drain"))
        {
            case null:
                return settings;
            case { ValueKind: JsonValueKind.Null or JsonValueKind.False }:
                return settings with { Drain = false, DrainTo = null };
            case { ValueKind: JsonValueKind.True }:
                return settings with { Drain = true, DrainTo = null };
            case { ValueKind: JsonValueKind.String } name when FindStore(call, topology, scope, name.GetString()!) is { } target:
                return settings with { Drain = true, DrainTo = target.Id };
            case { ValueKind: JsonValueKind.String }:
                policy.Error("drain", "The store to drain to does not exist.");
                return settings;
            default:
                policy.Error("drain", "drain is false, true or the name of a store.");
                return settings;
        }
    }

    private static StoreInfo? FindStore(ApiCall call, Topology topology, ScopeInfo scope) =>
        FindStore(call, topology, scope, call.Route("store"));

    /// <summary>A tenant knows the stores that it may attach and those that its scope has; other names are 404 to it.</summary>
    private static StoreInfo? FindStore(ApiCall call, Topology topology, ScopeInfo scope, string name)
    {
        if (topology.StoreByName(name) is not { } store)
        {
            return null;
        }

        var attached = topology.Attachments(scope.Id).Any(a => a.Settings.Store == store.Id);
        return attached || (store.State == StoreState.Active && call.Tenant.Settings.Stores.Contains(store.Id)) ? store : null;
    }

    private static Problem NoSuchStore(bool attached) =>
        Problem.NotFound(attached ? "The scope has no file store of this name." : "There is no file store of this name that the tenant may attach.");

    private IScopeGrain Grain(ScopeInfo scope) => grains.GetGrain<IScopeGrain>(GrainKeys.Scope(scope.Tenant, scope.Id));
}
