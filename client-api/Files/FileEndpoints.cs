using Granary.ClientApi.Authentication;
using Granary.ClientApi.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Granary.ClientApi.Files;

/// <summary>Maps the files of a scope (http-api, Files).</summary>
internal static class FileEndpoints
{
    private const string Files = ApiEndpoints.Root + "/scopes/{scope}/files";
    private const string File = Files + "/{**path}";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        var put = services.GetRequiredService<FilePut>();
        var get = services.GetRequiredService<FileGet>();
        var facts = services.GetRequiredService<FileFacts>();
        var changes = services.GetRequiredService<FileChanges>();
        var list = services.GetRequiredService<FileList>();

        routes.MapApi("PUT", File, Rights.Write, put.AnswerAsync).WithName("putFile").Describe(FileDescriptions.Put);
        routes.MapApi("GET", File, Rights.Read, call => FileFacts.Asked(call) ? facts.AnswerAsync(call) : get.AnswerAsync(call)).WithName("getFile").Describe(FileDescriptions.Get);
        routes.MapApi("HEAD", File, Rights.Read, get.AnswerAsync).WithName("headFile").Describe(FileDescriptions.Head);
        routes.MapApi("DELETE", File, Rights.Write, changes.DeleteAsync).WithName("deleteFile").Describe(FileDescriptions.Delete);
        routes.MapApi("POST", Files + ":copy", Rights.Write, changes.CopyAsync).WithName("copyFile").Describe(FileDescriptions.Copy);
        routes.MapApi("POST", Files + ":move", Rights.Write, changes.MoveAsync).WithName("moveFile").Describe(FileDescriptions.Move);
        routes.MapApi("POST", Files + ":restore", Rights.Write, changes.RestoreAsync).WithName("restoreFile").Describe(FileDescriptions.Restore);
        routes.MapApi("GET", Files, Rights.Read, list.AnswerAsync).WithName("listFiles").Describe(FileDescriptions.List);
    }
}
