using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Orleans.Runtime;
using StackExchange.Redis;

namespace Orleans.Clustering.Redis {
    public class RedisClusteringOptions {
        public ConfigurationOptions? ConfigurationOptions { get; set; }
    }
}

namespace Orleans.Runtime {
    /// <summary>The membership table: one hash in Redis that never expires and changes only from one version to the next.</summary>
    internal sealed class RedisTable(ConfigurationOptions options, string key) : IDisposable {
        private const string Swap = """
            if (redis.call('HGET', KEYS[1], 'version') or '0') ~= ARGV[1] then return 0 end
            redis.call('HINCRBY', KEYS[1], 'version', 1)
            for i = 2, #ARGV, 2 do
              if ARGV[i + 1] == '' then redis.call('HDEL', KEYS[1], ARGV[i]) else redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
            end
            return 1
            """;
        private static readonly TimeSpan KeepDead = TimeSpan.FromDays(1);
        private ConnectionMultiplexer? _connection;

        public void Dispose() => _connection?.Dispose();

        public async Task<ClusterView> ReadAsync() => await RunAsync(async rows => {
            var fields = await rows.HashGetAllAsync(key);
            var version = fields.FirstOrDefault(f => f.Name == "version").Value;
            return new ClusterView(version.IsNull ? 0 : (long)version, fields.Where(f => f.Name != "version").Select(Parse).ToImmutableDictionary(e => e.SiloAddress));
        });

        /// <summary>Writes entries if the table is still at that version. Rows of the long dead go at the same time.</summary>
        public async Task<bool> SwapAsync(ClusterView from, IEnumerable<MembershipEntry> changed, DateTime now) => await RunAsync(async rows => {
            var old = from.Entries.Values.Where(e => e.Status == SiloStatus.Dead && now - e.IAmAliveTime > KeepDead && now - e.StartTime > KeepDead);
            RedisValue[] values = [from.Version.ToString(CultureInfo.InvariantCulture),
                .. old.SelectMany(e => (RedisValue[])[e.SiloAddress.ToParsableString(), ""]),
                .. changed.SelectMany(e => (RedisValue[])[e.SiloAddress.ToParsableString(), Format(e)])];
            return (int)await rows.ScriptEvaluateAsync(Swap, [key], values) == 1;
        });

        /// <summary>A connection repairs itself; only to follow a master that Sentinel moved it is made anew.</summary>
        private async Task<T> RunAsync<T>(Func<IDatabase, Task<T>> work) {
            try {
                _connection ??= await ConnectionMultiplexer.ConnectAsync(await MasterAsync());
                return await work(_connection.GetDatabase());
            } catch (Exception error) when (error is RedisException or IOException && !string.IsNullOrEmpty(options.ServiceName)) {
                Interlocked.Exchange(ref _connection, null)?.Dispose();
                throw;
            }
        }

        private async Task<ConfigurationOptions> MasterAsync() {
            if (string.IsNullOrEmpty(options.ServiceName))
                return options;
            var ask = options.Clone();
            (ask.CommandMap, ask.TieBreaker, ask.ServiceName) = (CommandMap.Sentinel, "", null);
            using var sentinels = await ConnectionMultiplexer.ConnectAsync(ask);
            var server = Array.Find(Array.ConvertAll(sentinels.GetEndPoints(), e => sentinels.GetServer(e)), s => s.IsConnected)
                ?? throw new IOException("No sentinel answers.");
            var found = options.Clone();
            found.EndPoints.Clear();
            found.EndPoints.Add(await server.SentinelGetMasterAddressByNameAsync(options.ServiceName));
            return found;
        }

        private static string Format(MembershipEntry e) => JsonSerializer.Serialize(new Row(
            e.Status, e.SiloName, e.HostName, e.ProxyPort, e.StartTime, e.IAmAliveTime, [.. e.Suspicions.Select(s => new Vote(s.By.ToParsableString(), s.At))]));

        private static MembershipEntry Parse(HashEntry field) {
            var row = JsonSerializer.Deserialize<Row>((string)field.Value!)!;
            return new MembershipEntry {
                SiloAddress = SiloAddress.FromParsableString(field.Name!), Status = row.Status, SiloName = row.Name, HostName = row.Host, ProxyPort = row.Gateway,
                StartTime = row.Started, IAmAliveTime = row.Alive, Suspicions = [.. row.Votes.Select(v => (SiloAddress.FromParsableString(v.By), v.At))],
            };
        }

        private sealed record Vote(string By, DateTime At);
        private sealed record Row(SiloStatus Status, string Name, string Host, int Gateway, DateTime Started, DateTime Alive, Vote[] Votes);
    }
}
