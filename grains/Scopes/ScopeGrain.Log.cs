using Granary.GrainInterfaces;
using Microsoft.Extensions.Logging;

namespace Granary.Grains.Scopes;

internal sealed partial class ScopeGrain
{
    [LoggerMessage(4000, LogLevel.Information, "Scope {Scope}: the head is at {Found}, not at {Believed}; another activation wrote it and this one ends.")]
    private partial void LogHeadMoved(ScopeId scope, long believed, long found);

    [LoggerMessage(4001, LogLevel.Warning, "Scope {Scope}: leaving store {Store} failed and was put back.")]
    private partial void LogLeaveFailed(Exception failure, ScopeId scope, StoreId store);

    [LoggerMessage(4002, LogLevel.Warning, "Scope {Scope}: background work could not be woken; its reminder will.")]
    private partial void LogWakeFailed(Exception failure, ScopeId scope);

    [LoggerMessage(4003, LogLevel.Information, "Scope {Scope}: a detach of store {Store} that a stop had interrupted was put back; repeat it where it is still wanted.")]
    private partial void LogPutBack(ScopeId scope, StoreId store);

    [LoggerMessage(4004, LogLevel.Warning, "Scope {Scope}: its changes could not be announced; those who follow it find them a moment later.")]
    private partial void LogAnnounceFailed(Exception failure, ScopeId scope);
}
