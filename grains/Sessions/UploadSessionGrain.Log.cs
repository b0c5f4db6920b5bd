using Granary.GrainInterfaces;
using Microsoft.Extensions.Logging;

namespace Granary.Grains.Sessions;

internal sealed partial class UploadSessionGrain
{
    [LoggerMessage(4400, LogLevel.Information, "Upload {Upload} was announced as {Demanded} and is {Found}; it is refused.")]
    private partial void LogDigestWrong(UploadId upload, ChunkHash demanded, ChunkHash found);
}
