namespace Orleans.Runtime;

/// <summary>Runs the turns of one activation, one at a time, on the thread pool. Calls that arrive are its mailbox.</summary>
internal sealed class ActivationScheduler(Activation owner) : TaskScheduler, IThreadPoolWorkItem {
    private const int TurnsPerSlot = 64; // then others get the thread
    private readonly Queue<object> _work = [];
    private bool _scheduled;
    private bool _closed; // calls are refused; code that is still running may finish
    private bool _killed; // nothing runs any more

    public override int MaximumConcurrencyLevel => 1;
    public bool Receive(Call call) => Enqueue(call); // false once the activation is gone
    public void Post(Action action) => Enqueue(action);

    /// <summary>Refuses calls from now on; gives those not yet looked at. <paramref name="atomically"/> runs before anybody sees the refusal.</summary>
    public List<Call> Close(Action atomically) {
        lock (_work) {
            var left = _work.OfType<Call>().ToList();
            var rest = _work.Where(w => w is not Call).ToList();
            _work.Clear();
            rest.ForEach(_work.Enqueue);
            atomically();
            _closed = true;
            return left;
        }
    }

    public void Kill() {
        lock (_work) {
            _killed = _closed = true;
            _work.Clear();
        }
    }

    void IThreadPoolWorkItem.Execute() {
        Activation.Current = owner;
        try {
            for (var i = 0; i < TurnsPerSlot; i++) {
                object? item;
                lock (_work) {
                    if (!_work.TryDequeue(out item)) {
                        _scheduled = false;
                        return;
                    }
                }
                if (item is Task task)
                    TryExecuteTask(task);
                else if (item is Action action)
                    Run(static state => ((Action)state!)(), action);
                else if (owner.Admit((Call)item))
                    Run(static state => ((Call)state!).Target!.Start((Call)state), item);
            }
        } finally {
            Activation.Current = null;
        }
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    protected override void QueueTask(Task task) => Enqueue(task);

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued)
        => !taskWasPreviouslyQueued && ReferenceEquals(Activation.Current, owner) && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks() {
        lock (_work)
            return [.. _work.OfType<Task>()];
    }

    // Made here, not by the caller, so that nothing of the caller's execution context flows into the grain.
    private void Run(Action<object?> code, object state) => new Task(code, state).RunSynchronously(this);

    private bool Enqueue(object item) {
        lock (_work) {
            if (_killed || (_closed && item is Call))
                return false;
            _work.Enqueue(item);
            if (_scheduled)
                return true;
            _scheduled = true;
        }
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
        return true;
    }
}
