namespace Granary.Catalog;

/// <summary>
/// Work of one kind that is done together: what waits while earlier work is under way becomes the next group, so that nobody
/// waits for company at rest and groups grow by themselves under load.
/// </summary>
/// <param name="run">Does a group in its order, and answers each.</param>
/// <param name="apart">Two asks that have the same of this go into different groups; null: no matter.</param>
internal sealed class GatheredWork<TAsk, TResult>(Func<IReadOnlyList<TAsk>, Task<TResult[]>> run, Func<TAsk, object?> apart)
{
    private const int Most = 32;

    private readonly Lock _gate = new();
    private readonly LinkedList<Waiting> _waiting = [];
    private bool _running;

    /// <summary>Completes when the group is done that took this in; it was begun after this call.</summary>
    /// <param name="ask">What is asked for.</param>
    /// <param name="cancellationToken">Takes it back while no group has it.</param>
    public Task<TResult> RunAsync(TAsk ask, CancellationToken cancellationToken)
    {
        var waiting = new Waiting(ask, cancellationToken);
        lock (_gate)
        {
            _waiting.AddLast(waiting);
            if (_running)
            {
                return waiting.Completion.Task;
            }

            _running = true;
        }

        _ = Task.Run(RunGroupsAsync, CancellationToken.None);
        return waiting.Completion.Task;
    }

    private async Task RunGroupsAsync()
    {
        while (Take() is { Count: > 0 } group)
        {
            if (!await TryRunAsync(group))
            {
                // One of them cannot be done: all others must not suffer from it.
                foreach (var one in group)
                {
                    await TryRunAsync([one]);
                }
            }
        }
    }

    // Of the group, or of nobody.
    private async Task<bool> TryRunAsync(List<Waiting> group)
    {
        try
        {
            var results = await run([.. group.Select(static one => one.Ask)]);
            for (var i = 0; i < group.Count; i++)
            {
                group[i].Completion.TrySetResult(results[i]);
            }
        }
        catch (Exception failure)
        {
            if (group.Count > 1 && failure is not CatalogException { IsTransient: true })
            {
                return false;
            }

            group.ForEach(one => one.Completion.TrySetException(failure));
        }

        return true;
    }

    private List<Waiting> Take()
    {
        var group = new List<Waiting>();
        var taken = new HashSet<object>();
        lock (_gate)
        {
            for (var node = _waiting.First; node is not null && group.Count < Most;)
            {
                var next = node.Next;
                if (node.Value.Token.IsCancellationRequested)
                {
                    node.Value.Completion.TrySetCanceled(node.Value.Token);
                    _waiting.Remove(node);
                }
                else if (apart(node.Value.Ask) is not { } key || taken.Add(key))
                {
                    group.Add(node.Value);
                    _waiting.Remove(node);
                }

                node = next;
            }

            if (group.Count == 0)
            {
                _running = false;
            }
        }

        return group;
    }

    private sealed record Waiting(TAsk Ask, CancellationToken Token)
    {
        // The caller's continuation must not hold up the next group.
        public TaskCompletionSource<TResult> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
