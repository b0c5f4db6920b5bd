using Granary.Catalog;
using Granary.GrainInterfaces;

namespace Granary.ClientApi.Content;

/// <summary>
/// The chunks of one version by their place in the file. The first ones came with the lookup; later ones are read in pages.
/// All chunks of a file have the same length but the last (design, Words): that turns an offset into an index.
/// </summary>
internal sealed class ManifestReader(NamespaceCatalog names, TenantId tenant, FileVersionInfo file, IReadOnlyList<ChunkWithCopies> first)
{
    private const int PageSize = 32;

    private readonly long _chunkBytes = first.Count > 0 ? first[0].Size : 1;
    private readonly IReadOnlyList<ChunkWithCopies> _first = first;
    private IReadOnlyList<ChunkWithCopies> _page = [];

    /// <summary>The index of the chunk that holds a byte.</summary>
    public int IndexOf(long offset) => (int)(offset / _chunkBytes);

    /// <summary>Where a chunk begins.</summary>
    public long OffsetOf(int index) => index * _chunkBytes;

    /// <summary>A chunk with its copies, as they are now or were a moment ago.</summary>
    public async ValueTask<ChunkWithCopies> GetAsync(int index, CancellationToken cancellationToken)
    {
        var chunk = FindIn(_first, index) ?? FindIn(_page, index);
        if (chunk is null)
        {
            _page = await names.ReadChunksAsync(tenant, file.Manifest, index, PageSize, cancellationToken);
            chunk = FindIn(_page, index) ?? throw new InvalidDataException($"The manifest {file.Manifest} has no chunk {index}.");
        }

        var expected = Math.Min(_chunkBytes, file.Size - OffsetOf(index));
        return chunk.Size == expected
            ? chunk
            : throw new InvalidDataException($"Chunk {index} of the manifest {file.Manifest} has {chunk.Size} bytes instead of {expected}.");
    }

    private static ChunkWithCopies? FindIn(IReadOnlyList<ChunkWithCopies> page, int index) =>
        page.Count > 0 && index - page[0].Index is var place && place >= 0 && place < page.Count ? page[place] : null;
}
