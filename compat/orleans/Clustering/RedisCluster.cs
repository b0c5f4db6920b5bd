using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Clustering.Redis;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using StackExchange.Redis;

namespace Orleans.Runtime {
    /// <summary>
    /// Silos in several processes. Who is a member says the table; where a grain lives follows from the members alone, so there is no directory:
    /// for a moment after a change two silos may have the same grain. Whoever was silent for as long as it takes to be declared dead (frozen, or
    /// cut off) looks at the table before it sends anything again, and ends its process if it was.
    /// </summary>
    internal sealed partial class RedisCluster(
        IOptions<RedisClusteringOptions> redis, IOptions<ClusterOptions> cluster, IOptions<EndpointOptions> endpoints, IOptions<ClusterMembershipOptions> membership,
        TimeProvider time, ILogger<RedisCluster> logger) : ICluster, IDisposable {
        private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(200);
        private readonly ClusterMembershipOptions _rules = membership.Value;
        private readonly RedisTable _table = new(redis.Value.ConfigurationOptions!, $"{cluster.Value.ServiceId}/members/{cluster.Value.ClusterId}");
        private readonly ConcurrentDictionary<SiloAddress, Link> _links = [];
        private readonly ConcurrentDictionary<SiloAddress, long> _heard = [];
        private readonly CancellationTokenSource _end = new();
        private readonly Lock _gate = new();
        private TcpListener? _listener;
        private Silo _silo = null!;
        private long _lastBeat = time.GetTimestamp();

        public ClusterView View { get; private set; } = new(-1, ImmutableDictionary<SiloAddress, MembershipEntry>.Empty);
        public event Action<ClusterView>? Changed;
        public CallRuntime Endpoint => _silo;
        public string Name { get; } = $"{cluster.Value.ServiceId}/{cluster.Value.ClusterId}";
        private TimeSpan Patience => _rules.ProbeTimeout * _rules.NumMissedProbesLimit;
        private bool Frozen => time.GetElapsedTime(Volatile.Read(ref _lastBeat)) >= Patience;

        public void Join(CallRuntime endpoint, MembershipEntry? entry) {
            _silo = (Silo)endpoint;
            _listener = new TcpListener(endpoints.Value.SiloListeningEndpoint ?? endpoint.Address.Endpoint);
            _listener.Start();
            // Whoever had this address before is no more.
            Task.Run(() => EditAsync(view => [entry!, .. view.Entries.Values.Where(e => e.SiloAddress.Endpoint.Equals(endpoint.Address.Endpoint)
                && e.Status != SiloStatus.Dead && !e.SiloAddress.Equals(endpoint.Address)).Select(e => e.With(SiloStatus.Dead))])).GetAwaiter().GetResult();
            Volatile.Write(ref _lastBeat, time.GetTimestamp());
            _ = Task.Run(AcceptAsync);
            _ = Task.Run(BeatAsync);
        }

        public void Update(SiloAddress silo, SiloStatus status) {
            try {
                Task.Run(() => EditAsync(view => view.Entries.TryGetValue(silo, out var old) ? [old.With(status)] : [])).GetAwaiter().GetResult();
            } catch (Exception error) when (error is RedisException or IOException or TimeoutException) { // The others find out by themselves.
                LogTableUnreachable(logger, error);
            }
        }

        public void Leave(SiloAddress endpoint) {
            if (_end.IsCancellationRequested)
                return;
            _end.Cancel();
            _listener?.Stop();
            Update(endpoint, SiloStatus.Dead);
            _table.Dispose();
        }

        public SiloAddress? Find(GrainId grain) => SiloStatisticsGrain.Home(grain) ?? (View.Active is { Length: > 0 } silos ? Rendezvous.Owner(grain, silos) : null);
        public SiloAddress Register(GrainId grain, SiloAddress silo) => Find(grain) ?? silo;
        public void Unregister(GrainId grain, SiloAddress silo) { }
        public Silo? Local(SiloAddress silo) => silo.Equals(_silo.Address) ? _silo : null;
        public bool Post(SiloAddress to, Envelope envelope) => !View.IsGone(to) && LinkTo(to).Send(envelope);
        public void Dispose() => _end.Dispose();

        /// <summary>Another silo opened this connection; it serves both ways.</summary>
        public void Adopt(SiloAddress peer, Link link) => _links.TryAdd(peer, link);

        public void Received(SiloAddress peer, Envelope envelope) {
            _heard[peer] = time.GetTimestamp();
            if (envelope.Kind == EnvelopeKind.Probe) {
                if (envelope.Id > View.Version)
                    _ = TryAsync(RefreshAsync);
            } else if (envelope.Forwards > 1) { // Two silos disagree about the members: look who is right.
                _ = TryAsync(RefreshAsync).ContinueWith(_ => _silo.Receive(envelope), TaskScheduler.Default);
            } else {
                ThreadPool.UnsafeQueueUserWorkItem(static work => work._silo.Receive(work.envelope), (_silo, envelope), preferLocal: true);
            }
        }

        /// <summary>Calls that the connection carried get their answer now; a refused one counts as a missed probe.</summary>
        public void Broken(Link link, Exception error) {
            if (link.Peer is not { } peer)
                return;
            _links.TryRemove(KeyValuePair.Create(peer, link));
            if (error is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
                _heard.AddOrUpdate(peer, time.GetTimestamp(), (_, heard) => heard - (long)(_rules.ProbeTimeout.TotalSeconds * time.TimestampFrequency));
            _silo.FailCallsTo(peer.Equals);
        }

        public async Task MaySendAsync(CancellationToken token) {
            while (Frozen)
                await Task.Delay(Beat, time, token);
        }

        private Link LinkTo(SiloAddress peer) {
            if (_links.TryGetValue(peer, out var link))
                return link;
            var mine = new Link(this);
            if ((link = _links.GetOrAdd(peer, mine)) == mine)
                _ = Task.Run(() => mine.DialAsync(peer, _rules.ProbeTimeout, _end.Token));
            return link;
        }

        private async Task AcceptAsync() {
            while (!_end.IsCancellationRequested) {
                try {
                    var socket = await _listener!.AcceptSocketAsync(_end.Token);
                    _ = new Link(this).AcceptAsync(socket, _rules.ProbeTimeout, _end.Token);
                } catch (Exception error) when (error is SocketException or OperationCanceledException or ObjectDisposedException) {
                    await Task.Delay(Beat, time).ConfigureAwait(false);
                }
            }
        }

        private async Task BeatAsync() {
            long probed = 0, refreshed = time.GetTimestamp();
            while (!_end.IsCancellationRequested) {
                await Task.Delay(Beat, time).ConfigureAwait(false);
                if (Frozen && !await TryAsync(RefreshAsync))
                    continue; // Nothing is sent until the table says that this silo is still a member.
                Volatile.Write(ref _lastBeat, time.GetTimestamp());
                if (time.GetElapsedTime(refreshed) >= _rules.TableRefreshTimeout) {
                    refreshed = time.GetTimestamp();
                    _ = TryAsync(RefreshAsync);
                }
                if (time.GetElapsedTime(probed) >= _rules.ProbeTimeout / 2) {
                    probed = time.GetTimestamp();
                    foreach (var peer in View.Entries.Values.Where(e => e.Status != SiloStatus.Dead && !e.SiloAddress.Equals(_silo.Address)))
                        Probe(peer.SiloAddress);
                }
            }
        }

        private void Probe(SiloAddress peer) {
            LinkTo(peer).Send(new Envelope { Kind = EnvelopeKind.Probe, Id = View.Version, From = _silo.Address, Grain = default });
            if (time.GetElapsedTime(_heard.GetOrAdd(peer, _ => time.GetTimestamp())) > Patience)
                _ = TryAsync(() => EditAsync(view => Suspect(view, peer)));
        }

        /// <summary>A vote; with enough of them, or with nobody else to ask, the silo is dead.</summary>
        private IEnumerable<MembershipEntry> Suspect(ClusterView view, SiloAddress peer) {
            if (view.IsGone(peer) || view.IsGone(_silo.Address))
                return [];
            var now = time.GetUtcNow().UtcDateTime;
            var entry = view.Entries[peer];
            var votes = entry.Suspicions.RemoveAll(v => v.By.Equals(_silo.Address) || now - v.At > _rules.DeathVoteExpirationTimeout).Add((_silo.Address, now));
            var needed = Math.Clamp(view.Active.Count(s => !s.Equals(peer)), 1, _rules.NumVotesForDeathDeclaration);
            if (votes.Count >= needed)
                LogDead(logger, peer);
            return [(votes.Count >= needed ? entry.With(SiloStatus.Dead) : entry.With(entry.Status)).Voted(votes)];
        }

        private async Task RefreshAsync() => Apply(await _table.ReadAsync());

        private async Task EditAsync(Func<ClusterView, IEnumerable<MembershipEntry>> edit) {
            while (true) {
                var view = await _table.ReadAsync();
                var changed = edit(view).ToList();
                if (changed.Count == 0 || await _table.SwapAsync(view, changed, time.GetUtcNow().UtcDateTime)) {
                    Apply(changed.Count == 0 ? view : new ClusterView(view.Version + 1, view.Entries.SetItems(changed.Select(e => KeyValuePair.Create(e.SiloAddress, e)))));
                    return;
                }
            }
        }

        private void Apply(ClusterView view) {
            lock (_gate) {
                // A table that lost its rows with its server is no proof of anybody's death.
                if (view.Version <= View.Version || _end.IsCancellationRequested)
                    return;
                View = view;
            }
            if (view.IsGone(_silo.Address)) {
                LogSelfDead(logger, _silo.Address);
                Environment.Exit(70);
            }
            Changed?.Invoke(view);
            _silo.Rebalance();
            foreach (var peer in view.Active.Where(s => !s.Equals(_silo.Address)))
                LinkTo(peer).Send(new Envelope { Kind = EnvelopeKind.Probe, Id = view.Version, From = _silo.Address, Grain = default });
        }

        private async Task<bool> TryAsync(Func<Task> work) {
            try {
                await work();
                return true;
            } catch (Exception error) {
                if (!_end.IsCancellationRequested)
                    LogTableUnreachable(logger, error);
                return false;
            }
        }

        [LoggerMessage(EventId = 7, Level = LogLevel.Warning, Message = "The membership table cannot be reached; nobody is declared dead meanwhile")]
        private static partial void LogTableUnreachable(ILogger logger, Exception error);

        [LoggerMessage(EventId = 8, Level = LogLevel.Warning, Message = "Silo {Silo} does not answer and is declared dead")]
        private static partial void LogDead(ILogger logger, SiloAddress silo);

        [LoggerMessage(EventId = 9, Level = LogLevel.Critical, Message = "This silo, {Silo}, was declared dead by the others; its process ends")]
        private static partial void LogSelfDead(ILogger logger, SiloAddress silo);
    }
}

namespace Microsoft.Extensions.Hosting {
    public static class RedisClusteringISiloBuilderExtensions {
        public static ISiloBuilder UseRedisClustering(this ISiloBuilder builder, string redisConnectionString)
            => builder.UseRedisClustering(o => o.ConfigurationOptions = ConfigurationOptions.Parse(redisConnectionString));

        public static ISiloBuilder UseRedisClustering(this ISiloBuilder builder, Action<RedisClusteringOptions> configuration) => builder.ConfigureServices(services => {
            services.Configure(configuration);
            services.AddSingleton<ICluster, RedisCluster>();
        });
    }
}
