using System.Globalization;
using Granary.GrainInterfaces;
using Granary.Stores;

namespace Granary.Grains.Maintenance;

/// <summary>
/// Where a walk over a store's keys has got to: a tenant, and of its chunks those whose names begin with 0, 2 or 4 digits.
/// A shard that is too large for one listing is walked by its parts. Pure.
/// </summary>
/// <param name="Tenant">The tenant's id.</param>
/// <param name="Digits">Lower-case hex digits that the shard's chunks begin with.</param>
/// <param name="After">Copies of the shard up to this one are done; 0 at its beginning.</param>
internal readonly record struct ShardPosition(long Tenant, string Digits, long After)
{
    private const int PartDigits = 2;
    private const int MostDigits = 4;

    /// <summary>True when the shard has parts.</summary>
    public bool CanDescend => Digits.Length < MostDigits;

    /// <summary>What the keys of the shard begin with.</summary>
    public string Prefix
    {
        get
        {
            var prefix = LocationKey.TenantPrefix(Tenant.ToString(CultureInfo.InvariantCulture));
            for (var i = 0; i < Digits.Length; i += PartDigits)
            {
                prefix += Digits[i..(i + PartDigits)] + "/";
            }

            return prefix;
        }
    }

    /// <summary>The first name of the shard.</summary>
    public byte[] First => Name('0');

    /// <summary>The last name of the shard.</summary>
    public byte[] Last => Name('f');

    /// <summary>The beginning of a tenant.</summary>
    public static ShardPosition Of(long tenant) => new(tenant, "", 0);

    /// <summary>The first part of this shard.</summary>
    public ShardPosition Descend() => new(Tenant, Digits + "00", 0);

    /// <summary>The shard after this one; null when the tenant ends.</summary>
    public ShardPosition? Next()
    {
        for (var digits = Digits; digits.Length > 0; digits = digits[..^PartDigits])
        {
            var value = byte.Parse(digits.AsSpan(digits.Length - PartDigits), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (value < byte.MaxValue)
            {
                return new ShardPosition(Tenant, digits[..^PartDigits] + (value + 1).ToString("x2", CultureInfo.InvariantCulture), 0);
            }
        }

        return null;
    }

    /// <summary>As a cursor.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Tenant}:{Digits}:{After}");

    /// <summary>Reads a cursor.</summary>
    public static ShardPosition Parse(string cursor)
    {
        var parts = cursor.Split(':');
        return new ShardPosition(
            long.Parse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture), parts[1], long.Parse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture));
    }

    private byte[] Name(char rest) => Convert.FromHexString(Digits.PadRight(ChunkHash.Size * 2, rest));
}
