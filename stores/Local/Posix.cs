using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Granary.Stores;

/// <summary>
/// The system calls of the local store. Files are opened relative to directories that are held open, directories are
/// synced, and large chunks go around the page cache: .NET's file classes offer none of these. Linux on x64 and arm64.
/// </summary>
internal static unsafe partial class Posix
{
    public const int ENOENT = 2, EINTR = 4, EIO = 5, ENXIO = 6, EAGAIN = 11, ENOMEM = 12, EACCES = 13, EEXIST = 17, ENOTDIR = 20,
        EISDIR = 21, EINVAL = 22, ENFILE = 23, EMFILE = 24, ENOSPC = 28, EROFS = 30, EPERM = 1, ETIMEDOUT = 110, ESTALE = 116,
        EDQUOT = 122, ENOTCONN = 107, EHOSTDOWN = 112, EOPNOTSUPP = 95;

    public const int ReadOnly = 0, WriteOnly = 1, ReadWrite = 2, Create = 0x40, Exclusive = 0x80, CloseOnExec = 0x80000;

    public const int CurrentDirectory = -100, RemoveDirectory = 0x200, LockExclusive = 2, LockNonBlocking = 4;

    private const int MaxVectors = 1024;
    private const int EmptyPath = 0x1000;
    private const int BasicStats = 0x7ff;

    private static readonly bool s_isArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    /// <summary>Opens around the page cache; the number differs between processors.</summary>
    public static int Direct => s_isArm ? 0x10000 : 0x4000;

    /// <summary>Opens only directories.</summary>
    public static int Directory => s_isArm ? 0x4000 : 0x10000;

    /// <summary>Does not follow a link in the last part.</summary>
    public static int NoFollow => s_isArm ? 0x8000 : 0x20000;

    /// <summary>The error of the last call on this thread that returned less than 0.</summary>
    public static int Error => Marshal.GetLastPInvokeError();

    public static int Open(int directory, string path, int flags, int mode = 0)
    {
        int result;
        do
        {
            result = openat(directory, path, flags | CloseOnExec, mode);
        }
        while (result < 0 && Error == EINTR);
        return result;
    }

    /// <summary>Closes; the data was synced before, so an error here tells nothing new.</summary>
    public static void Close(int file) => _ = close(file);

    public static int Sync(int file)
    {
        int result;
        do
        {
            result = fsync(file);
        }
        while (result < 0 && Error == EINTR);
        return result;
    }

    /// <summary>Writes everything, or returns less than 0.</summary>
    public static int WriteAll(int file, ReadOnlySpan<IoVector> parts, long offset)
    {
        var vectors = stackalloc IoVector[Math.Min(parts.Length, MaxVectors)];
        while (parts.Length > 0)
        {
            var count = Math.Min(parts.Length, MaxVectors);
            parts[..count].CopyTo(new Span<IoVector>(vectors, count));
            var done = Transfer(file, vectors, count, offset, write: true);
            if (done < 0)
                return -1;
            offset += done;
            parts = parts[count..];
        }

        return 0;
    }

    /// <summary>Reads as far as the file reaches; the bytes read, or less than 0.</summary>
    public static long ReadAll(int file, ReadOnlySpan<IoVector> parts, long offset)
    {
        var vectors = stackalloc IoVector[Math.Min(parts.Length, MaxVectors)];
        var total = 0L;
        while (parts.Length > 0)
        {
            var count = Math.Min(parts.Length, MaxVectors);
            parts[..count].CopyTo(new Span<IoVector>(vectors, count));
            var wanted = 0L;
            for (var i = 0; i < count; i++)
                wanted += (long)vectors[i].Length;
            var done = Transfer(file, vectors, count, offset + total, write: false);
            if (done < 0)
                return -1;
            total += done;
            if (done < wanted)
                break;
            parts = parts[count..];
        }

        return total;
    }

    /// <summary>Asks the kernel to begin reading a part of a file now and at once, instead of in steps as it is read. Only a hint.</summary>
    public static void WillNeed(int file, long offset, long length) => _ = posix_fadvise(file, offset, length, 3);

    public static int Rename(int fromDirectory, string from, int toDirectory, string to) => renameat(fromDirectory, from, toDirectory, to);

    public static int Unlink(int directory, string path) => unlinkat(directory, path, 0);

    /// <summary>Removes a folder; fails while anything is in it.</summary>
    public static int RemoveFolder(int directory, string path) => unlinkat(directory, path, RemoveDirectory);

    public static int MakeDirectory(int directory, string path, int mode) => mkdirat(directory, path, mode);

    public static int Truncate(int file, long length) => ftruncate(file, length);

    public static int Lock(int file, int operation) => flock(file, operation);

    /// <summary>Facts about a path below a directory.</summary>
    public static int Stat(int directory, string path, out FileFacts facts) => Stat(directory, path, 0, out facts);

    /// <summary>Facts about an open file.</summary>
    public static int Stat(int file, out FileFacts facts) => Stat(file, "", EmptyPath, out facts);

    /// <summary>Space of the file system that an open file lies on; less than 0 where it cannot be told.</summary>
    public static int Measure(int file, out FileSystemSpace space)
    {
        StatVfs buffer;
        int result;
        do
        {
            result = fstatvfs(file, &buffer);
        }
        while (result < 0 && Error == EINTR);

        // What is kept back for the system's own use is neither ours nor free.
        space = result < 0 ? default : new((long)(buffer.FragmentSize * (buffer.Blocks - buffer.Free + buffer.Available)), (long)(buffer.FragmentSize * buffer.Available));
        return result;
    }

    /// <summary>The path without links; null where it cannot be told.</summary>
    public static string? RealPath(string path)
    {
        var resolved = realpath(path, null);
        if (resolved is null)
            return null;
        var text = Marshal.PtrToStringUTF8((nint)resolved);
        NativeMemory.Free(resolved);
        return text;
    }

    /// <summary>What an error number means, with its name.</summary>
    public static string Describe(int error) => Marshal.GetPInvokeErrorMessage(error);

    private static long Transfer(int file, IoVector* vectors, int count, long offset, bool write)
    {
        var total = 0L;
        while (count > 0)
        {
            var done = write ? pwritev(file, vectors, count, offset + total) : preadv(file, vectors, count, offset + total);
            if (done < 0 && Error == EINTR)
                continue;
            if (done < 0)
                return -1;
            if (done == 0 && !write)
                break;
            total += done;
            while (count > 0 && done >= (long)vectors->Length)
            {
                done -= (nint)vectors->Length;
                vectors++;
                count--;
            }

            if (count > 0)
                *vectors = new(vectors->Address + (nint)done, vectors->Length - (nuint)done);
        }

        return total;
    }

    private static int Stat(int directory, string path, int flags, out FileFacts facts)
    {
        StatX buffer;
        var result = statx(directory, path, flags, BasicStats, &buffer);
        facts = result < 0 ? default : new(
            ((ulong)buffer.DeviceMajor << 32) | buffer.DeviceMinor,
            buffer.Inode,
            (long)buffer.Size,
            DateTimeOffset.FromUnixTimeSeconds(buffer.Modified.Seconds).AddTicks(buffer.Modified.Nanoseconds / 100),
            buffer.Mode);
        return result;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int openat(int directory, string path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pwritev(int file, IoVector* vectors, int count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint preadv(int file, IoVector* vectors, int count, long offset);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat(int fromDirectory, string from, int toDirectory, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unlinkat(int directory, string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkdirat(int directory, string path, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ftruncate(int file, long length);

    [LibraryImport("libc")]
    private static partial int posix_fadvise(int file, long offset, long length, int advice);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fstatvfs(int file, StatVfs* buffer);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(int file, int operation);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int directory, string path, int flags, uint mask, StatX* buffer);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial byte* realpath(string path, byte* resolved);

    [StructLayout(LayoutKind.Sequential)]
    private struct StatX
    {
        public uint Mask, BlockSize;
        public ulong Attributes;
        public uint Links, User, Group;
        public ushort Mode, Spare0;
        public ulong Inode, Size, Blocks, AttributesMask;
        public Timestamp Accessed, Born, Changed, Modified;
        public uint SpecialMajor, SpecialMinor, DeviceMajor, DeviceMinor;
        private Spare _spare;
    }

    /// <summary>The C library writes 112 bytes; the last of them have no name here.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct StatVfs
    {
        public ulong BlockSize, FragmentSize, Blocks, Free, Available;
        private Spare _spare;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Timestamp
    {
        public long Seconds;
        public uint Nanoseconds;
        public int Reserved;
    }

    /// <summary>The kernel writes 256 bytes; 112 of them have no name here.</summary>
    [InlineArray(14)]
    private struct Spare
    {
        private ulong _first;
    }
}

/// <summary>One part of a vectored read or write, as the kernel wants it.</summary>
internal readonly record struct IoVector(nint Address, nuint Length);

/// <summary>What the file system says of a file.</summary>
internal readonly record struct FileFacts(ulong Device, ulong Inode, long Length, DateTimeOffset Modified, ushort Mode)
{
    /// <summary>True for the same file, whatever its path.</summary>
    public bool IsSame(FileFacts other) => Device == other.Device && Inode == other.Inode;
}
