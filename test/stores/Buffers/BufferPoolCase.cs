using Granary.TestSupport;

namespace Granary.Stores.Tests;

/// <summary>Small pools over a clock that a test moves; what a test opened is closed after it, the newest first.</summary>
public abstract class BufferPoolCase : IDisposable
{
    private protected const int Piece = 4096;

    private readonly List<IDisposable> _open = [];

    private protected ManualTimeProvider Time { get; } = new();

    public void Dispose()
    {
        _open.ForEach(d => d.Dispose());
        GC.SuppressFinalize(this);
    }

    /// <summary>A pool of so many pieces; an eighth of them are for newcomers.</summary>
    private protected ChunkBufferPool Pool(int pieces) => Own(new ChunkBufferPool(new() { BudgetBytes = (long)pieces * Piece, PieceBytes = Piece }, Time));

    private protected T Own<T>(T thing)
        where T : IDisposable
    {
        _open.Insert(0, thing);
        return thing;
    }

    /// <summary>Fills the next pieces of a chunk.</summary>
    private protected static async Task AddAsync(ChunkBuffer chunk, int pieces = 1)
    {
        for (var i = 0; i < pieces; i++)
            chunk.Advance((await chunk.GetMemoryAsync(default)).Length);
    }
}
