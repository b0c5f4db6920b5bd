using Granary.Catalog;
using Granary.GrainInterfaces;

namespace Granary.ClientApi.Content;

/// <summary>A PUT whose headers are checked.</summary>
internal sealed class UploadRequest
{
    public required ApiCall Call { get; init; }

    public required ScopeInfo Scope { get; init; }

    public required FilePath Path { get; init; }

    public required UploadHeaders Headers { get; init; }

    public required Preconditions? Preconditions { get; init; }

    public required OperationKey? Operation { get; init; }
}
