using Granary.GrainInterfaces;

namespace Granary.ClientApi.Changes;

/// <summary>The stream on which scopes announce their changes. Provided by the composition root.</summary>
public interface IChangeAnnouncements
{
    /// <summary>Listens to one scope until the result is disposed. Announcements may be late, repeated or lost.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="scope">The scope.</param>
    /// <param name="announced">Told that the log holds the changes up to a sequence number. Must be quick and must not throw.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IAsyncDisposable> ListenAsync(TenantId tenant, ScopeId scope, Action<long> announced, CancellationToken cancellationToken);
}
