using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Granary.Http.Tests.Tus;

/// <summary>A tus client that says exactly what a test wants.</summary>
internal static class TusWorld
{
    public static string Metadata(string path) => "path " + Convert.ToBase64String(Encoding.UTF8.GetBytes(path));

    public static async Task<HttpResponseMessage> TusAsync(
        this HttpWorld world, HttpMethod method, string url, byte[]? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, url);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/offset+octet-stream");
        }

        request.Headers.Add("Tus-Resumable", "1.0.0");
        foreach (var (name, value) in headers)
        {
            if (name == "Content-Type")
                request.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse(value);
            else if (name == "Tus-Resumable")
                _ = request.Headers.Remove(name) && (value.Length == 0 || request.Headers.TryAddWithoutValidation(name, value));
            else
                Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        return await world.Client.SendAsync(request);
    }

    public static string Header(this HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? values.Single() : "";

    public static async Task<string> CreateAsync(this HttpWorld world, string scope, string path, long? length, params (string, string)[] headers)
    {
        var size = length is { } known ? ("Upload-Length", known.ToString(CultureInfo.InvariantCulture)) : ("Upload-Defer-Length", "1");
        using var created = await world.TusAsync(HttpMethod.Post, $"api/v1/scopes/{scope}/tus", null, [size, ("Upload-Metadata", Metadata(path)), .. headers]);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        return created.Headers.Location!.OriginalString;
    }

    public static Task<HttpResponseMessage> AppendAsync(this HttpWorld world, string url, long offset, byte[] bytes, params (string, string)[] headers) =>
        world.TusAsync(HttpMethod.Patch, url, bytes, [("Upload-Offset", offset.ToString(CultureInfo.InvariantCulture)), .. headers]);

    public static async Task<long> OffsetAsync(this HttpWorld world, string url)
    {
        using var head = await world.TusAsync(HttpMethod.Head, url);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        return long.Parse(head.Header("Upload-Offset"), CultureInfo.InvariantCulture);
    }
}
