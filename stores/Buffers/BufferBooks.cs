namespace Granary.Stores;

/// <summary>A part of the budget with books of its own.</summary>
internal sealed class BufferLane(int capacity)
{
    /// <summary>Pieces that the lane has.</summary>
    public int Capacity { get; } = capacity;

    /// <summary>Pieces that chunks hold.</summary>
    public int Used { get; set; }

    public int Free => Capacity - Used;

    /// <summary>
    /// True when another chunk may begin: it could complete at once, and not more than twice the lane is claimed then. More
    /// would spread the memory over so many beginnings that none gets on.
    /// </summary>
    public bool CanStart(int pieces) => pieces <= Free && Claimed + pieces <= 2L * Capacity;

    /// <summary>Pieces that the chunks in the lane hold or may still ask for.</summary>
    public long Claimed { get; set; }

    /// <summary>Pieces claimed by all chunks that ever started here; measures by how much a waiter was overtaken.</summary>
    public long Started { get; set; }
}

/// <summary>How a chunk stands in the books of the pool; guarded by the pool's lock.</summary>
internal sealed class ChunkClaim
{
    /// <summary>Where the chunk's memory is booked; null until its first piece.</summary>
    public BufferLane? Lane { get; set; }

    /// <summary>Pieces held.</summary>
    public int Held { get; set; }

    /// <summary>Pieces that the chunk may still ask for.</summary>
    public int Remaining { get; set; }
}

/// <summary>A tenant in the books of the pool; guarded by the pool's lock.</summary>
internal sealed class BufferTenant(string id)
{
    public string Id { get; } = id;

    public int Accounts { get; set; }

    /// <summary>Chunks of this tenant in the lane that is kept for newcomers.</summary>
    public int ChunksInGuard { get; set; }

    /// <summary>Waiters whose chunk holds memory already.</summary>
    public LinkedList<BufferWaiter> Continuing { get; } = [];

    /// <summary>Waiters for the first piece of a chunk.</summary>
    public LinkedList<BufferWaiter> Starting { get; } = [];

    public bool HasWaiters => Continuing.Count + Starting.Count > 0;
}

/// <summary>A request for one piece that waits.</summary>
internal sealed class BufferWaiter(BufferAccount account, ChunkBuffer chunk)
    : TaskCompletionSource<BufferPiece>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public BufferAccount Account { get; } = account;

    public ChunkBuffer Chunk { get; } = chunk;

    /// <summary>Its place in its tenant's line; in no list once it was served.</summary>
    public LinkedListNode<BufferWaiter>? Place { get; set; }

    /// <summary>The lane's <see cref="BufferLane.Started"/> when this became first in its tenant's line; -1 before.</summary>
    public long Mark { get; set; } = -1;
}
