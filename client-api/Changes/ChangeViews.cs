using System.Text.Json;
using System.Text.Json.Serialization;
using Granary.Catalog;
using Granary.ClientApi.Http;

namespace Granary.ClientApi.Changes;

/// <summary>A change as lists and frames show it.</summary>
internal sealed record ChangeView(
    long Sequence, DateTimeOffset Time, string Type, string Path,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? OldPath,
    long Version, long Size, string By)
{
    public static ChangeView Of(ChangeInfo change) => new(
        change.Sequence, change.Time, NameOf(change.Kind), change.Path.Text, change.OldPath?.Text, change.Version, change.Size, change.By);

    private static string NameOf(ChangeKind kind) => kind switch
    {
        ChangeKind.Created => "created",
        ChangeKind.Updated => "updated",
        ChangeKind.Deleted => "deleted",
        _ => "moved",
    };
}

/// <summary>
/// A page of changes. <paramref name="Next"/> is always there: it is the cursor to go on with, now or later;
/// <paramref name="More"/> says whether more changes are there already.
/// </summary>
internal sealed record ChangePageView(IReadOnlyList<ChangeView> Items, long Next, bool More);

/// <summary>Source-generated JSON of changes.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(ChangePageView))]
[JsonSerializable(typeof(ChangeView))]
internal sealed partial class ChangesJson : JsonSerializerContext;
