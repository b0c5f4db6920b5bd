using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Granary.GrainInterfaces;

namespace Granary.Stores;

/// <summary>
/// The key of one copy of a chunk in one store: <c>chunks/{tenant}/{aa}/{bb}/{sha256}.{locationId}</c> (S6, D57, D60).
/// Every attempt to write has a location id of its own, which is never used twice, so that a late delete can only hit a
/// key that nobody uses.
/// </summary>
public readonly record struct LocationKey
{
    /// <summary>The prefix of every chunk key in a store.</summary>
    public const string Root = "chunks/";

    /// <summary>The most characters of a tenant's id or of a location id; keeps a file name under 255 bytes.</summary>
    public const int MaxIdLength = 64;

    /// <summary>Makes a key.</summary>
    /// <param name="tenant">The tenant's id: 1 to 64 of <c>[a-z0-9]</c>.</param>
    /// <param name="hash">The chunk; not the default value.</param>
    /// <param name="locationId">The location's id: 1 to 64 of <c>[a-z0-9]</c>.</param>
    /// <exception cref="ArgumentException">One of the parts is outside its range.</exception>
    public LocationKey(string tenant, ChunkHash hash, string locationId)
    {
        if (!IsId(tenant))
            throw new ArgumentException("A tenant's id in a key is 1 to 64 of [a-z0-9].", nameof(tenant));
        if (hash.IsEmpty)
            throw new ArgumentException("The default chunk hash names no chunk.", nameof(hash));
        if (!IsId(locationId))
            throw new ArgumentException("A location id in a key is 1 to 64 of [a-z0-9].", nameof(locationId));
        Tenant = tenant;
        Hash = hash;
        LocationId = locationId;
    }

    /// <summary>Makes a key whose location id is a number, written as lowercase hexadecimal.</summary>
    /// <exception cref="ArgumentException">One of the parts is outside its range; the number is negative.</exception>
    public LocationKey(string tenant, ChunkHash hash, long locationId)
        : this(tenant, hash, locationId >= 0 ? locationId.ToString("x", CultureInfo.InvariantCulture) : "")
    {
    }

    /// <summary>The tenant whose copy this is; never null unless this is the default value.</summary>
    public string Tenant { get; }

    /// <summary>The chunk.</summary>
    public ChunkHash Hash { get; }

    /// <summary>The location's id.</summary>
    public string LocationId { get; }

    /// <summary>True for the default value, which is no key.</summary>
    public bool IsEmpty => Tenant is null;

    /// <summary>The folder of the key inside its store, without a slash at the end.</summary>
    public string Folder
    {
        get
        {
            ThrowIfEmpty();
            var hex = Hash.ToString();
            return $"{Root}{Tenant}/{hex.AsSpan(0, 2)}/{hex.AsSpan(2, 2)}";
        }
    }

    /// <summary>The last part of the key.</summary>
    public string FileName
    {
        get
        {
            ThrowIfEmpty();
            return $"{Hash}.{LocationId}";
        }
    }

    /// <summary>The prefix under which all keys of a tenant lie, with a slash at the end.</summary>
    public static string TenantPrefix(string tenant) =>
        IsId(tenant) ? $"{Root}{tenant}/" : throw new ArgumentException("A tenant's id in a key is 1 to 64 of [a-z0-9].", nameof(tenant));

    /// <summary>Reads a key back; anything that this type would not have written is false.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out LocationKey key)
    {
        key = default;
        if (text is null || !text.StartsWith(Root, StringComparison.Ordinal))
            return false;
        var parts = text.Split('/');
        if (parts.Length != 5 || !IsId(parts[1]) || parts[4].Length < ChunkHash.HexLength + 2 || parts[4][ChunkHash.HexLength] != '.')
            return false;
        var locationId = parts[4][(ChunkHash.HexLength + 1)..];
        if (!IsId(locationId) || !ChunkHash.TryParse(parts[4].AsSpan(0, ChunkHash.HexLength), out var hash))
            return false;
        var candidate = new LocationKey(parts[1], hash, locationId);
        if (candidate.ToString() != text)
            return false;
        key = candidate;
        return true;
    }

    /// <summary>The key as text; throws for the default value, so that it never becomes part of a path.</summary>
    public override string ToString()
    {
        ThrowIfEmpty();
        var hex = Hash.ToString();
        return $"{Root}{Tenant}/{hex.AsSpan(0, 2)}/{hex.AsSpan(2, 2)}/{hex}.{LocationId}";
    }

    private static bool IsId([NotNullWhen(true)] string? id)
    {
        if (string.IsNullOrEmpty(id) || id.Length > MaxIdLength)
            return false;
        foreach (var c in id)
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c))
                return false;
        }

        return true;
    }

    private void ThrowIfEmpty()
    {
        if (IsEmpty)
            throw new InvalidOperationException("The default location key names nothing.");
    }
}
