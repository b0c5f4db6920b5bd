using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Granary.Admin.Api;

/// <summary>Every type that is sent, received or printed as JSON; generated, so that starting needs no reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(FilePage))]
[JsonSerializable(typeof(FileItem))]
[JsonSerializable(typeof(FolderItem))]
[JsonSerializable(typeof(StoredFile))]
[JsonSerializable(typeof(Page<FileVersion>), TypeInfoPropertyName = "VersionPage")]
[JsonSerializable(typeof(Manifest))]
[JsonSerializable(typeof(Explanation))]
[JsonSerializable(typeof(CopyRequest))]
[JsonSerializable(typeof(RestoreRequest))]
[JsonSerializable(typeof(Page<Scope>), TypeInfoPropertyName = "ScopePage")]
[JsonSerializable(typeof(CreateScope))]
[JsonSerializable(typeof(Attachment))]
[JsonSerializable(typeof(Page<FileStore>), TypeInfoPropertyName = "StorePage")]
[JsonSerializable(typeof(CreateStore))]
[JsonSerializable(typeof(Page<Tenant>), TypeInfoPropertyName = "TenantPage")]
[JsonSerializable(typeof(CreateTenant))]
[JsonSerializable(typeof(Page<ApiKey>), TypeInfoPropertyName = "KeyPage")]
[JsonSerializable(typeof(CreateKey))]
[JsonSerializable(typeof(StartRun))]
[JsonSerializable(typeof(StartFsck))]
[JsonSerializable(typeof(RunStarted))]
[JsonSerializable(typeof(Page<MaintenanceRun>), TypeInfoPropertyName = "RunPage")]
[JsonSerializable(typeof(Page<MaintenanceFinding>), TypeInfoPropertyName = "FindingPage")]
[JsonSerializable(typeof(MaintenanceSettings))]
[JsonSerializable(typeof(Page<FileHold>), TypeInfoPropertyName = "HoldPage")]
[JsonSerializable(typeof(HoldRequest))]
[JsonSerializable(typeof(FileStat))]
[JsonSerializable(typeof(BeginUpload))]
[JsonSerializable(typeof(UploadBegun))]
[JsonSerializable(typeof(ProbeRequest))]
[JsonSerializable(typeof(ProbeAnswer))]
[JsonSerializable(typeof(StoredPart))]
[JsonSerializable(typeof(CompleteUpload))]
[JsonSerializable(typeof(Transfer.Sessions.RememberedUpload))]
[JsonSerializable(typeof(ClusterView))]
[JsonSerializable(typeof(SiloDrain))]
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(ChangeFrame))]
[JsonSerializable(typeof(Change))]
[JsonSerializable(typeof(Page<Webhook>), TypeInfoPropertyName = "WebhookPage")]
[JsonSerializable(typeof(Page<Delivery>), TypeInfoPropertyName = "DeliveryPage")]
[JsonSerializable(typeof(CreateWebhook))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(FileEvent))]
[JsonSerializable(typeof(Deleted))]
[JsonSerializable(typeof(Failure))]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>For output: non-ASCII text stays readable; it goes to a terminal or a program, never into HTML.</summary>
    public static ApiJson Plain { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
