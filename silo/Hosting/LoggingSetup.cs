using Granary.Silo.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Granary.Silo.Hosting;

/// <summary>Single lines on standard error; what frameworks say only from warnings up.</summary>
internal static class LoggingSetup
{
    /// <summary>Sets it up.</summary>
    public static void Add(ILoggingBuilder logging, SiloSettings settings)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(LogLevel.Warning);
        logging.AddFilter("Granary", settings.LogLevel);
        var frameworks = settings.LogLevel > LogLevel.Warning ? settings.LogLevel : LogLevel.Warning;
        logging.AddFilter("Microsoft", frameworks);
        logging.AddFilter("Orleans", frameworks);
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.UseUtcTimestamp = true;
            console.ColorBehavior = Environment.GetEnvironmentVariable("NO_COLOR") is null ? LoggerColorBehavior.Default : LoggerColorBehavior.Disabled;
        });
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}
