using Granary.Crash.Tests.Model;

namespace Granary.Crash.Tests.Load;

/// <summary>Overwrites and reads files that others overwrite at the same time; which version won, the answers say.</summary>
internal sealed class SharedWorker(ApiClient api, Contents contents, ScopeModel scope, Random random)
{
    private const int Paths = 6;

    /// <summary>Works until the server is gone.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                var path = $"shared/{random.Next(Paths)}";
                if (random.Next(3) == 0)
                {
                    await api.AskAsync(new Operation
                    {
                        Kind = OperationKind.Put,
                        Scope = scope.Name,
                        Path = path,
                        Content = contents.Choose(random),
                        Key = api.NewKey(random),
                    });
                }
                else if (random.Next(2) == 0)
                {
                    await ReadAsync(path);
                }
                else
                {
                    await ReadRangeAsync(path);
                }
            }
        }
        catch (ServerGoneException)
        {
            // What was not answered is checked against the log after the restart.
        }
    }

    private async Task ReadAsync(string path)
    {
        if (await api.GetAsync(scope.Name, path) is { } file && (contents.TagOf(file.Bytes, file.Etag) != file.Etag || contents.Find(file.Etag) is null))
        {
            api.Wrong.Enqueue($"{scope.Name}:{path} was read with tag {file.Etag} and bytes {contents.TagOf(file.Bytes, file.Etag)}");
        }
    }

    private async Task ReadRangeAsync(string path)
    {
        var last = random.Next(1, 100_000);
        if (await api.GetAsync(scope.Name, path, range: $"bytes=-{last}") is not { } part || contents.Find(part.Etag) is not { Size: > 0 } content)
        {
            return;
        }

        if (!part.Bytes.AsSpan().SequenceEqual(content.Bytes().AsSpan()[^Math.Min(last, content.Size)..]))
        {
            api.Wrong.Enqueue($"{scope.Name}:{path}: the last {last} bytes are not those of {part.Etag}");
        }
    }
}
