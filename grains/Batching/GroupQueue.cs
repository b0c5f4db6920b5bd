namespace Granary.Grains.Batching;

/// <summary>
/// Gathers requests of one activation and answers them in groups: at most one group is in flight, and everything that
/// arrives meanwhile makes up the next one. Owned by one activation and touched only by its turns; it has no lock.
/// </summary>
/// <remarks>
/// The flusher is an ordinary asynchronous method started by the first request's turn, so its continuations run on the
/// activation's scheduler. Every waiting request keeps its call running, which keeps the activation alive until answered.
/// </remarks>
/// <typeparam name="TRequest">What is asked.</typeparam>
/// <typeparam name="TResult">What is answered.</typeparam>
/// <param name="limit">Requests that may wait, the group in flight not counted.</param>
/// <param name="maxGroup">Requests in one group.</param>
/// <param name="answerGroup">Answers a group: one result per request, in order. An exception fails the whole group.</param>
internal sealed class GroupQueue<TRequest, TResult>(
    int limit, int maxGroup, Func<IReadOnlyList<TRequest>, Task<IReadOnlyList<TResult>>> answerGroup)
{
    private readonly Queue<Waiting> _waiting = new();
    private Task _flusher = Task.CompletedTask;
    private bool _flushing;

    /// <summary>Requests that wait, the group in flight not counted.</summary>
    public int Count => _waiting.Count;

    /// <summary>Completes when no group is in flight and nothing waits. Never fails.</summary>
    public Task Idle => _flusher;

    /// <summary>Adds a request, or says that too many wait already (then nothing was done).</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Takes the request back as long as its group has not started.</param>
    /// <param name="answer">The answer to come when the result is true.</param>
    public bool TryAdd(TRequest request, CancellationToken cancellationToken, out Task<TResult> answer)
    {
        if (_waiting.Count >= limit)
        {
            answer = Task.FromException<TResult>(new InvalidOperationException("The queue is full."));
            return false;
        }

        var entry = new Waiting(request, cancellationToken);
        _waiting.Enqueue(entry);
        answer = entry.Completion.Task;
        if (!_flushing)
        {
            _flushing = true;
            _flusher = FlushAsync();
        }

        return true;
    }

    private async Task FlushAsync()
    {
        try
        {
            while (TakeGroup() is { Count: > 0 } group)
            {
                await AnswerAsync(group);
            }
        }
        finally
        {
            _flushing = false;
        }
    }

    private List<Waiting> TakeGroup()
    {
        var group = new List<Waiting>(Math.Min(maxGroup, _waiting.Count));
        while (group.Count < maxGroup && _waiting.TryDequeue(out var entry))
        {
            if (entry.Cancellation.IsCancellationRequested)
            {
                entry.Completion.TrySetCanceled(entry.Cancellation);
            }
            else
            {
                group.Add(entry);
            }
        }

        return group;
    }

    private async Task AnswerAsync(List<Waiting> group)
    {
        try
        {
            var results = await answerGroup(group.ConvertAll(entry => entry.Request));
            if (results.Count != group.Count)
            {
                throw new InvalidOperationException($"A group of {group.Count} got {results.Count} answers.");
            }

            for (var i = 0; i < group.Count; i++)
            {
                group[i].Completion.TrySetResult(results[i]);
            }
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // The top of the loop: whatever went wrong belongs to the callers of this group, and the next group goes on.
            foreach (var entry in group)
            {
                entry.Completion.TrySetException(failure);
            }
        }
    }

    private sealed record Waiting(TRequest Request, CancellationToken Cancellation)
    {
        public TaskCompletionSource<TResult> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
