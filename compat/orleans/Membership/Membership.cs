using Orleans.Runtime;

namespace Orleans.Runtime
{
    /// <summary>Where a silo is in its life.</summary>
    [GenerateSerializer]
    public enum SiloStatus
    {
        /// <summary>Unknown.</summary>
        None = 0,

        /// <summary>Created.</summary>
        Created = 1,

        /// <summary>Joining.</summary>
        Joining = 2,

        /// <summary>Takes grains.</summary>
        Active = 3,

        /// <summary>Stops gracefully.</summary>
        ShuttingDown = 4,

        /// <summary>Stops at once.</summary>
        Stopping = 5,

        /// <summary>Gone for good.</summary>
        Dead = 6,
    }

    /// <summary>The silo of this process.</summary>
    public interface ILocalSiloDetails
    {
        /// <summary>Its name.</summary>
        string Name { get; }

        /// <summary>Its cluster.</summary>
        string ClusterId { get; }

        /// <summary>Its host.</summary>
        string DnsHostName { get; }

        /// <summary>Its address.</summary>
        SiloAddress SiloAddress { get; }

        /// <summary>Where clients connect.</summary>
        SiloAddress GatewayAddress { get; }
    }

    /// <summary>How many activations of a grain class a silo holds.</summary>
    [GenerateSerializer]
    public sealed class SimpleGrainStatistic
    {
        /// <summary>The grain class.</summary>
        [Id(0)]
        public string GrainType { get; set; } = "";

        /// <summary>The silo.</summary>
        [Id(1)]
        public SiloAddress SiloAddress { get; set; } = SiloAddress.Zero;

        /// <summary>The number.</summary>
        [Id(2)]
        public int ActivationCount { get; set; }
    }

    /// <summary>The cluster, seen from outside; key 0.</summary>
    public interface IManagementGrain : IGrainWithIntegerKey
    {
        /// <summary>Silos and their states.</summary>
        Task<Dictionary<SiloAddress, SiloStatus>> GetHosts(bool onlyActive = false);

        /// <summary>Silos with details.</summary>
        Task<MembershipEntry[]> GetDetailedHosts(bool onlyActive = false);

        /// <summary>Activations per class and silo.</summary>
        Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics();

        /// <summary>All activations.</summary>
        Task<int> GetTotalActivationCount();
    }
}

namespace Orleans
{
    /// <summary>One silo in the membership table.</summary>
    [GenerateSerializer]
    public sealed class MembershipEntry
    {
        /// <summary>Its address.</summary>
        [Id(0)]
        public SiloAddress SiloAddress { get; set; } = SiloAddress.Zero;

        /// <summary>Its state.</summary>
        [Id(1)]
        public SiloStatus Status { get; set; }

        /// <summary>Who suspects it, since when.</summary>
        [Id(2)]
        public List<Tuple<SiloAddress, DateTime>>? SuspectTimes { get; set; }

        /// <summary>Port for clients.</summary>
        [Id(3)]
        public int ProxyPort { get; set; }

        /// <summary>Its host.</summary>
        [Id(4)]
        public string HostName { get; set; } = "";

        /// <summary>Its name.</summary>
        [Id(5)]
        public string SiloName { get; set; } = "";

        /// <summary>When it started, UTC.</summary>
        [Id(6)]
        public DateTime StartTime { get; set; }

        /// <summary>When it last said so, UTC.</summary>
        [Id(7)]
        public DateTime IAmAliveTime { get; set; }
    }
}
