using System.Collections.Immutable;
using Orleans.Runtime;

namespace Orleans.Runtime {
    [GenerateSerializer]
    public enum SiloStatus { None, Created, Joining, Active, ShuttingDown, Stopping, Dead }

    public interface ILocalSiloDetails {
        string Name { get; }
        string ClusterId { get; }
        string DnsHostName { get; }
        SiloAddress SiloAddress { get; }
        SiloAddress GatewayAddress { get; }
    }

    [GenerateSerializer]
    public sealed class SimpleGrainStatistic {
        [Id(0)] public string GrainType { get; set; } = "";
        [Id(1)] public SiloAddress SiloAddress { get; set; } = SiloAddress.Zero;
        [Id(2)] public int ActivationCount { get; set; }
    }

    public interface IManagementGrain : IGrainWithIntegerKey {
        Task<Dictionary<SiloAddress, SiloStatus>> GetHosts(bool onlyActive = false);
        Task<MembershipEntry[]> GetDetailedHosts(bool onlyActive = false);
        Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics();
        Task<int> GetTotalActivationCount();
    }

    internal sealed class ManagementGrain(Silo silo) : Grain, IManagementGrain {
        private IEnumerable<MembershipEntry> Entries(bool onlyActive)
            => silo.Cluster.View.Entries.Values.Where(e => !onlyActive || e.Status == SiloStatus.Active);

        public Task<MembershipEntry[]> GetDetailedHosts(bool onlyActive = false) => Task.FromResult(Entries(onlyActive).ToArray());

        public Task<Dictionary<SiloAddress, SiloStatus>> GetHosts(bool onlyActive = false)
            => Task.FromResult(Entries(onlyActive).ToDictionary(e => e.SiloAddress, e => e.Status));

        public async Task<int> GetTotalActivationCount() => (await GetSimpleGrainStatistics()).Sum(s => s.ActivationCount);

        public async Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics() => [.. (await Task.WhenAll(silo.Cluster.View.Active.Select(s =>
            silo.Cluster.Local(s) is { } here ? Task.FromResult(SiloStatisticsGrain.Of(here)) : GrainFactory.GetGrain<ISiloStatistics>(s.ToParsableString()).Get()))).SelectMany(s => s)];
    }

    internal interface ISiloStatistics : IGrainWithStringKey {
        Task<SimpleGrainStatistic[]> Get();
    }

    /// <summary>Lives in the silo that its key names, as the listeners of streams do.</summary>
    internal sealed class SiloStatisticsGrain(Silo silo) : Grain, ISiloStatistics {
        public static SiloAddress? Home(GrainId grain) => grain.Type.Value.ToString() is "silostatistics" or "memorystreamlistener"
            ? SiloAddress.FromParsableString(grain.Key.ToString()!.Split('/')[^1]) : null;
        public static SimpleGrainStatistic[] Of(Silo silo) => [.. silo.CountActivations().Select(
            c => new SimpleGrainStatistic { SiloAddress = silo.Address, GrainType = c.Key, ActivationCount = c.Value })];
        public Task<SimpleGrainStatistic[]> Get() => Task.FromResult(Of(silo));
    }
}

namespace Orleans {
    [GenerateSerializer]
    public sealed class MembershipEntry {
        [Id(0)] public SiloAddress SiloAddress { get; set; } = SiloAddress.Zero;
        [Id(1)] public SiloStatus Status { get; set; }
        [Id(3)] public int ProxyPort { get; set; }
        [Id(4)] public string HostName { get; set; } = "";
        [Id(5)] public string SiloName { get; set; } = "";
        [Id(6)] public DateTime StartTime { get; set; }
        [Id(7)] public DateTime IAmAliveTime { get; set; }

        internal ImmutableList<(SiloAddress By, DateTime At)> Suspicions { get; init; } = [];

        internal MembershipEntry With(SiloStatus status) => Copy(status, Suspicions);
        internal MembershipEntry Voted(ImmutableList<(SiloAddress By, DateTime At)> votes) => Copy(Status, votes);

        private MembershipEntry Copy(SiloStatus status, ImmutableList<(SiloAddress By, DateTime At)> votes) => new() {
            SiloAddress = SiloAddress, Status = status, ProxyPort = ProxyPort, HostName = HostName, SiloName = SiloName, StartTime = StartTime,
            IAmAliveTime = IAmAliveTime, Suspicions = votes,
        };
    }
}
