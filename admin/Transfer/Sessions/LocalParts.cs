using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Granary.Admin.Transfer.Sessions;

/// <summary>A file of this machine, cut into parts.</summary>
internal sealed class LocalParts : IDisposable
{
    private const int PieceSize = 256 * 1024;

    private readonly string file;
    private readonly byte[]?[] hashes;

    /// <summary>Opens the file.</summary>
    /// <exception cref="LocalFileException">It cannot be opened, or is not what it was.</exception>
    public LocalParts(string file, FileIdentity identity, long partSize)
    {
        this.file = file;
        Identity = identity;
        PartSize = partSize;
        Count = checked((int)ContentTag.ChunkCount(identity.Length, partSize));
        hashes = new byte[]?[Count];
        try
        {
            Handle = File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.None);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LocalFileException(error.Message, error);
        }
    }

    /// <summary>The open file.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>What the file was when the upload began.</summary>
    public FileIdentity Identity { get; }

    /// <summary>Bytes of every part but the last.</summary>
    public long PartSize { get; }

    /// <summary>How many parts.</summary>
    public int Count { get; }

    /// <summary>Where a part begins.</summary>
    public long OffsetOf(int index) => index * PartSize;

    /// <summary>Bytes of a part.</summary>
    public long LengthOf(int index) => Math.Min(PartSize, Identity.Length - OffsetOf(index));

    /// <summary>SHA-256 of a part that was read.</summary>
    public byte[] HashOf(int index) => hashes[index] ?? throw new InvalidOperationException($"Part {index} was not read yet.");

    /// <summary>Reads a part and keeps its hash.</summary>
    public async Task<byte[]> ReadAsync(int index, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(PieceSize);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            var (at, left) = (OffsetOf(index), LengthOf(index));
            while (left > 0)
            {
                var count = await RandomAccess.ReadAsync(Handle, buffer.AsMemory(0, (int)Math.Min(PieceSize, left)), at, cancellationToken);
                if (count == 0)
                    throw new LocalFileException($"'{file}' became shorter while it was sent.");
                hash.AppendData(buffer.AsSpan(0, count));
                (at, left) = (at + count, left - count);
            }

            return hashes[index] = hash.GetHashAndReset();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LocalFileException(error.Message, error);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The ETag that the server must give, when every part was read.</summary>
    public string Tag()
    {
        if (Count == 1)
            return Convert.ToHexStringLower(HashOf(0));
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var index = 0; index < Count; index++)
            whole.AppendData(HashOf(index));
        return $"{Convert.ToHexStringLower(whole.GetHashAndReset())}-{Count}";
    }

    /// <summary>Makes sure that what was read is one state of the file.</summary>
    /// <exception cref="LocalFileException">Somebody wrote to it meanwhile.</exception>
    public void Settle()
    {
        var now = RandomAccess.GetLength(Handle);
        if (now != Identity.Length)
            throw new LocalFileException($"'{file}' {(now > Identity.Length ? "grew" : "became shorter")} while it was sent: from {Identity.Length} to {now} bytes.");
        if (File.GetLastWriteTimeUtc(Handle) != Identity.Modified)
            throw new LocalFileException($"'{file}' was written to while it was sent.");
    }

    /// <inheritdoc />
    public void Dispose() => Handle.Dispose();
}
