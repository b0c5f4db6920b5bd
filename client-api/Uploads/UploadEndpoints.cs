using Granary.ClientApi.Authentication;
using Granary.ClientApi.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Granary.ClientApi.Uploads;

/// <summary>Maps resumable uploads (http-api, Uploads).</summary>
internal static class UploadEndpoints
{
    private const string OfScope = ApiEndpoints.Root + "/scopes/{scope}/uploads";
    private const string Item = ApiEndpoints.Root + "/uploads/{id}";

    /// <summary>Registers the handlers.</summary>
    public static IServiceCollection Add(IServiceCollection services) => services
        .AddSingleton<SessionAccess>()
        .AddSingleton<WholeHashes>()
        .AddSingleton<UploadCreate>()
        .AddSingleton<UploadParts>()
        .AddSingleton<UploadFacts>()
        .AddSingleton<UploadComplete>();

    /// <summary>Maps the resources.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var facts = services.GetRequiredService<UploadFacts>();
        routes.MapApi("POST", OfScope, Rights.Write, services.GetRequiredService<UploadCreate>().AnswerAsync).Describe(UploadDescriptions.Begin);
        routes.MapApi("GET", OfScope, Rights.Write, facts.ListAsync).Describe(UploadDescriptions.List);
        routes.MapApi("GET", Item, Rights.Write, facts.ShowAsync).Describe(UploadDescriptions.Show);
        routes.MapApi("DELETE", Item, Rights.Write, facts.AbortAsync).Describe(UploadDescriptions.Abort);
        routes.MapApi("POST", Item + "/probe", Rights.Write, facts.ProbeAsync).Describe(UploadDescriptions.Probe);
        routes.MapApi("PUT", Item + "/chunks/{index}", Rights.Write, services.GetRequiredService<UploadParts>().AnswerAsync).Describe(UploadDescriptions.Part);
        routes.MapApi("POST", Item + "/complete", Rights.Write, services.GetRequiredService<UploadComplete>().AnswerAsync).Describe(UploadDescriptions.Complete);
    }
}
