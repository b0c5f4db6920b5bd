using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;

namespace Granary.Cluster.Tests;

/// <summary>
/// A balancer that asks the silos in turn, and a client that repeats what was refused for the moment or not answered, at the
/// next one. What has no idempotency key, and a repeat of which would do it twice, is the caller's business.
/// </summary>
internal sealed class RoundRobin : HttpMessageHandler
{
    /// <summary>After which one silo is taken for silent.</summary>
    private static readonly TimeSpan Attempt = TimeSpan.FromSeconds(8);

    /// <summary>How long a request is repeated.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(60);

    private readonly HttpMessageInvoker _silos = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2), PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20) });
    private readonly Func<Uri[]> _urls;
    private int _next;
    private int _repeats;

    /// <param name="cluster">The silos; those that were stopped are not asked.</param>
    public RoundRobin(SiloCluster cluster) => _urls = () => [.. cluster.Silos.FindAll(static silo => silo.IsWanted).Select(static silo => silo.Url)];

    /// <summary>Answers that no silo may give, whatever happens to the others.</summary>
    public ConcurrentQueue<string> Faults { get; } = [];

    /// <summary>Requests that found nobody in all the time that a client waits.</summary>
    public ConcurrentQueue<string> GivenUp { get; } = [];

    /// <summary>How often something was repeated.</summary>
    public int Repeats => Volatile.Read(ref _repeats);

    /// <summary>The longest time that one request took with its repeats.</summary>
    public TimeSpan Slowest { get; private set; }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var target = request.RequestUri!.PathAndQuery;
        var clock = Stopwatch.StartNew();
        for (var last = ""; ;)
        {
            var urls = _urls();
            request.RequestUri = new Uri(urls[(uint)Interlocked.Increment(ref _next) % urls.Length], target);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(Attempt);
            try
            {
                var answer = await _silos.SendAsync(request, limit.Token);
                await answer.Content.LoadIntoBufferAsync(limit.Token);
                if (!await IsForNowAsync(request, answer))
                {
                    Slowest = clock.Elapsed > Slowest ? clock.Elapsed : Slowest;
                    return answer;
                }

                last = $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(cancellationToken)}";
                answer.Dispose();
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested && failure is HttpRequestException or IOException or OperationCanceledException && MayRepeat(request, failure))
            {
                last = failure.Message;
            }

            if (clock.Elapsed > Patience)
            {
                GivenUp.Enqueue($"{request.Method} {target} found nobody for {Patience.TotalSeconds} s; last, at {request.RequestUri}: {last}");
                throw new HttpRequestException($"Nobody answers: {last}");
            }

            Interlocked.Increment(ref _repeats);
            await Task.Delay(Rest, cancellationToken);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _silos.Dispose();
        }

        base.Dispose(disposing);
    }

    private static bool MayRepeat(HttpRequestMessage request, Exception failure) =>
        request.Content is null or ByteArrayContent or JsonContent || failure is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError };

    private async Task<bool> IsForNowAsync(HttpRequestMessage request, HttpResponseMessage answer)
    {
        if (answer.StatusCode == HttpStatusCode.InternalServerError)
        {
            Faults.Enqueue($"{request.Method} {request.RequestUri}: 500 {await answer.Content.ReadAsStringAsync()}");
        }

        // 423: the attempt that was not answered is still at work.
        return answer.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests or HttpStatusCode.Locked;
    }
}
