using System.Text;
using Granary.ClientApi.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Granary.ClientApi.OpenApi;

/// <summary>One method of one route with all that is known of it.</summary>
/// <param name="Path">Route as the document writes it: a parameter is <c>{name}</c>.</param>
/// <param name="Method">Method in lower case.</param>
/// <param name="RouteParameters">Names of the route's parameters.</param>
/// <param name="Access">What it needs.</param>
/// <param name="Description">What was said about it.</param>
internal sealed record DescribedEndpoint(
    string Path, string Method, IReadOnlyList<string> RouteParameters, ApiAccess Access, OperationDescription Description)
{
    /// <summary>True for methods that change something.</summary>
    public bool IsWrite => Method is "post" or "put" or "patch" or "delete";

    /// <summary>
    /// The methods of an endpoint. One without a description still appears, under a name made of its route: the document is
    /// complete before it is good.
    /// </summary>
    public static IEnumerable<DescribedEndpoint> Of(RouteEndpoint endpoint)
    {
        var access = endpoint.Metadata.GetMetadata<ApiAccess>() ?? new ApiAccess(Rights.None, NeedsTenant: false);
        var path = PathOf(endpoint.RoutePattern);
        var parameters = endpoint.RoutePattern.Parameters.Select(p => p.Name).ToArray();
        foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [])
        {
            var name = method.ToLowerInvariant();
            var description = endpoint.Metadata.GetMetadata<OperationDescription>()
                ?? new OperationDescription($"{name} {path}", "Other", $"{method} {path}");
            yield return new DescribedEndpoint(path, name, parameters, access, description);
        }
    }

    private static string PathOf(RoutePattern pattern)
    {
        var path = new StringBuilder();
        foreach (var segment in pattern.PathSegments)
        {
            path.Append('/');
            foreach (var part in segment.Parts)
            {
                path.Append(part switch
                {
                    RoutePatternLiteralPart literal => literal.Content,
                    RoutePatternSeparatorPart separator => separator.Content,
                    RoutePatternParameterPart parameter => $"{{{parameter.Name}}}",
                    _ => "",
                });
            }
        }

        return path.Length == 0 ? "/" : path.ToString();
    }
}
