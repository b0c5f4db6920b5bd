using System.Collections.Concurrent;
using System.Text.Json;
using Orleans.Runtime;

namespace Orleans.Configuration {
    /// <summary>Settings of memory grain storage.</summary>
    public class MemoryGrainStorageOptions {
        public int NumStorageGrains { get; set; } = 10;
    }
}

namespace Orleans.Storage {
    /// <summary>How states are stored: JSON, by public members, without regard to serializer attributes.</summary>
    internal static class StateFormat {
        private static readonly JsonSerializerOptions Options = new() { IncludeFields = true };
        public static byte[] Write<T>(T? state) => JsonSerializer.SerializeToUtf8Bytes(state, Options);
        public static T? Read<T>(ReadOnlySpan<byte> bytes) => JsonSerializer.Deserialize<T>(bytes, Options);
    }

    /// <summary>Tables of memory storage; the silos of a cluster share them, so that states survive a silo.</summary>
    internal sealed class MemoryTables {
        private long _version;
        public ConcurrentDictionary<(string Store, string State, GrainId Grain), (string ETag, byte[]? Payload)> Rows { get; } = [];
        public string NextETag() => Interlocked.Increment(ref _version).ToString();
    }

    /// <summary>States in memory, as bytes, with versions.</summary>
    internal sealed class MemoryGrainStorage(string store, MemoryTables tables) : IGrainStorage {
        public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) {
            var found = tables.Rows.TryGetValue((store, stateName, grainId), out var row);
            grainState.ETag = found ? row.ETag : null;
            grainState.RecordExists = found;
            grainState.State = found ? StateFormat.Read<T>(row.Payload) : PersistentState.Fresh<T>();
            return Task.CompletedTask;
        }

        public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) {
            var row = (tables.NextETag(), StateFormat.Write(grainState.State));
            Exchange((store, stateName, grainId), grainState.ETag, row);
            (grainState.ETag, grainState.RecordExists) = (row.Item1, true);
            return Task.CompletedTask;
        }

        public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) {
            Exchange((store, stateName, grainId), grainState.ETag, null);
            (grainState.ETag, grainState.RecordExists, grainState.State) = (null, false, PersistentState.Fresh<T>());
            return Task.CompletedTask;
        }

        private void Exchange((string, string, GrainId) key, string? expected, (string ETag, byte[]? Payload)? replacement) {
            lock (tables) {
                var stored = tables.Rows.TryGetValue(key, out var row) ? row.ETag : null;
                if (stored != expected)
                    throw new InconsistentStateException($"The state of {key.Item3} was changed by somebody else.", stored, expected);
                if (replacement is { } next)
                    tables.Rows[key] = next;
                else
                    tables.Rows.TryRemove(key, out _);
            }
        }
    }
}
