using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Granary.ClientApi.Http;

/// <summary>Answers of endpoints that are no refusals.</summary>
public static class ApiResults
{
    /// <summary>204 without a body.</summary>
    public static IResult NoContent { get; } = new Empty(StatusCodes.Status204NoContent);

    /// <summary>The handler has written the answer itself.</summary>
    public static IResult Written { get; } = new Empty(0);

    /// <summary>A JSON body, serialised by a source-generated contract.</summary>
    /// <param name="value">What to send.</param>
    /// <param name="type">Its contract.</param>
    /// <param name="status">HTTP status.</param>
    /// <param name="location">Value of <c>Location</c>; null: not sent.</param>
    public static IResult Json<T>(T value, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK, string? location = null) =>
        new JsonBody<T>(value, type, status, location);

    private sealed class Empty(int status) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            if (status != 0)
                httpContext.Response.StatusCode = status;
            return Task.CompletedTask;
        }
    }

    private sealed class JsonBody<T>(T value, JsonTypeInfo<T> type, int status, string? location) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            var buffer = new ArrayBufferWriter<byte>(512);
            using (var json = new Utf8JsonWriter(buffer))
                JsonSerializer.Serialize(json, value, type);

            response.StatusCode = status;
            response.ContentType = "application/json";
            response.ContentLength = buffer.WrittenCount;
            if (location is not null)
                response.Headers.Location = location;
            if (!HttpMethods.IsHead(httpContext.Request.Method))
                await response.BodyWriter.WriteAsync(buffer.WrittenMemory, httpContext.RequestAborted);
        }
    }
}
