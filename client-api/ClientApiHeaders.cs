using Granary.ClientApi.Tus;

namespace Granary.ClientApi;

/// <summary>Headers of the API that a page of another origin may read (CORS).</summary>
public static class ClientApiHeaders
{
    /// <summary>Their names, beside those that browsers show anyway.</summary>
    public static IReadOnlyList<string> Exposed => TusProtocol.ExposedHeaders;
}
