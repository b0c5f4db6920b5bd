using System.Text.Json;
using Granary.Catalog;
using Granary.ClientApi.Administration;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.Http;
using Granary.ClientApi.OpenApi;
using Granary.ClientApi.Stores;
using Granary.GrainInterfaces;
using Granary.Stores;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Granary.ClientApi.FileStores;

/// <summary>
/// <c>/api/v1/file-stores</c>: for operators. Backend and place cannot change, secrets can; they go in, never out (D50).
/// </summary>
internal sealed class FileStoreEndpoints(
    StoreCreation creation, FileStoreViewer viewer, SecretProtector secrets, ISiloContext silo,
    IStoreOpener opener, IStoreDirectory directory, OperationCatalog operations, IGrainFactory grains)
{
    private const string Collection = ApiEndpoints.Root + "/file-stores";
    private const string Item = Collection + "/{store}";

    /// <summary>Maps the resource.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGlobal("GET", Collection, Rights.Operator, ListAsync).Describe(FileStoreDescriptions.List);
        routes.MapGlobal("POST", Collection, Rights.Operator, CreateAsync).Describe(FileStoreDescriptions.Create);
        routes.MapGlobal("GET", Item, Rights.Operator, ShowAsync).Describe(FileStoreDescriptions.Show);
        routes.MapGlobal("PATCH", Item, Rights.Operator, ChangeAsync).Describe(FileStoreDescriptions.Change);
        routes.MapGlobal("DELETE", Item, Rights.Operator, DeleteAsync).Describe(FileStoreDescriptions.Delete);
    }

    private async Task<IResult> ListAsync(ApiCall call)
    {
        var topology = await call.RefreshTopologyAsync();
        var page = PageRequest.From(call.Query)
            .Cut(topology.Stores.Where(s => s.State == StoreState.Active).OrderBy(s => s.Name, StringComparer.Ordinal), s => s.Name);
        var items = new List<FileStoreView>(page.Items.Count);
        foreach (var store in page.Items)
        {
            items.Add(await viewer.ViewAsync(store, call.Aborted));
        }

        return ApiResults.Json(new Page<FileStoreView>(items, page.Next), AdminJson.Default.FileStorePage);
    }

    private async Task<IResult> CreateAsync(ApiCall call)
    {
        var takeOver = call.Query.Flag("takeOver");
        var (body, problem) = await call.ReadBodyAsync();
        if (body is null)
        {
            return problem!;
        }

        var name = NameField.Read(body);
        var backend = body.Text("backend", required: true);
        var settings = FileStoreRequest.ReadSettings(body, new FileStoreSettings());
        var parsed = creation.Parse(backend, FileStoreRequest.ReadConfiguration(body));
        foreach (var failure in parsed.Failures)
        {
            body.Error(failure.Field, failure.Sentence);
        }

        if (call.Check(body, out var operation) is { } refused)
        {
            return refused;
        }

        var (created, impossible) = await creation.CreateAsync(name, parsed, settings, operation, takeOver, call.Aborted);
        if (impossible is not null)
        {
            return impossible;
        }

        var topology = await call.RefreshTopologyAsync();
        return topology.Store(created!.Value) is { } store
            ? ApiResults.Json(
                await viewer.ViewAsync(store, call.Aborted), AdminJson.Default.FileStoreView, StatusCodes.Status201Created, $"{Collection}/{name}")
            : Problem.NotFound("The store was created and has been deleted since.");
    }

    private async Task<IResult> ShowAsync(ApiCall call) =>
        await FindAsync(call) is { } store
            ? ApiResults.Json(await viewer.ViewAsync(store, call.Aborted), AdminJson.Default.FileStoreView)
            : NoSuchStore();

    private async Task<IResult> ChangeAsync(ApiCall call)
    {
        if (await FindAsync(call) is not { } store)
        {
            return NoSuchStore();
        }

        var (body, problem) = await call.ReadBodyAsync();
        if (body is null)
        {
            return problem!;
        }

        var settings = FileStoreRequest.ReadSettings(body, store.Settings) with { EncryptedSecrets = ReadPlace(body, store) };
        if (call.Check(body, out var operation) is { } refused)
        {
            return refused;
        }

        var result = await Grain(store).UpdateAsync(settings, operation, call.Aborted);
        if (AdminAnswers.ToProblem(result) is { } denied)
        {
            return denied;
        }

        await opener.SynchronizeAsync(call.Aborted);
        return await ShowAsync(call);
    }

    /// <summary>Backend and place may be repeated but not changed; new secrets are encrypted at once, and returned (D50).</summary>
    private byte[]? ReadPlace(JsonRequest body, StoreInfo store)
    {
        if (body.Text("name") is { } name && name != store.Name)
        {
            body.Error("name", "The name of a store cannot change.");
        }

        if (body.Text("backend") is { } backend && backend != store.Backend)
        {
            body.Error("backend", "The backend of an existing store cannot change.");
        }

        if (body.Raw("configuration") is not { } change)
        {
            return null;
        }

        var current = StoreDefinitions.Define(store, silo.InstallationId, secrets);
        var parsed = ChunkStoreConfigParser.ParseChange(current.Configuration, current.Credentials, change);
        foreach (var failure in parsed.Failures)
        {
            body.Error(failure.Field, failure.Sentence);
        }

        return parsed.Credentials is { } credentials && credentials != current.Credentials ? StoreSecrets.Protect(secrets, credentials) : null;
    }

    private async Task<IResult> DeleteAsync(ApiCall call)
    {
        var force = call.Query.Flag("force");
        var operation = OperationKeys.Read(call.Http, default, out var problem);
        if (problem is not null)
        {
            return problem;
        }

        if (await FindAsync(call) is not { } store)
        {
            return await AdminAnswers.DeletedBeforeAsync(operations, OperationCatalog.NoTenant, operation, NoSuchStore(), call.Aborted);
        }

        var place = directory.TryGetMaintenance(store.Id, out var open) ? open.Find<IOwnedPlace>() : null;
        var result = await Grain(store).DeleteAsync(force, operation, call.Aborted);
        if (result.Status == AdminStatus.Done)
        {
            await LeaveAsync(place, call.Aborted);
        }

        await opener.SynchronizeAsync(call.Aborted);
        return AdminAnswers.Deleted(result);
    }

    // The place becomes anybody's. Where that fails, and where only another silo sees it, its mark stays: whoever makes a
    // store there takes it over explicitly. A store that still has something to delete is left when that is done.
    private static async Task LeaveAsync(IOwnedPlace? place, CancellationToken cancellationToken)
    {
        try
        {
            await (place?.LeaveAsync(cancellationToken) ?? Task.CompletedTask);
        }
        catch (ChunkStoreException)
        {
            // It does not answer, and the store is gone all the same.
        }
    }

    private static async Task<StoreInfo?> FindAsync(ApiCall call)
    {
        var topology = await call.RefreshTopologyAsync();
        return topology.StoreByName(call.Route("store")) is { State: StoreState.Active } store ? store : null;
    }

    private IFileStoreGrain Grain(StoreInfo store) => grains.GetGrain<IFileStoreGrain>(GrainKeys.Store(store.Id));

    private static Problem NoSuchStore() => Problem.NotFound("There is no such file store.");
}
