using Granary.Catalog;
using Granary.ClientApi.Http;
using Granary.GrainInterfaces;

namespace Granary.ClientApi.Files;

/// <summary>The scope and the path that a request names.</summary>
/// <param name="Scope">The scope.</param>
/// <param name="Path">The path.</param>
internal readonly record struct FileTarget(ScopeInfo Scope, FilePath Path)
{
    /// <summary>Reads both from the route and the raw target.</summary>
    public static async ValueTask<(FileTarget Target, Problem? Problem)> ReadAsync(ApiCall call)
    {
        var (scope, problem) = await call.FindScopeAsync(call.Route("scope"));
        if (scope is null)
            return (default, problem);
        return RequestTarget.TryGetFilePath(call.Http, out var path, out var reason)
            ? (new FileTarget(scope, path), null)
            : (default, new Problem(ProblemKinds.InvalidPath, reason));
    }
}
