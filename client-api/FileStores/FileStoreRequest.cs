using System.Text.Json;
using Granary.ClientApi.Http;
using Granary.GrainInterfaces;

namespace Granary.ClientApi.FileStores;

/// <summary>Reads the members of a store's settings that may be set and changed (D49: an absent member stays, null unsets).</summary>
internal static class FileStoreRequest
{
    public const int MaxConcurrency = 1024;
    private const string ReadBack = "read-back";
    private const string Backend = "backend";

    /// <summary>Reads the settings over those of before, and notes what is wrong; D9: the soft limit is not above the hard one.</summary>
    public static FileStoreSettings ReadSettings(JsonRequest body, FileStoreSettings before)
    {
        var unset = new FileStoreSettings();
        var settings = new FileStoreSettings
        {
            InstanceWide = body.Flag("instanceWide") ?? Before(body, "instanceWide").InstanceWide,
            SoftMaxSize = body.Has("softMaxSize") ? body.Number("softMaxSize", min: 0) : before.SoftMaxSize,
            MaxSize = body.Has("maxSize") ? body.Number("maxSize", min: 0) : before.MaxSize,
            MaxConcurrentReads = body.Int32("maxConcurrentReads", min: 1, max: MaxConcurrency) ?? Before(body, "maxConcurrentReads").MaxConcurrentReads,
            MaxConcurrentWrites = body.Int32("maxConcurrentWrites", min: 1, max: MaxConcurrency) ?? Before(body, "maxConcurrentWrites").MaxConcurrentWrites,
            VerifyByBackend = ReadVerify(body) ?? Before(body, "verify").VerifyByBackend,
        };
        if (settings.SoftMaxSize > settings.MaxSize)
        {
            body.Error("softMaxSize", "softMaxSize is at most maxSize.");
        }

        return settings;

        // A setting without a null of its own goes back to its default.
        FileStoreSettings Before(JsonRequest request, string name) => request.IsNull(name) ? unset : before;
    }

    /// <summary>The word for how copies are verified.</summary>
    public static string VerifyName(FileStoreSettings settings) => settings.VerifyByBackend ? Backend : ReadBack;

    /// <summary>The member <c>configuration</c>, or an empty object where it is absent.</summary>
    public static JsonElement ReadConfiguration(JsonRequest body) => body.Raw("configuration") ?? JsonSerializer.SerializeToElement(new object());

    private static bool? ReadVerify(JsonRequest body)
    {
        switch (body.Text("verify"))
        {
            case null:
                return null;
            case ReadBack:
                return false;
            case Backend:
                return true;
            default:
                body.Error("verify", $"verify is \"{ReadBack}\" or \"{Backend}\".");
                return null;
        }
    }
}
