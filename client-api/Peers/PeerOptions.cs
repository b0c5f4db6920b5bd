using System.Security.Cryptography;
using System.Text;
using Granary.GrainInterfaces;

namespace Granary.ClientApi.Peers;

/// <summary>How silos of one cluster reach each other's local stores.</summary>
public sealed class PeerOptions
{
    /// <summary>
    /// Most bytes of chunks on their way to and from other silos. They are apart from the clients' budget, so that two silos
    /// that read from each other with full budgets never wait for one another. A chunk of 64 MiB must fit.
    /// </summary>
    public long BufferBytes { get; set; } = 96L << 20;

    /// <summary>SHA-256 of the token that other silos show; null: nobody is let in.</summary>
    public byte[]? TokenHash { get; set; }

    /// <summary>Whether a silo's life is not over; asked before each write. Null: not asked.</summary>
    public Func<SiloEpoch, CancellationToken, Task<bool>>? IsAlive { get; set; }

    /// <summary>The port that other silos use; requests on other ports never reach these routes. 0: none.</summary>
    public int Port { get; set; }

    /// <summary>The token that silos show each other, made from the cluster key so that the key itself never travels.</summary>
    public static string TokenOf(ReadOnlySpan<byte> clusterKey) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(clusterKey, "granary silo to silo, version 1"u8));

    /// <summary>What <see cref="TokenHash"/> keeps of a token.</summary>
    public static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
