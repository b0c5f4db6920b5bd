using Granary.Crash.Tests.Model;

namespace Granary.Crash.Tests.Load;

/// <summary>
/// Writes, overwrites, copies, moves, deletes and reads files below a folder that it alone changes, one step after the
/// other, so that it knows what each of its files must be.
/// </summary>
internal sealed class OwnWorker(ApiClient api, Contents contents, ScopeModel scope, ScopeModel other, int number, Random random)
{
    private const int Paths = 8;
    private readonly Dictionary<string, string> _files = Start(scope, number);
    private readonly HashSet<string> _uncertain = [];

    /// <summary>Below which paths.</summary>
    private string Path(int i) => $"w{number}/p{i}";

    /// <summary>Works until the server is gone.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                await StepAsync();
            }
        }
        catch (ServerGoneException)
        {
            // What was not answered is checked against the log after the restart.
        }
    }

    private static Dictionary<string, string> Start(ScopeModel scope, int number) =>
        scope.Current.Where(file => file.Path.StartsWith($"w{number}/", StringComparison.Ordinal)).ToDictionary(file => file.Path, file => file.Version.Etags[0], StringComparer.Ordinal);

    private async Task StepAsync()
    {
        var path = Path(random.Next(Paths));
        if (_uncertain.Contains(path))
        {
            return;
        }

        var known = _files.GetValueOrDefault(path);
        switch (random.Next(20))
        {
            case < 9:
                var content = contents.Choose(random);
                await AskAsync(new Operation { Kind = OperationKind.Put, Scope = scope.Name, Path = path, Content = content, Key = api.NewKey(random) }, content.Etag);
                break;
            case < 12 when known is not null:
                await AskAsync(new Operation { Kind = OperationKind.Delete, Scope = scope.Name, Path = path, Key = api.NewKey(random) }, null);
                break;
            case < 15 when known is not null:
                await CopyOrMoveAsync(path, known);
                break;
            case 15 when known is not null && other != scope:
                // Into the other scope, at a path of this worker's that only copies go to.
                await api.AskAsync(new Operation
                {
                    Kind = OperationKind.Copy,
                    Scope = other.Name,
                    Path = $"from-w{number}/{random.Next(Paths)}",
                    From = path,
                    FromScope = scope.Name,
                    PossibleEtags = [known],
                    Key = api.NewKey(random),
                });
                break;
            default:
                await ReadAsync(path, known);
                break;
        }
    }

    private async Task CopyOrMoveAsync(string from, string etag)
    {
        var to = Path(random.Next(Paths));
        if (to == from || _uncertain.Contains(to))
        {
            return;
        }

        var move = random.Next(2) == 0;
        var done = await AskAsync(new Operation { Kind = move ? OperationKind.Move : OperationKind.Copy, Scope = scope.Name, Path = to, From = from, Key = api.NewKey(random) }, etag);
        if (move)
        {
            Set(from, done ? null : etag, done);
        }
    }

    private async Task<bool> AskAsync(Operation operation, string? etag)
    {
        var done = (await api.AskAsync(operation)).Outcome == Outcome.Done;
        Set(operation.Path, etag, done);
        return done;
    }

    private void Set(string path, string? etag, bool certain)
    {
        if (!certain)
        {
            _uncertain.Add(path);
        }
        else if (etag is null)
        {
            _files.Remove(path);
        }
        else
        {
            _files[path] = etag;
        }
    }

    private async Task ReadAsync(string path, string? known)
    {
        var wrong = api.Wrong.Count;
        var found = await api.GetAsync(scope.Name, path);
        if (api.Wrong.Count == wrong && (found is { } file ? contents.TagOf(file.Bytes, file.Etag) : null) != known)
        {
            api.Wrong.Enqueue($"{scope.Name}:{path} should have tag {known ?? "(none)"} and has {(found is { } read ? $"{read.Etag}, bytes {contents.TagOf(read.Bytes, read.Etag)}" : "none")}");
        }
    }
}
