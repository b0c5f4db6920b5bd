using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Storage;

namespace Orleans {
    public interface IGrainState<T> {
        T? State { get; set; }
        string? ETag { get; set; }
        bool RecordExists { get; set; }
    }

    [GenerateSerializer]
    public sealed class GrainState<T> : IGrainState<T> {
        [Id(0)] public T? State { get; set; }
        [Id(1)] public string? ETag { get; set; }
        [Id(2)] public bool RecordExists { get; set; }
    }
}

namespace Orleans.Hosting {
    public static class MemoryGrainStorageSiloBuilderExtensions {
        public static ISiloBuilder AddMemoryGrainStorageAsDefault(
            this ISiloBuilder builder, Action<OptionsBuilder<MemoryGrainStorageOptions>>? configureOptions = null)
            => builder.AddMemoryGrainStorage(PersistentState.DefaultStore, configureOptions);

        public static ISiloBuilder AddMemoryGrainStorage(
            this ISiloBuilder builder, string name, Action<OptionsBuilder<MemoryGrainStorageOptions>>? configureOptions = null) {
            configureOptions?.Invoke(builder.Services.AddOptions<MemoryGrainStorageOptions>(name));
            builder.Services.TryAddSingleton<MemoryTables>();
            builder.Services.AddKeyedSingleton<IGrainStorage>(name, (services, _)
                => new GrainStorage(new MemoryStateTable(name, services.GetRequiredService<MemoryTables>())));
            return builder;
        }
    }

    public static class AdoNetGrainStorageSiloBuilderExtensions {
        public static ISiloBuilder AddAdoNetGrainStorageAsDefault(this ISiloBuilder builder, Action<AdoNetGrainStorageOptions> configureOptions)
            => builder.AddAdoNetGrainStorage(PersistentState.DefaultStore, configureOptions);

        public static ISiloBuilder AddAdoNetGrainStorage(this ISiloBuilder builder, string name, Action<AdoNetGrainStorageOptions> configureOptions) {
            builder.Services.Configure(name, configureOptions);
            builder.Services.AddKeyedSingleton(name, (services, _) => new AdoNetStateTable(
                services.GetRequiredService<IOptionsMonitor<AdoNetGrainStorageOptions>>().Get(name),
                services.GetRequiredService<IOptions<ClusterOptions>>().Value.ServiceId));
            builder.Services.AddKeyedSingleton<IGrainStorage>(name, (services, _)
                => new GrainStorage(services.GetRequiredKeyedService<AdoNetStateTable>(name)));
            builder.Services.AddSingleton<ISiloPart>(services => services.GetRequiredKeyedService<AdoNetStateTable>(name));
            return builder;
        }
    }
}

namespace Orleans.Storage {
    public interface IGrainStorage {
        Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);
        Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);
        Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);
    }

    /// <summary>Rows of states: bytes, and a version that each change raises; a cleared row may keep its version.</summary>
    internal interface IStateTable {
        Task<(string? Version, byte[]? Payload)> ReadAsync(string name, GrainId grain);

        /// <summary>Writes, or clears when there is no payload; gives the new version.</summary>
        /// <exception cref="InconsistentStateException">The stored version is another.</exception>
        Task<string?> ChangeAsync(string name, GrainId grain, string? version, byte[]? payload);
    }

    /// <summary>States as JSON, by public members, without regard to serializer attributes.</summary>
    internal sealed class GrainStorage(IStateTable table) : IGrainStorage {
        private static readonly JsonSerializerOptions Json = new() { IncludeFields = true };

        public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) {
            var (version, payload) = await table.ReadAsync(stateName, grainId);
            grainState.State = (payload is null ? default : JsonSerializer.Deserialize<T>(payload, Json)) ?? Blank<T>.New();
            (grainState.ETag, grainState.RecordExists) = (version, payload is not null);
        }

        public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) {
            var payload = JsonSerializer.SerializeToUtf8Bytes(grainState.State, Json);
            grainState.ETag = await table.ChangeAsync(stateName, grainId, grainState.ETag, payload);
            grainState.RecordExists = true;
        }

        public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) {
            grainState.ETag = await table.ChangeAsync(stateName, grainId, grainState.ETag, null);
            (grainState.RecordExists, grainState.State) = (false, Blank<T>.New());
        }
    }

    /// <summary>Rows of memory storage; the silos of a cluster share them, so that states survive a silo.</summary>
    internal sealed class MemoryTables : Dictionary<(string Store, string State, GrainId Grain), (string? Version, byte[]? Payload)> {
        public long LastVersion { get; set; }
    }

    internal sealed class MemoryStateTable(string store, MemoryTables tables) : IStateTable {
        public Task<(string? Version, byte[]? Payload)> ReadAsync(string name, GrainId grain) {
            lock (tables)
                return Task.FromResult(tables.GetValueOrDefault((store, name, grain)));
        }

        public Task<string?> ChangeAsync(string name, GrainId grain, string? version, byte[]? payload) {
            lock (tables) {
                var stored = tables.GetValueOrDefault((store, name, grain)).Version;
                if (stored != version)
                    throw new InconsistentStateException($"Version conflict: GrainType={name} GrainId={grain} ETag={version}, stored is {stored}.");
                if (payload is null) {
                    tables.Remove((store, name, grain));
                    return Task.FromResult<string?>(null);
                }
                var next = (++tables.LastVersion).ToString();
                tables[(store, name, grain)] = (next, payload);
                return Task.FromResult<string?>(next);
            }
        }
    }

    /// <summary>Rows in a database.</summary>
    internal sealed class AdoNetStateTable(AdoNetGrainStorageOptions options, string service) : IStateTable, ISiloPart {
        private readonly AdoNetDatabase _database = new(options.Invariant, options.ConnectionString, "WriteToStorageKey", "ReadFromStorageKey", "ClearStorageKey");
        public Task StartAsync(CancellationToken token) => _database.StartAsync();
        public Task StopAsync() => Task.CompletedTask;

        public async Task<(string? Version, byte[]? Payload)> ReadAsync(string name, GrainId grain)
            => (await _database.RunAsync("ReadFromStorageKey", Key(name, grain), row =>
                (row["Version"] is DBNull ? null : Convert.ToInt32(row["Version"]).ToString(), row["PayloadBinary"] as byte[]))).SingleOrDefault();

        public async Task<string?> ChangeAsync(string name, GrainId grain, string? version, byte[]? payload) {
            if (payload is null && version is null)
                return null;
            (string, object?)[] parameters = [.. Key(name, grain), ("GrainStateVersion", version is null ? null : int.Parse(version)), ("PayloadBinary", payload)];
            var rows = await _database.RunAsync(
                payload is null ? "ClearStorageKey" : "WriteToStorageKey", payload is null ? parameters[..^1] : parameters,
                row => row.IsDBNull(0) ? "" : Convert.ToInt32(row.GetValue(0)).ToString());
            return rows.SingleOrDefault() is { Length: > 0 } stored && stored != version ? stored
                : throw new InconsistentStateException($"Version conflict: ServiceId={service} GrainType={name} GrainId={grain} ETag={version}.");
        }

        private (string, object?)[] Key(string name, GrainId grain) => [
            ("GrainIdHash", (int)grain.GetUniformHashCode()), ("GrainIdN0", 0L), ("GrainIdN1", 0L),
            ("GrainTypeHash", (int)IdSpan.Create(name).GetUniformHashCode()), ("GrainTypeString", name),
            ("GrainIdExtensionString", grain.ToString()), ("ServiceId", service),
        ];
    }
}
