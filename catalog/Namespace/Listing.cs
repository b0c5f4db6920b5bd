using System.Text;
using Granary.GrainInterfaces;

namespace Granary.Catalog;

/// <summary>What a listing asks for.</summary>
internal sealed record ListingRequest(TenantId Tenant, ScopeId Scope, string Prefix, string? Delimiter, string? After, int Limit);

/// <summary>
/// One page of a listing.
/// </summary>
/// <remarks>
/// 1. Begin at the prefix, or just after <c>after</c>; when <c>after</c> is itself a common prefix, after all that lies below.
/// 2. Walk the key. A path with the delimiter behind the prefix stands for its common prefix: note it, and seek behind all
///    that lies below it.
/// 3. Stop when the page is full and one more entry exists: then the last one returned is where the next page begins.
/// </remarks>
internal sealed class Listing
{
    private static readonly Sql SelectFrom = new(
        $"SELECT path, {FileRow.Columns} FROM file WHERE tenant = ?1 AND scope = ?2 AND path >= ?3 AND path < ?4 ORDER BY path LIMIT ?5");

    private static readonly Sql SelectFromOpen = new(
        $"SELECT path, {FileRow.Columns} FROM file WHERE tenant = ?1 AND scope = ?2 AND path >= ?3 ORDER BY path LIMIT ?4");

    private readonly CatalogSession _session;
    private readonly ListingRequest _request;
    private readonly byte[] _prefix;
    private readonly byte[]? _delimiter;
    private readonly byte[]? _end;
    private readonly List<FileVersionInfo> _items = [];
    private readonly List<string> _prefixes = [];
    private string? _last;
    private bool _more;

    private Listing(CatalogSession session, ListingRequest request)
    {
        _session = session;
        _request = request;
        _prefix = Encoding.UTF8.GetBytes(request.Prefix);
        _delimiter = request.Delimiter is null ? null : Encoding.UTF8.GetBytes(request.Delimiter);
        _end = Behind(_prefix);
    }

    public static FileListing Read(CatalogSession session, ListingRequest request)
    {
        var listing = new Listing(session, request);
        var from = listing.Begin();
        while (from is not null)
        {
            from = listing.Walk(from);
        }

        return new FileListing { Items = listing._items, Prefixes = listing._prefixes, Next = listing._more ? listing._last : null };
    }

    private byte[]? Begin()
    {
        if (_request.After is null)
        {
            return _prefix;
        }

        var after = Encoding.UTF8.GetBytes(_request.After);
        if (after.AsSpan().SequenceCompareTo(_prefix) < 0)
        {
            return _prefix;
        }

        // The smallest key above a path is the path with a zero byte, which no path contains.
        return CommonPrefix(after) is { } common && common.Length == after.Length ? Behind(common) : [.. after, 0];
    }

    /// <summary>Walks from a key; returns where to seek next, or null when the page is done.</summary>
    private byte[]? Walk(byte[] from)
    {
        // With a delimiter the statement is left at the first common prefix, so that reading far ahead is not paid for.
        var wanted = _request.Limit - _items.Count - _prefixes.Count + 1;
        using var rows = _end is null
            ? _session.Query(SelectFromOpen, _request.Tenant, _request.Scope, from, wanted)
            : _session.Query(SelectFrom, _request.Tenant, _request.Scope, from, _end, wanted);
        while (rows.Read())
        {
            if (_items.Count + _prefixes.Count == _request.Limit)
            {
                _more = true;
                return null;
            }

            var path = rows.Span(0).ToArray();
            if (CommonPrefix(path) is { } common)
            {
                _last = Encoding.UTF8.GetString(common);
                _prefixes.Add(_last);
                return Behind(common);
            }

            var item = FileRow.Read(rows, 1, path).ToInfo();
            _last = item.Path.Text;
            _items.Add(item);
        }

        return null;
    }

    /// <summary>The path up to and including the first delimiter behind the prefix; null when there is none.</summary>
    private byte[]? CommonPrefix(byte[] path)
    {
        if (_delimiter is null || path.Length < _prefix.Length || !path.AsSpan().StartsWith(_prefix))
        {
            return null;
        }

        var at = path.AsSpan(_prefix.Length).IndexOf(_delimiter);
        return at < 0 ? null : path[..(_prefix.Length + at + _delimiter.Length)];
    }

    /// <summary>The smallest key above everything that begins so; null when there is none.</summary>
    private static byte[]? Behind(ReadOnlySpan<byte> beginning)
    {
        var end = beginning.TrimEnd((byte)0xff).ToArray();
        if (end.Length == 0)
        {
            return null;
        }

        end[^1]++;
        return end;
    }
}
