namespace Granary.Stores;

/// <content>Who gets the next piece, and who gives back. Everything here runs under the lock.</content>
public sealed partial class ChunkBufferPool
{
    private static bool CanContinue(ChunkClaim claim) => claim.Remaining <= claim.Lane!.Free;

    /// <summary>Lets a chunk start, in the common lane or in the one for newcomers; false when neither can have it now.</summary>
    private bool Admit(BufferTenant tenant, ChunkClaim claim)
    {
        if (_common.CanStart(claim.Remaining) && !IsBarred(tenant))
        {
            claim.Lane = _common;
        }
        else if (_guard.CanStart(claim.Remaining) && tenant.ChunksInGuard == 0)
        {
            claim.Lane = _guard;
            tenant.ChunksInGuard++;
        }
        else
        {
            return false;
        }

        claim.Lane.Started += claim.Remaining;
        claim.Lane.Claimed += claim.Remaining;
        return true;
    }

    /// <summary>
    /// True when somebody else was overtaken by a whole lane already: a chunk that has begun, or the first in the line of
    /// another tenant. Of several that were, the one that waits longest goes first; so there is always one that may start.
    /// </summary>
    private bool IsBarred(BufferTenant tenant)
    {
        var own = tenant.Starting.First is { Value: var first } && Overtaken(first) ? first.Mark : long.MaxValue;
        foreach (var other in _turns)
        {
            if (other.Continuing.First is { Value: var continuing } && continuing.Chunk.Claim.Lane == _common && Overtaken(continuing))
                return true;
            if (other != tenant && other.Starting.First is { Value: var starting } && Overtaken(starting) && starting.Mark < own)
                return true;
        }

        return false;
    }

    private bool Overtaken(BufferWaiter waiter) => waiter.Mark >= 0 && _common.Started - waiter.Mark > _common.Capacity;

    private BufferPiece Take(BufferAccount account, ChunkBuffer chunk)
    {
        var claim = chunk.Claim;
        claim.Held++;
        claim.Remaining--;
        claim.Lane!.Used++;
        account.Chunks.Add(chunk);
        _holders.Add(account);
        account.Progress();
        if (_pieces.Count == 0)
            AddSlab();
        return _pieces.Pop();
    }

    private void AddSlab()
    {
        var size = Math.Max(SlabBytes, _options.PieceBytes);
        var slab = BufferPiece.Allocate(size);
        for (var offset = size - _options.PieceBytes; offset >= 0; offset -= _options.PieceBytes)
            _pieces.Push(slab.Part(offset, _options.PieceBytes));
    }

    private BufferWaiter Enqueue(BufferAccount account, ChunkBuffer chunk)
    {
        var waiter = new BufferWaiter(account, chunk);
        var tenant = account.Tenant;
        if (!tenant.HasWaiters)
            _turns.AddLast(tenant);
        var line = chunk.Claim.Lane is null ? tenant.Starting : tenant.Continuing;
        waiter.Place = line.AddLast(waiter);
        if (line.Count == 1)
            waiter.Mark = _common.Started;
        account.Waiting++;
        _waiters++;
        if (!_timerRuns)
        {
            _timerRuns = true;
            _timer.Change(s_idleLook, s_idleLook);
        }

        return waiter;
    }

    private bool Dequeue(BufferWaiter waiter)
    {
        var tenant = waiter.Account.Tenant;
        if (waiter.Place?.List is not { } line)
            return false;
        line.Remove(waiter.Place);
        if (line.First is { Value: { Mark: < 0 } next })
            next.Mark = _common.Started;
        if (!tenant.HasWaiters)
            _turns.Remove(tenant);
        waiter.Account.Waiting--;
        _waiters--;
        return true;
    }

    /// <summary>Grants what can be granted: chunks that have begun, then new ones; one piece for a tenant at a turn.</summary>
    private void Serve()
    {
        while (_waiters > 0 && ServeOne(s_continuing))
        {
        }

        while (_waiters > 0 && ServeOne(_starting))
        {
        }
    }

    private bool ServeOne(Func<BufferTenant, BufferWaiter?> choose)
    {
        for (var turn = _turns.First; turn is not null; turn = turn.Next)
        {
            var tenant = turn.Value;
            if (choose(tenant) is not { } waiter)
                continue;
            Dequeue(waiter);
            if (tenant.HasWaiters)
            {
                _turns.Remove(tenant);
                _turns.AddLast(tenant);
            }

            waiter.TrySetResult(Take(waiter.Account, waiter.Chunk));
            return true;
        }

        return false;
    }

    private static BufferWaiter? FirstThatContinues(BufferTenant tenant)
    {
        foreach (var waiter in tenant.Continuing)
        {
            if (CanContinue(waiter.Chunk.Claim))
                return waiter;
        }

        return null;
    }

    private BufferWaiter? FirstThatStarts(BufferTenant tenant) =>
        tenant.Starting.First is { Value: var waiter } && Admit(tenant, waiter.Chunk.Claim) ? waiter : null;

    private void LookForIdle()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            if (_waiters == 0)
            {
                _timerRuns = false;
                _pressure = 0;
                _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                return;
            }

            var wanted = _turns.Sum(t => t.Continuing.Concat(t.Starting).Sum(w => (long)w.Chunk.Claim.Remaining));
            var limit = IdleLimit(wanted);
            var now = _time.GetTimestamp();
            var missing = wanted - _common.Free - _holders.Where(h => h.IsReclaimed).Sum(Held);
            var idle = _holders.Where(h => IsIdle(h) && _time.GetElapsedTime(h.LastProgress, now) >= limit).OrderBy(h => h.LastProgress);
            foreach (var account in idle.ToList())
            {
                if (missing <= 0)
                    return;
                missing -= Held(account);
                TakeBack(account);
            }
        }
    }

    private void TakeBack(BufferAccount account)
    {
        _reclaims.Add(1);
        account.Reclaim();
        foreach (var waiter in account.Tenant.Continuing.Concat(account.Tenant.Starting).Where(w => w.Account == account).ToList())
        {
            Dequeue(waiter);
            waiter.TrySetException(new ChunkBufferReclaimedException());
        }
    }

    /// <summary>
    /// The more budgets are waited for, the shorter a transfer may stand still. What counts is the worst of the last seconds:
    /// when a flood has nearly passed, its last ones have waited through all of it.
    /// </summary>
    private TimeSpan IdleLimit(long wantedPieces)
    {
        _pressure = Math.Max((double)wantedPieces / (_common.Capacity + _guard.Capacity), _pressure * PressureKept);
        var limit = _options.IdleAfter / Math.Max(1, Math.Ceiling(_pressure));
        var floor = _options.IdleAfter < s_idleFloor ? _options.IdleAfter : s_idleFloor;
        return limit < floor ? floor : limit;
    }

    private static bool IsIdle(BufferAccount account) => !account.IsReclaimed && account.Use switch
    {
        BufferUse.Receiving => account.Waiting == 0 && account.Chunks.Any(c => !c.IsFilled),
        BufferUse.Sending => account.Chunks.Any(c => c.IsSealed),
        _ => false,
    };

    private static long Held(BufferAccount account) => account.Chunks.Sum(c => (long)c.Claim.Held);
}
