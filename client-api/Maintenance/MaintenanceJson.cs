using System.Text.Json.Serialization;
using Granary.ClientApi.Http;

namespace Granary.ClientApi.Maintenance;

/// <summary>Source-generated JSON of maintenance. Members that are null are written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(Page<RunSummary>), TypeInfoPropertyName = "RunPage")]
[JsonSerializable(typeof(RunView))]
[JsonSerializable(typeof(RunStarted))]
[JsonSerializable(typeof(Page<RunFindingView>), TypeInfoPropertyName = "RunFindingPage")]
[JsonSerializable(typeof(SettingsView))]
internal sealed partial class MaintenanceJson : JsonSerializerContext;
