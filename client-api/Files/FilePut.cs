using Granary.Catalog;
using Granary.ClientApi.Content;
using Granary.ClientApi.Http;
using Granary.GrainInterfaces;
using Microsoft.AspNetCore.Http;

namespace Granary.ClientApi.Files;

/// <summary><c>PUT /api/v1/scopes/{scope}/files/{path}</c>: the body becomes the next version of the path.</summary>
internal sealed class FilePut(Uploader uploader, NamespaceCatalog names, StoredAnswers answers)
{
    /// <summary>
    /// Steps: (1) where to; (2) what the headers say; (3) a repeat of an answered request gets that answer; (4) demands that
    /// fail already are refused before the body is read, and again, exactly, at the commit; (5) take the body in.
    /// </summary>
    public async Task<IResult> AnswerAsync(ApiCall call)
    {
        var (target, problem) = await FileTarget.ReadAsync(call);
        if (problem is not null)
            return problem;
        var (headers, wrong) = UploadHeaders.Read(call.Http.Request);
        if (headers is null)
            return wrong!;
        if (!EntityTags.TryReadForWrite(call.Http.Request.Headers, out var preconditions, out problem))
            return problem;
        var operation = OperationKeys.Read(call.Http, default, out problem);
        if (problem is not null)
            return problem;
        if (operation is not null && await answers.FindAsync(call.TenantId, operation) is { } stored)
            return stored.Problem ?? WrittenResult.Of(call.Http, target.Path, stored.Result!);
        if (preconditions is not null && !await HoldsAsync(call, target, preconditions))
            return UploadRefusals.Of(NamespaceResult.Refused(NamespaceStatus.PreconditionFailed))!;

        var (result, refused) = await uploader.ReceiveAsync(new UploadRequest
        {
            Call = call,
            Scope = target.Scope,
            Path = target.Path,
            Headers = headers,
            Preconditions = preconditions,
            Operation = operation,
        });
        return refused ?? WrittenResult.Of(call.Http, target.Path, result!);
    }

    private async Task<bool> HoldsAsync(ApiCall call, FileTarget target, Preconditions preconditions)
    {
        var found = await names.FindAsync(call.TenantId, target.Scope.Id, target.Path, version: null, call.Aborted);
        return EntityTags.Hold(preconditions, found.File is { Deleted: false } file ? file.Etag : null);
    }
}
