namespace Orleans.Runtime;

/// <summary>Calls that wait for an answer: a linked list in stripes, so that adding and removing allocates and contends little.</summary>
internal sealed class PendingCalls {
    private readonly Stripe[] _stripes = [.. Enumerable.Range(0, 16).Select(_ => new Stripe())];
    private long _lastId;

    public void Add(LocalCall call) {
        call.Id = Interlocked.Increment(ref _lastId);
        var stripe = _stripes[call.Id & 15];
        lock (stripe) {
            call.Next = stripe.First;
            if (stripe.First is { } first)
                first.Previous = call;
            stripe.First = call;
        }
    }

    public void Remove(LocalCall call) {
        var stripe = _stripes[call.Id & 15];
        lock (stripe) {
            if (call.Previous is { } previous)
                previous.Next = call.Next;
            else if (ReferenceEquals(stripe.First, call))
                stripe.First = call.Next;
            if (call.Next is { } next)
                next.Previous = call.Previous;
            call.Next = call.Previous = null;
        }
    }

    public LocalCall? Find(long id) => In(_stripes[id & 15], call => call.Id == id).FirstOrDefault();
    public List<LocalCall> Where(Func<LocalCall, bool> condition) => [.. _stripes.SelectMany(stripe => In(stripe, condition))];

    private static List<LocalCall> In(Stripe stripe, Func<LocalCall, bool> condition) {
        var found = new List<LocalCall>();
        lock (stripe) {
            for (var call = stripe.First; call is not null; call = call.Next) {
                if (condition(call))
                    found.Add(call);
            }
        }
        return found;
    }

    private sealed class Stripe {
        public LocalCall? First { get; set; }
    }
}
