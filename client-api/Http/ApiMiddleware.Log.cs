using Microsoft.Extensions.Logging;

namespace Granary.ClientApi.Http;

internal sealed partial class ApiMiddleware
{
    [LoggerMessage(5000, LogLevel.Error, "{Method} {Path} failed unexpectedly")]
    private partial void LogUnexpected(string method, string path, Exception error);

    [LoggerMessage(5001, LogLevel.Warning, "{Method} {Path} answered {Code}: {Fault}: {Message}")]
    private partial void LogUnavailable(string method, string path, string code, string fault, string message);
}
