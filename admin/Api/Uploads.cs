namespace Granary.Admin.Api;

/// <summary>Body that begins a resumable upload.</summary>
internal sealed record BeginUpload(string Path, long Size, string? ContentType, DateTimeOffset Modified);

/// <summary>A resumable upload that has begun: parts of <paramref name="ChunkSize"/> bytes, the last one shorter.</summary>
internal sealed record UploadBegun(string Id, long ChunkSize, DateTimeOffset? Expires);

/// <summary>One part by its content.</summary>
internal sealed record ProbedChunk(int Index, string Sha256);

/// <summary>Body of a probe.</summary>
internal sealed record ProbeRequest(IReadOnlyList<ProbedChunk> Chunks);

/// <summary>The parts that have to be sent.</summary>
internal sealed record ProbeAnswer(IReadOnlyList<int> Missing);

/// <summary>A part that is stored.</summary>
internal sealed record StoredPart(int Index, long Size, string? Sha256);

/// <summary>Body that completes an upload.</summary>
internal sealed record CompleteUpload;
