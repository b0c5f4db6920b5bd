using Granary.Catalog;
using Granary.ClientApi.Authentication;
using Granary.ClientApi.Http;
using Granary.ClientApi.OpenApi;
using Granary.ClientApi.Uploads;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Granary.ClientApi.Tus;

/// <summary>Maps tus at <c>/api/v1/scopes/{scope}/tus</c>.</summary>
internal static class TusEndpoints
{
    private const string Collection = ApiEndpoints.Root + "/scopes/{scope}/tus";
    private const string Item = Collection + "/{id}";

    /// <summary>Registers the handlers.</summary>
    public static IServiceCollection Add(IServiceCollection services) => services
        .AddSingleton<TusWriters>()
        .AddSingleton<TusUploads>()
        .AddSingleton<TusCompletion>()
        .AddSingleton<TusAppend>()
        .AddSingleton<TusCreate>()
        .AddSingleton<TusHandlers>();

    /// <summary>Maps the resources.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        var create = routes.ServiceProvider.GetRequiredService<TusCreate>();
        var handlers = routes.ServiceProvider.GetRequiredService<TusHandlers>();
        routes.MapOpen("OPTIONS", Collection, TusHandlers.Options).Describe(TusDescriptions.Options);
        routes.MapOpen("OPTIONS", Item, TusHandlers.Options).Describe(TusDescriptions.ItemOptions);
        routes.MapApi("POST", Collection, Rights.Write, create.AnswerAsync).SpeakTus().Describe(TusDescriptions.Create);
        routes.MapApi("HEAD", Item, Rights.Write, handlers.HeadAsync).SpeakTus().Describe(TusDescriptions.Head);
        routes.MapApi("PATCH", Item, Rights.Write, handlers.PatchAsync).SpeakTus().Describe(TusDescriptions.Patch);
        routes.MapApi("DELETE", Item, Rights.Write, handlers.DeleteAsync).SpeakTus().Describe(TusDescriptions.Delete);
        routes.MapApi("POST", Item, Rights.Write, handlers.OverrideAsync).SpeakTus().Describe(TusDescriptions.Override);
    }
}
