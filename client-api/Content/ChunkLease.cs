using Granary.Stores;

namespace Granary.ClientApi.Content;

/// <summary>The right to send from a checked chunk; disposing gives it back.</summary>
internal sealed class ChunkLease(ChunkBuffer chunk, BufferAccount account, Action<ChunkLease>? onDispose = null) : IDisposable
{
    private bool _disposed;

    /// <summary>The checked bytes.</summary>
    public ChunkBuffer Chunk { get; } = chunk;

    /// <summary>Says that some of it was sent.</summary>
    public void Progress() => account.Progress();

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (onDispose is null)
            Chunk.Dispose();
        else
            onDispose(this);
    }
}
