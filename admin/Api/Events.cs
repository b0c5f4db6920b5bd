namespace Granary.Admin.Api;

/// <summary>What happened to one file, as --json prints it for commands that work on many.</summary>
/// <param name="Scope">The scope of the file.</param>
/// <param name="Path">Its path in the scope.</param>
/// <param name="Status">stored, unchanged, fetched, removed, copied, moved, skipped or failed.</param>
/// <param name="Local">The file on this machine, where there is one.</param>
/// <param name="Target">Where it was copied or moved to, as SCOPE:/PATH.</param>
/// <param name="Version">The version that was stored or fetched.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Etag">Identity of the content.</param>
/// <param name="Chunks">Counts of an upload.</param>
/// <param name="Sent">Bytes that an upload sent; fewer than its size where chunks were there already.</param>
/// <param name="Error">Why it was skipped or failed, in one sentence.</param>
internal sealed record FileEvent(
    string? Scope, string? Path, string Status, string? Local = null, string? Target = null, long? Version = null,
    long? Size = null, string? Etag = null, ChunkCounts? Chunks = null, string? Error = null, long? Sent = null);

/// <summary>A folder in a listing.</summary>
internal sealed record FolderItem(string Prefix);

/// <summary>A thing that was deleted, by kind and name.</summary>
internal sealed record Deleted(string Kind, string Name, string Status = "deleted");

/// <summary>A failure of the whole command, as --json prints it on stderr.</summary>
internal sealed record Failure(string Error, string Message, int? Status, string? Next, Problem? Problem);
