using System.Net;
using System.Text;
using Granary.ClientApi.OpenApi;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Granary.ClientApi.Home;

/// <summary><c>GET /</c>: a short page for people: running, version, runtime, links, the first put command.</summary>
internal sealed class HomePage(ISiloContext silo)
{
    private static readonly OperationDescription Description = new("getHomePage", "Operations", "A short page for people.")
    {
        Answers = [new AnswerDescription(200, "The page.") { MediaType = "text/html" }],
    };

    /// <summary>Maps the page.</summary>
    public void Map(IEndpointRouteBuilder routes) => routes.MapOpen("GET", "/", _ => Task.FromResult<IResult>(new Page(Render()))).Describe(Description);

    private string Render() => $$"""
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>Granary</title>
        <style>
          body { font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem; color: #222; background: #fff; }
          code, pre { font: 14px/1.5 ui-monospace, monospace; background: #f3f1ec; border-radius: 4px; padding: .1em .3em; }
          pre { padding: .8em 1em; overflow: auto; }
          dt { float: left; clear: left; width: 6rem; color: #666; } dd { margin-left: 7rem; }
          @media (prefers-color-scheme: dark) { body { color: #ddd; background: #1b1b1b; } code, pre { background: #2b2a27; } a { color: #8ab4f8; } }
        </style>
        <h1>Granary is running</h1>
        <dl>
          <dt>version</dt><dd>{{Text(silo.Version)}}</dd>
          <dt>runtime</dt><dd>{{Text(silo.Runtime)}}</dd>
          <dt>silo</dt><dd>{{Text(silo.SiloName)}}</dd>
        </dl>
        <p>Store a file, and fetch it:</p>
        <pre>./granary put FILE main:/
        ./granary get main:/FILE</pre>
        <ul>
          <li><a href="openapi/v1.json">The API's description</a> (OpenAPI)</li>
          <li><a href="api/v1/ready">Ready?</a> and <a href="api/v1/health">alive?</a></li>
          <li><a href="metrics">Metrics</a> (Prometheus text)</li>
        </ul>
        </html>
        """;

    private static string Text(string value) => WebUtility.HtmlEncode(value);

    private sealed class Page(string html) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var bytes = Encoding.UTF8.GetBytes(html);
            httpContext.Response.ContentType = "text/html; charset=utf-8";
            httpContext.Response.ContentLength = bytes.Length;
            httpContext.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";
            return httpContext.Response.Body.WriteAsync(bytes, httpContext.RequestAborted).AsTask();
        }
    }
}
