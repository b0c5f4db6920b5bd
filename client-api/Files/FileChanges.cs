using Granary.Catalog;
using Granary.ClientApi.Content;
using Granary.ClientApi.Http;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;

namespace Granary.ClientApi.Files;

/// <summary>Changes of the namespace that carry no content: delete, copy, move, restore.</summary>
internal sealed class FileChanges(UploadEnd commits, ScopeCopier copier)
{
    /// <summary><c>DELETE /api/v1/scopes/{scope}/files/{path}</c>.</summary>
    public async Task<IResult> DeleteAsync(ApiCall call)
    {
        var (target, problem) = await FileTarget.ReadAsync(call);
        if (problem is not null)
            return problem;
        if (!EntityTags.TryReadForWrite(call.Http.Request.Headers, out var preconditions, out problem))
            return problem;
        var operation = OperationKeys.Read(call.Http, default, out problem);
        if (problem is not null)
            return problem;
        var result = await commits.CommitAsync(call.TenantId, target.Scope.Id, new DeleteFile
        {
            Operation = operation,
            By = call.Caller.Name,
            Preconditions = preconditions,
            Path = target.Path,
        });
        return UploadRefusals.Of(result) ?? ApiResults.NoContent;
    }

    /// <summary><c>POST /api/v1/scopes/{scope}/files:copy</c>.</summary>
    public Task<IResult> CopyAsync(ApiCall call) => CopyOrMoveAsync(call, move: false);

    /// <summary><c>POST /api/v1/scopes/{scope}/files:move</c>; stays in one scope.</summary>
    public Task<IResult> MoveAsync(ApiCall call) => CopyOrMoveAsync(call, move: true);

    /// <summary><c>POST /api/v1/scopes/{scope}/files:restore</c>.</summary>
    public async Task<IResult> RestoreAsync(ApiCall call)
    {
        var (scope, missing) = await call.FindScopeAsync(call.Route("scope"));
        if (scope is null)
            return missing!;
        var (body, unread) = await call.ReadBodyAsync();
        if (body is null)
            return unread!;
        var path = Path(body, "path");
        var version = body.Number("version", required: true, min: 1);
        if (call.Check(body, out var operation) is { } wrong)
            return wrong;
        var result = await commits.CommitAsync(call.TenantId, scope.Id, new RestoreFile
        {
            Operation = operation,
            By = call.Caller.Name,
            Path = path!.Value,
            Version = version!.Value,
        });
        return UploadRefusals.Of(result) ?? WrittenResult.Of(call.Http, path.Value, result, StatusCodes.Status201Created);
    }

    private async Task<IResult> CopyOrMoveAsync(ApiCall call, bool move)
    {
        var (scope, missing) = await call.FindScopeAsync(call.Route("scope"));
        if (scope is null)
            return missing!;
        var (body, unread) = await call.ReadBodyAsync();
        if (body is null)
            return unread!;
        var from = Path(body, "from");
        var to = Path(body, "to");
        var toScope = body.Text("toScope");
        var ifMatch = body.Text("ifMatch");
        if (move && toScope is not null && toScope != scope.Name)
            body.Error("toScope", "A move stays in one scope: copy, then delete.");
        if (call.Check(body, out var operation) is { } wrong)
            return wrong;

        var copy = new CopyFile
        {
            Operation = operation,
            By = call.Caller.Name,
            Preconditions = ifMatch is null ? null : new Preconditions { IfMatch = new List<string> { ifMatch.Trim('"') } },
            From = from!.Value,
            To = to!.Value,
            Move = move,
        };
        if (toScope is not null && toScope != scope.Name)
            return await copier.CopyAsync(call, scope, toScope, copy);
        var result = await commits.CommitAsync(call.TenantId, scope.Id, copy);
        return UploadRefusals.Of(result) ?? WrittenResult.Of(call.Http, copy.To, result, StatusCodes.Status201Created);
    }

    private static FilePath? Path(JsonRequest body, string name)
    {
        if (body.Text(name, required: true) is not { } text)
            return null;
        if (FilePath.TryParse(text, out var path, out var reason))
            return path;
        body.Error(name, reason);
        return null;
    }
}
