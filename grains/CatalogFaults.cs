using Granary.Catalog;
using Granary.GrainInterfaces;
using Microsoft.Extensions.Logging;

namespace Granary.Grains;

/// <summary>Faults of the catalog leave a grain as the one exception of the contracts that says so.</summary>
internal sealed partial class CatalogFaults(ILogger<CatalogFaults> logger) : IIncomingGrainCallFilter
{
    /// <inheritdoc/>
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        try
        {
            await context.Invoke();
        }
        catch (CatalogException fault)
        {
            LogFault(fault, context.InterfaceName, context.MethodName);
            throw new CatalogFaultException(fault.Message);
        }
    }

    [LoggerMessage(4900, LogLevel.Warning, "{Interface}.{Method} failed, because the catalog did")]
    private partial void LogFault(Exception fault, string @interface, string method);
}
