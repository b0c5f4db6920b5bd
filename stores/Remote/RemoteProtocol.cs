namespace Granary.Stores;

/// <summary>
/// What silos say to each other about the bytes of a local store. A store is at <see cref="PathOf(string)"/>, a copy below it by its
/// key. Absent is 404 with <see cref="AbsentHeader"/>; any other failure names its fault, so that a proxy's or a
/// stranger's 404 never reads as "absent".
/// </summary>
public static class RemoteProtocol
{
    /// <summary>The root of all paths.</summary>
    public const string Root = "/internal/v1/stores";

    /// <summary>On a 404 that means: the store is there and the key is not.</summary>
    public const string AbsentHeader = "Granary-Absent";

    /// <summary>Bytes of the whole copy, on answers to a read.</summary>
    public const string LengthHeader = "Granary-Length";

    /// <summary>When the copy was stored, milliseconds since 1970, on answers to a look.</summary>
    public const string ModifiedHeader = "Granary-Modified";

    /// <summary>First byte wanted and the most bytes, <c>offset count</c>, on a read.</summary>
    public const string RangeHeader = "Granary-Range";

    /// <summary>Present where background work asks, which has slots of its own at the owner.</summary>
    public const string MaintenanceHeader = "Granary-Maintenance";

    /// <summary>
    /// Life of the silo that asks, on a write: the owner refuses one whose life is over, so that a silo that was frozen and
    /// woken writes nothing under a key that was given up.
    /// </summary>
    public const string EpochHeader = "Granary-Epoch";

    /// <summary>The kind of fault, by name, on every answer with <see cref="FaultStatus"/>; the body, where there is one, says more.</summary>
    public const string FaultHeader = "Granary-Fault";

    /// <summary>The status of every failure of the store itself.</summary>
    public const int FaultStatus = 502;

    /// <summary>Where a store is.</summary>
    public static string PathOf(string storeId) => $"{Root}/{storeId}";
}

/// <summary>Why the owner of a store did not do what it was asked.</summary>
/// <param name="Detail">One sentence for an operator.</param>
public sealed record RemoteFault(string Detail);

/// <summary>One line of a listing: a copy, or the end. A listing without its end is incomplete (design, rule 6).</summary>
/// <param name="Key">The copy's key; null on the last line.</param>
/// <param name="Length">Its bytes; on the last line how many copies were listed.</param>
/// <param name="Modified">When it was stored, milliseconds since 1970.</param>
public sealed record RemoteListing(string? Key, long Length, long Modified);
