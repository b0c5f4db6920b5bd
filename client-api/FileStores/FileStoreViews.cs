using System.Text.Json;

namespace Granary.ClientApi.FileStores;

/// <summary>A file store as answers show it: its configuration without secrets, its limits, what lies in it, and its state.</summary>
internal sealed record FileStoreView(
    string Name, string Backend, JsonElement Configuration, bool InstanceWide, long? SoftMaxSize, long? MaxSize,
    int MaxConcurrentReads, int MaxConcurrentWrites, string Verify, long UsedBytes, long ChargedBytes, long Chunks,
    long UploadedLastWeekBytes, long? FileSystemBytes, long? FileSystemFreeBytes, string? Warning,
    string State, string? OfflineReason, DateTimeOffset Created);
