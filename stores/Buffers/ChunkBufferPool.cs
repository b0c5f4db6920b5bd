using System.Diagnostics.Metrics;

namespace Granary.Stores;

/// <summary>
/// The one budget of chunk buffers of a silo. Transfers open an account, begin chunks, and get memory piece by piece as
/// bytes arrive.
/// <para>
/// <b>No deadlock.</b> A chunk states at its beginning how much it can come to. It gets its next piece only while what is
/// free would suffice to complete it. Such a grant keeps the pool safe: the chunk that got it can complete without anybody's
/// help and then returns all it had, so whoever could complete before still can, after it.
/// </para>
/// <para>
/// <b>Fair.</b> Chunks that have begun come before new ones, so that memory does not spread over chunks that nobody can
/// complete, and no more begin than claim twice the budget. Tenants take turns; within a tenant new chunks start in the
/// order they asked. A start that does not fit may be overtaken by smaller ones, but not by more than a whole lane. One
/// eighth of the budget is kept for newcomers: a tenant may have one chunk there, so a tenant that fills the rest delays
/// nobody else.
/// </para>
/// <para>
/// <b>Idle transfers.</b> While somebody waits, those that held memory longest without a byte moving are told to give it
/// back (<see cref="ChunkBufferPoolOptions.IdleAfter"/>), as many as the waiting need.
/// </para>
/// </summary>
public sealed partial class ChunkBufferPool : IDisposable
{
    /// <summary>Looks for idle transfers this often while somebody waits.</summary>
    private static readonly TimeSpan s_idleLook = TimeSpan.FromMilliseconds(250);

    /// <summary>The shortest time without a byte that counts as idle: a stall of a lossy link is no reason to end an upload.</summary>
    private static readonly TimeSpan s_idleFloor = TimeSpan.FromSeconds(1);

    /// <summary>What a look remembers of the pressure at the look before: half of it is forgotten after six seconds.</summary>
    private const double PressureKept = 0.97;

    private const int SlabBytes = 1 << 20;

    private static readonly Func<BufferTenant, BufferWaiter?> s_continuing = FirstThatContinues;

    private readonly Lock _gate = new();
    private readonly Func<BufferTenant, BufferWaiter?> _starting;
    private readonly ChunkBufferPoolOptions _options;
    private readonly TimeProvider _time;
    private readonly Meter _meter = new(StoreMetrics.MeterName);
    private readonly Counter<long> _reclaims;
    private readonly BufferLane _common;
    private readonly BufferLane _guard;
    private readonly Stack<BufferPiece> _pieces = new();
    private readonly Dictionary<string, BufferTenant> _tenants = new(StringComparer.Ordinal);
    private readonly LinkedList<BufferTenant> _turns = [];
    private readonly HashSet<BufferAccount> _holders = [];
    private readonly ITimer _timer;
    private bool _timerRuns;
    private int _waiters;
    private double _pressure;
    private bool _disposed;

    /// <summary>Makes a pool; memory is taken from the system as it is needed.</summary>
    /// <exception cref="ArgumentException">The options are out of range.</exception>
    public ChunkBufferPool(ChunkBufferPoolOptions options, TimeProvider time)
    {
        var errors = string.Join(' ', options.Validate());
        if (errors.Length > 0)
            throw new ArgumentException(errors, nameof(options));
        _options = options;
        _time = time;
        _starting = FirstThatStarts;
        var pieces = (int)Math.Min(options.BudgetBytes / options.PieceBytes, int.MaxValue);
        _guard = new(pieces / 8);
        _common = new(pieces - (pieces / 8));
        _timer = time.CreateTimer(_ => LookForIdle(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _meter.CreateObservableUpDownCounter("granary.buffers.in_use", () => InUseBytes, "By", "Bytes of chunk buffers that are in use.");
        _meter.CreateObservableUpDownCounter("granary.buffers.waiters", () => Waiters, "{request}", "Requests that wait for a chunk buffer.");
        _reclaims = _meter.CreateCounter<long>("granary.buffers.reclaimed", "{transfer}", "Idle transfers that were told to give their buffers back.");
    }

    /// <summary>The most bytes of one chunk that this pool can hold; any chunk size in use must fit.</summary>
    public int MaxChunkBytes => (int)Math.Min((long)_common.Capacity * _options.PieceBytes, int.MaxValue);

    /// <summary>Bytes in use, whole pieces.</summary>
    public long InUseBytes
    {
        get
        {
            lock (_gate)
                return (long)(_common.Used + _guard.Used) * _options.PieceBytes;
        }
    }

    /// <summary>Requests that wait for memory.</summary>
    public int Waiters
    {
        get
        {
            lock (_gate)
                return _waiters;
        }
    }

    /// <summary>Opens an account for one transfer.</summary>
    /// <param name="tenant">On whose behalf; tenants take turns when memory is short.</param>
    /// <param name="use">Decides when the transfer counts as idle.</param>
    public BufferAccount Open(string tenant, BufferUse use)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_tenants.TryGetValue(tenant, out var entry))
                _tenants.Add(tenant, entry = new(tenant));
            entry.Accounts++;
            return new(this, entry, use, _time);
        }
    }

    /// <summary>Ends the pool; whoever still waits is refused.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            foreach (var waiter in _turns.SelectMany(t => t.Continuing.Concat(t.Starting)))
                waiter.TrySetException(new ObjectDisposedException(nameof(ChunkBufferPool)));
        }

        _timer.Dispose();
        _meter.Dispose();
    }

    internal ValueTask<BufferPiece> LeaseAsync(BufferAccount account, ChunkBuffer chunk, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        BufferWaiter waiter;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (account.IsReclaimed)
                return ValueTask.FromException<BufferPiece>(new ChunkBufferReclaimedException());
            var claim = chunk.Claim;
            if (claim.Lane is null)
                claim.Remaining = (int)(((long)chunk.MaxLength + _options.PieceBytes - 1) / _options.PieceBytes);
            if (claim.Lane is not null ? CanContinue(claim) : account.Tenant.Starting.Count == 0 && Admit(account.Tenant, claim))
                return new(Take(account, chunk));
            waiter = Enqueue(account, chunk);
        }

        return WaitAsync(waiter, ct);
    }

    internal void Release(BufferAccount account, ChunkBuffer chunk, List<BufferPiece> pieces)
    {
        lock (_gate)
        {
            var claim = chunk.Claim;
            if (claim.Lane is null)
                return;
            foreach (var piece in pieces)
                _pieces.Push(piece);
            claim.Lane.Used -= claim.Held;
            claim.Lane.Claimed -= claim.Held + claim.Remaining;
            if (claim.Lane == _guard)
                account.Tenant.ChunksInGuard--;
            claim.Lane = null;
            claim.Held = claim.Remaining = 0;
            account.Chunks.Remove(chunk);
            if (account.Chunks.Count == 0)
                _holders.Remove(account);
            Forget(account.Tenant);
            Serve();
        }
    }

    internal void Ended(ChunkBuffer chunk)
    {
        lock (_gate)
        {
            var claim = chunk.Claim;
            if (claim.Lane is not null)
                claim.Lane.Claimed -= claim.Remaining;
            claim.Remaining = 0;
            Serve();
        }
    }

    internal void Close(BufferAccount account)
    {
        lock (_gate)
        {
            if (account.IsClosed)
                return;
            account.IsClosed = true;
            account.Tenant.Accounts--;
            Forget(account.Tenant);
        }
    }

    private void Forget(BufferTenant tenant)
    {
        if (tenant is { Accounts: 0, ChunksInGuard: 0, HasWaiters: false })
            _tenants.Remove(tenant.Id);
    }

    private async ValueTask<BufferPiece> WaitAsync(BufferWaiter waiter, CancellationToken ct)
    {
        await using var onCancel = ct.UnsafeRegister(static (state, token) =>
        {
            var (pool, waiter) = ((ChunkBufferPool, BufferWaiter))state!;
            pool.Cancel(waiter, token);
        }, (this, waiter)).ConfigureAwait(false);
        return await waiter.Task.ConfigureAwait(false);
    }

    private void Cancel(BufferWaiter waiter, CancellationToken ct)
    {
        lock (_gate)
        {
            if (!Dequeue(waiter))
                return;
            waiter.TrySetCanceled(ct);
            Forget(waiter.Account.Tenant);
            Serve();
        }
    }
}
