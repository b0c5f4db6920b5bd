using Granary.Catalog;
using Granary.ClientApi.Http;

namespace Granary.ClientApi.Changes;

/// <summary>Refusals of cursors, the same for pages, sockets and webhooks.</summary>
internal static class ChangeProblems
{
    /// <summary>The refusal of a cursor; null when it can be followed.</summary>
    public static Problem? Of(ChangePage page) => page.State switch
    {
        CursorState.Expired => Expired(page),
        CursorState.Future => Problem.Invalid("since", $"since is after the last change, which has the number {page.Head}.").With("head", page.Head),
        _ => null,
    };

    /// <summary>
    /// The changes after a cursor are gone. Whoever copies the scope lists its files and goes on from <c>head</c>; whoever only
    /// wants what is left goes on from <c>oldest</c>.
    /// </summary>
    public static Problem Expired(ChangePage page) =>
        new Problem(ProblemKinds.Expired, "The changes after this cursor are not kept any more: list the files, then follow from head.")
            .With("oldest", page.Oldest)
            .With("head", page.Head);

    /// <summary>The scope does not exist, or is none of the caller's business.</summary>
    public static Problem NoScope() => Problem.NotFound("There is no such scope.");
}
