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
        private IEnumerable<Silo> Silos => silo.Cluster.View.Active.Select(silo.Cluster.Local).OfType<Silo>();

        private IEnumerable<MembershipEntry> Entries(bool onlyActive)
            => silo.Cluster.View.Entries.Values.Where(e => !onlyActive || e.Status == SiloStatus.Active);

        public Task<MembershipEntry[]> GetDetailedHosts(bool onlyActive = false) => Task.FromResult(Entries(onlyActive).ToArray());

        public Task<Dictionary<SiloAddress, SiloStatus>> GetHosts(bool onlyActive = false)
            => Task.FromResult(Entries(onlyActive).ToDictionary(e => e.SiloAddress, e => e.Status));

        public Task<int> GetTotalActivationCount() => Task.FromResult(Silos.Sum(s => s.CountActivations().Values.Sum()));

        public Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics() => Task.FromResult(Silos.SelectMany(s => s.CountActivations().Select(
            c => new SimpleGrainStatistic { SiloAddress = s.Address, GrainType = c.Key, ActivationCount = c.Value })).ToArray());
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

        internal MembershipEntry With(SiloStatus status) {
            var copy = (MembershipEntry)MemberwiseClone();
            copy.Status = status;
            return copy;
        }
    }
}
