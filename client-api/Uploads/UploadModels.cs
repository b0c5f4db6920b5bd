using System.Text.Json.Serialization;
using Granary.ClientApi.Http;

namespace Granary.ClientApi.Uploads;

/// <summary>Answer to the beginning of an upload.</summary>
/// <param name="Id">Its id.</param>
/// <param name="ChunkSize">Bytes of every part but the last.</param>
/// <param name="ChunkCount">Parts; null while the length is unknown.</param>
/// <param name="Expires">When it ends unless something comes.</param>
public sealed record UploadBegunView(string Id, int ChunkSize, int? ChunkCount, DateTimeOffset Expires);

/// <summary>Indexes that follow each other.</summary>
/// <param name="First">The first.</param>
/// <param name="Last">The last, which may be the same.</param>
public sealed record IndexRange(int First, int Last);

/// <summary>One upload.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Scope">Name of the scope.</param>
/// <param name="Path">Where the file will appear; null for a part of a tus upload.</param>
/// <param name="State"><c>open</c>, <c>completed</c> or <c>refused</c>.</param>
/// <param name="Size">Bytes of the whole; null while unknown.</param>
/// <param name="ChunkSize">Bytes of every part but the last.</param>
/// <param name="ChunkCount">Parts; null while the length is unknown.</param>
/// <param name="Received">Indexes whose bytes are stored; null in a list.</param>
/// <param name="Bytes">Bytes that are stored.</param>
/// <param name="Created">When it began.</param>
/// <param name="Expires">When it ends unless something comes.</param>
public sealed record UploadView(
    string Id,
    string Scope,
    string? Path,
    string State,
    long? Size,
    int ChunkSize,
    int? ChunkCount,
    IReadOnlyList<IndexRange>? Received,
    long Bytes,
    DateTimeOffset Created,
    DateTimeOffset Expires);

/// <summary>A page of open uploads.</summary>
public sealed record UploadPage(IReadOnlyList<UploadView> Items, string? Next);

/// <summary>Answer to a probe: indexes that have to be sent.</summary>
public sealed record ProbeView(IReadOnlyList<int> Missing);

/// <summary>A part that arrived.</summary>
public sealed record PartView(int Index, int Size, string Sha256);

/// <summary>How the answers of the uploads' endpoints are written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(UploadBegunView))]
[JsonSerializable(typeof(UploadView))]
[JsonSerializable(typeof(UploadPage))]
[JsonSerializable(typeof(ProbeView))]
[JsonSerializable(typeof(PartView))]
internal sealed partial class UploadsJson : JsonSerializerContext;
