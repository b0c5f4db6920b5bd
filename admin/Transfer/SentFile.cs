using Granary.Admin.Api;

namespace Granary.Admin.Transfer;

/// <summary>A file that was stored.</summary>
/// <param name="Stored">What the server says of it.</param>
/// <param name="Sent">Bytes that went over the wire; fewer than its size where the server had chunks of it.</param>
internal sealed record SentFile(StoredFile Stored, long Sent);
