using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Granary.Catalog;
using Granary.Stores;
using Microsoft.Extensions.Logging;

namespace Granary.Silo.Cluster;

/// <summary>Lets other silos do steps of maintenance, over their internal endpoints.</summary>
internal sealed partial class PeerSteps : IStepSilos, IDisposable
{
    /// <summary>A silo that comes is given work this much later at most.</summary>
    private static readonly TimeSpan KeepList = TimeSpan.FromSeconds(2);

    /// <summary>
    /// A step is at most some seconds; one whose answer does not come in this time may still be under way, which is harmless,
    /// for a step counts once.
    /// </summary>
    private static readonly TimeSpan LongestStep = TimeSpan.FromMinutes(2);

    /// <summary>Wait after a step of which nobody knows what became.</summary>
    private static readonly TimeSpan Unknown = TimeSpan.FromSeconds(1);

    private readonly SiloAddressCatalog _addresses;
    private readonly TimeProvider _time;
    private readonly ILogger<PeerSteps> _logger;
    private readonly HttpClient _client;
    private IReadOnlyList<SiloAddressInfo>? _living;
    private long _read;

    public PeerSteps(SiloAddressCatalog addresses, string token, TimeProvider time, ILogger<PeerSteps> logger)
    {
        (_addresses, _time, _logger) = (addresses, time, logger);
        _client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(3),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
        })
        {
            Timeout = LongestStep,
        };
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<SiloAddressInfo>> ListAsync(CancellationToken cancellationToken)
    {
        if (_living is { } known && _time.GetElapsedTime(Interlocked.Read(ref _read)) < KeepList)
        {
            return known;
        }

        var living = await _addresses.ListAsync(cancellationToken);
        Interlocked.Exchange(ref _read, _time.GetTimestamp());
        return _living = living;
    }

    /// <inheritdoc/>
    public async Task<RunStepDone?> RunAsync(SiloAddressInfo silo, long run, int task, long version, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await _client.PostAsync(new Uri(new Uri(silo.Endpoint), RemoteSteps.Of(run, task, version)), content: null, cancellationToken);
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                // It said that it did not do it, or that it failed: another place may have more luck.
                LogRefused(silo.Silo, run, task, (int)answer.StatusCode);
                return null;
            }

            var done = await answer.Content.ReadFromJsonAsync<RemoteStep>(cancellationToken);
            return done is null ? null : new RunStepDone(done.Chunks, done.Bytes, TimeSpan.FromMilliseconds(done.RestMilliseconds), done.HasEnded);
        }
        catch (HttpRequestException failure) when (failure.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError)
        {
            return null; // nothing was sent
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or JsonException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            LogUnknown(failure, silo.Silo, run, task);
            return new RunStepDone(0, 0, Unknown, HasEnded: false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    [LoggerMessage(6303, LogLevel.Warning, "Silo {Silo} did not do a step of run {Run}, task {Task}: it answered {Status}.")]
    private partial void LogRefused(string silo, long run, int task, int status);

    [LoggerMessage(6304, LogLevel.Warning, "What became of a step of run {Run}, task {Task} at silo {Silo} is not known; its row is looked at again.")]
    private partial void LogUnknown(Exception failure, string silo, long run, int task);
}
