using Granary.Catalog;
using Granary.ClientApi.Http;

namespace Granary.ClientApi.Administration;

/// <summary>The member <c>name</c> of requests that make something.</summary>
internal static class NameField
{
    /// <summary>Reads the required member, and notes a name that breaks the rule.</summary>
    public static string Read(JsonRequest body)
    {
        var name = body.Text("name", required: true);
        if (name is not null && !ResourceName.IsValid(name))
        {
            body.Error("name", ResourceName.Rule);
        }

        return name ?? "";
    }
}
