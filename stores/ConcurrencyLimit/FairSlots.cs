namespace Granary.Stores;

/// <summary>
/// A number of slots that many tenants wait for: whoever waits gets one in the order of asking inside a tenant, and tenants
/// take turns, so that one with a thousand requests delays another's single one by no more than one request each. Where
/// some work is more urgent than other, the next slot is for the most urgent that waits.
/// </summary>
internal sealed class FairSlots(int count)
{
    private readonly Lock _gate = new();
    private readonly Lane[] _lanes = [new(), new(), new()];
    private int _free = count;

    /// <summary>Requests that wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
                return _lanes.Sum(static lane => lane.Lines.Values.Sum(static line => line.Count));
        }
    }

    /// <summary>Waits for a slot; <see cref="Leave"/> must follow.</summary>
    public Task EnterAsync(string tenant, CancellationToken ct) => EnterAsync(tenant, WorkUrgency.Routine, ct);

    /// <inheritdoc cref="EnterAsync(string, CancellationToken)"/>
    public Task EnterAsync(string tenant, WorkUrgency urgency, CancellationToken ct)
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

            place = _lanes[(int)urgency].Add(tenant);
        }

        return WaitAsync(_lanes[(int)urgency], tenant, place, ct);
    }

    /// <summary>Gives a slot back, or to the next who waits.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            if (Array.Find(_lanes, static lane => lane.Turns.Count > 0) is { } lane)
                lane.TakeNext().SetResult();
            else
                _free++;
        }
    }

    private async Task WaitAsync(Lane lane, string tenant, LinkedListNode<TaskCompletionSource> place, CancellationToken ct)
    {
        await using var onCancel = ct.UnsafeRegister(_ => Cancel(lane, tenant, place, ct), null).ConfigureAwait(false);
        await place.Value.Task.ConfigureAwait(false);
    }

    private void Cancel(Lane lane, string tenant, LinkedListNode<TaskCompletionSource> place, CancellationToken ct)
    {
        lock (_gate)
        {
            // Not in a line any more: it got its slot just now, and its task is done.
            if (place.List is null)
                return;
            lane.Remove(tenant, place);
            place.Value.TrySetCanceled(ct);
        }
    }

    /// <summary>Who waits with one urgency.</summary>
    private sealed class Lane
    {
        public Dictionary<string, LinkedList<TaskCompletionSource>> Lines { get; } = new(StringComparer.Ordinal);

        public LinkedList<string> Turns { get; } = [];

        public LinkedListNode<TaskCompletionSource> Add(string tenant)
        {
            if (!Lines.TryGetValue(tenant, out var line))
            {
                Lines.Add(tenant, line = []);
                Turns.AddLast(tenant);
            }

            return line.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        public TaskCompletionSource TakeNext()
        {
            var tenant = Turns.First!.Value;
            var place = Lines[tenant].First!;
            Remove(tenant, place);
            if (Lines.ContainsKey(tenant))
            {
                Turns.Remove(tenant);
                Turns.AddLast(tenant);
            }

            return place.Value;
        }

        public void Remove(string tenant, LinkedListNode<TaskCompletionSource> place)
        {
            var line = Lines[tenant];
            line.Remove(place);
            if (line.Count > 0)
                return;
            Lines.Remove(tenant);
            Turns.Remove(tenant);
        }
    }
}
