using System.Text.Json.Serialization;
using Granary.ClientApi.ApiKeys;
using Granary.ClientApi.Cluster;
using Granary.ClientApi.FileStores;
using Granary.ClientApi.Holds;
using Granary.ClientApi.Http;
using Granary.ClientApi.Scopes;
using Granary.ClientApi.Tenants;

namespace Granary.ClientApi.Administration;

/// <summary>Source-generated JSON of the administrative resources. Members that are null are written: null means no limit.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(Page<ScopeSummary>), TypeInfoPropertyName = "ScopePage")]
[JsonSerializable(typeof(ScopeView))]
[JsonSerializable(typeof(Page<TenantView>), TypeInfoPropertyName = "TenantPage")]
[JsonSerializable(typeof(TenantView))]
[JsonSerializable(typeof(Page<ApiKeyView>), TypeInfoPropertyName = "ApiKeyPage")]
[JsonSerializable(typeof(ApiKeyView))]
[JsonSerializable(typeof(ApiKeyCreatedView))]
[JsonSerializable(typeof(Page<FileStoreView>), TypeInfoPropertyName = "FileStorePage")]
[JsonSerializable(typeof(FileStoreView))]
[JsonSerializable(typeof(Page<FileHoldView>), TypeInfoPropertyName = "FileHoldPage")]
[JsonSerializable(typeof(FileHoldView))]
[JsonSerializable(typeof(ClusterView))]
[JsonSerializable(typeof(SiloDrainView))]
internal sealed partial class AdminJson : JsonSerializerContext;
