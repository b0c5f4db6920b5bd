namespace Granary.Stores;

/// <summary>
/// A number of slots that many tenants wait for: whoever waits gets one in the order of asking inside a tenant, and tenants
/// take turns, so that one with a thousand requests delays another's single one by no more than one request each.
/// </summary>
internal sealed class FairSlots(int count)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedList<TaskCompletionSource>> _lines = new(StringComparer.Ordinal);
    private readonly LinkedList<string> _turns = [];
    private int _free = count;

    /// <summary>Requests that wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
                return _lines.Values.Sum(l => l.Count);
        }
    }

    /// <summary>Waits for a slot; <see cref="Leave"/> must follow.</summary>
    public Task EnterAsync(string tenant, CancellationToken ct)
    {
        if (ct.IsCancellationRequested)
            return Task.FromCanceled(ct);
        LinkedListNode<TaskCompletionSource> place;
        lock (_gate)
        {
            if (_free > 0)
            {
                _free--;
                return Task.CompletedTask;
            }

            if (!_lines.TryGetValue(tenant, out var line))
            {
                _lines.Add(tenant, line = []);
                _turns.AddLast(tenant);
            }

            place = line.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        return WaitAsync(tenant, place, ct);
    }

    /// <summary>Gives a slot back, or to the next who waits.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            if (_turns.First is not { } turn)
            {
                _free++;
                return;
            }

            var tenant = turn.Value;
            var place = _lines[tenant].First!;
            Remove(tenant, place);
            if (_lines.ContainsKey(tenant))
            {
                _turns.Remove(tenant);
                _turns.AddLast(tenant);
            }

            place.Value.SetResult();
        }
    }

    private async Task WaitAsync(string tenant, LinkedListNode<TaskCompletionSource> place, CancellationToken ct)
    {
        await using var onCancel = ct.UnsafeRegister(_ => Cancel(tenant, place, ct), null).ConfigureAwait(false);
        await place.Value.Task.ConfigureAwait(false);
    }

    private void Cancel(string tenant, LinkedListNode<TaskCompletionSource> place, CancellationToken ct)
    {
        lock (_gate)
        {
            // Not in a line any more: it got its slot just now, and its task is done.
            if (place.List is null)
                return;
            Remove(tenant, place);
            place.Value.TrySetCanceled(ct);
        }
    }

    private void Remove(string tenant, LinkedListNode<TaskCompletionSource> place)
    {
        var line = _lines[tenant];
        line.Remove(place);
        if (line.Count > 0)
            return;
        _lines.Remove(tenant);
        _turns.Remove(tenant);
    }
}
