using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Storage;

namespace Orleans.Configuration {
    /// <summary>Settings of ADO.NET grain storage.</summary>
    public class AdoNetGrainStorageOptions {
        public string? ConnectionString { get; set; }
        public string Invariant { get; set; } = "System.Data.SqlClient";
    }
}

namespace Orleans.Hosting {
    /// <summary>ADO.NET storage.</summary>
    public static class AdoNetGrainStorageSiloBuilderExtensions {
        public static ISiloBuilder AddAdoNetGrainStorageAsDefault(this ISiloBuilder builder, Action<AdoNetGrainStorageOptions> configureOptions)
            => builder.AddAdoNetGrainStorage(PersistentState.DefaultStore, configureOptions);

        public static ISiloBuilder AddAdoNetGrainStorage(this ISiloBuilder builder, string name, Action<AdoNetGrainStorageOptions> configureOptions) {
            builder.Services.Configure(name, configureOptions);
            builder.Services.AddKeyedSingleton<IGrainStorage>(name, (services, _) => new AdoNetGrainStorage(
                services.GetRequiredService<IOptionsMonitor<AdoNetGrainStorageOptions>>().Get(name),
                services.GetRequiredService<IOptions<ClusterOptions>>().Value.ServiceId));
            builder.Services.AddSingleton(services => (ISiloPart)services.GetRequiredKeyedService<IGrainStorage>(name));
            return builder;
        }
    }
}

namespace Orleans.Storage {
    /// <summary>States in a database: one row for each grain and state name, with a version that each write raises.</summary>
    internal sealed class AdoNetGrainStorage(AdoNetGrainStorageOptions options, string service) : IGrainStorage, ISiloPart {
        private readonly AdoNetDatabase _database = new(
            options.Invariant, options.ConnectionString, "WriteToStorageKey", "ReadFromStorageKey", "ClearStorageKey");

        public Task StartAsync(CancellationToken token) => _database.StartAsync();
        public Task StopAsync() => Task.CompletedTask;

        public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) {
            var rows = await _database.RunAsync("ReadFromStorageKey", Key(stateName, grainId), row =>
                (Payload: row["PayloadBinary"] as byte[], Version: row["Version"] is DBNull ? null : Convert.ToInt32(row["Version"]).ToString()));
            var found = rows.SingleOrDefault();
            grainState.State = (found.Payload is null ? default : StateFormat.Read<T>(found.Payload)) ?? PersistentState.Fresh<T>();
            (grainState.ETag, grainState.RecordExists) = (found.Version, found.Payload is not null);
        }

        public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) {
            grainState.ETag = await ChangeAsync("WriteToStorageKey", stateName, grainId, grainState.ETag, ("PayloadBinary", StateFormat.Write(grainState.State)));
            grainState.RecordExists = true;
        }

        public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) {
            if (grainState.ETag is not null)
                grainState.ETag = await ChangeAsync("ClearStorageKey", stateName, grainId, grainState.ETag);
            (grainState.RecordExists, grainState.State) = (false, PersistentState.Fresh<T>());
        }

        private (string, object?)[] Key(string stateName, GrainId grain) =>
        [
            ("GrainIdHash", (int)grain.GetUniformHashCode()), ("GrainIdN0", 0L), ("GrainIdN1", 0L),
            ("GrainTypeHash", (int)IdSpan.Create(stateName).GetUniformHashCode()), ("GrainTypeString", stateName),
            ("GrainIdExtensionString", grain.ToString()), ("ServiceId", service),
        ];

        private async Task<string> ChangeAsync(string query, string stateName, GrainId grain, string? version, params (string, object?)[] more) {
            var rows = await _database.RunAsync(
                query,
                [.. Key(stateName, grain), ("GrainStateVersion", version is null ? null : int.Parse(version)), .. more],
                row => row.IsDBNull(0) ? "" : Convert.ToInt32(row.GetValue(0)).ToString());
            return rows.SingleOrDefault() is { Length: > 0 } stored && stored != version
                ? stored
                : throw new InconsistentStateException($"Version conflict: ServiceId={service} GrainType={stateName} GrainId={grain} ETag={version}.");
        }
    }
}
