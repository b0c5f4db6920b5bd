using Orleans.Runtime;

namespace Orleans.Runtime {
    /// <summary>Where a silo is in its life.</summary>
    [GenerateSerializer]
    public enum SiloStatus {
        None = 0, Created = 1, Joining = 2, Active = 3, ShuttingDown = 4, Stopping = 5, Dead = 6,
    }

    /// <summary>The silo of this process.</summary>
    public interface ILocalSiloDetails {
        string Name { get; }
        string ClusterId { get; }
        string DnsHostName { get; }
        SiloAddress SiloAddress { get; }
        SiloAddress GatewayAddress { get; }
    }

    /// <summary>How many activations of a grain class a silo holds.</summary>
    [GenerateSerializer]
    public sealed class SimpleGrainStatistic {
        [Id(0)]
        public string GrainType { get; set; } = "";
        [Id(1)]
        public SiloAddress SiloAddress { get; set; } = SiloAddress.Zero;
        [Id(2)]
        public int ActivationCount { get; set; }
    }

    /// <summary>The cluster, seen from outside; key 0.</summary>
    public interface IManagementGrain : IGrainWithIntegerKey {
        Task<Dictionary<SiloAddress, SiloStatus>> GetHosts(bool onlyActive = false);
        Task<MembershipEntry[]> GetDetailedHosts(bool onlyActive = false);
        Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics();
        Task<int> GetTotalActivationCount();
    }
}

namespace Orleans {
    /// <summary>One silo in the membership table.</summary>
    [GenerateSerializer]
    public sealed class MembershipEntry {
        [Id(0)]
        public SiloAddress SiloAddress { get; set; } = SiloAddress.Zero;
        [Id(1)]
        public SiloStatus Status { get; set; }
        [Id(2)]
        public List<Tuple<SiloAddress, DateTime>>? SuspectTimes { get; set; }
        [Id(3)]
        public int ProxyPort { get; set; }
        [Id(4)]
        public string HostName { get; set; } = "";
        [Id(5)]
        public string SiloName { get; set; } = "";
        [Id(6)]
        public DateTime StartTime { get; set; }
        [Id(7)]
        public DateTime IAmAliveTime { get; set; }
    }
}
