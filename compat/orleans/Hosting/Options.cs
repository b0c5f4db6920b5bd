using System.Net;

namespace Orleans.Configuration {
    public class ClusterOptions {
        public string ClusterId { get; set; } = "default";
        public string ServiceId { get; set; } = "default";
    }

    public class SiloOptions {
        public string SiloName { get; set; } = null!;
    }

    public class EndpointOptions {
        public const int DEFAULT_SILO_PORT = 11111;
        public const int DEFAULT_GATEWAY_PORT = 30000;
        public IPAddress AdvertisedIPAddress { get; set; } = IPAddress.Loopback;
        public int SiloPort { get; set; } = DEFAULT_SILO_PORT;
        public int GatewayPort { get; set; } = DEFAULT_GATEWAY_PORT;
        public IPEndPoint? SiloListeningEndpoint { get; set; }
    }

    public abstract class MessagingOptions {
        public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);
    }

    public class SiloMessagingOptions : MessagingOptions;
    public class ClientMessagingOptions : MessagingOptions;

    public class GrainCollectionOptions {
        public TimeSpan CollectionQuantum { get; set; } = TimeSpan.FromMinutes(1);
        public TimeSpan CollectionAge { get; set; } = TimeSpan.FromMinutes(15);
        public Dictionary<string, TimeSpan> ClassSpecificCollectionAge { get; set; } = [];
        public TimeSpan ActivationTimeout { get; set; } = TimeSpan.FromSeconds(30);
        public TimeSpan DeactivationTimeout { get; set; } = TimeSpan.FromSeconds(30);
    }

    /// <summary>How silos of several processes find out that another died; those of one process see it at once.</summary>
    public class ClusterMembershipOptions {
        public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(5);
        public int NumMissedProbesLimit { get; set; } = 3;
        public int NumVotesForDeathDeclaration { get; set; } = 2;
        public TimeSpan TableRefreshTimeout { get; set; } = TimeSpan.FromSeconds(60);
        public TimeSpan DeathVoteExpirationTimeout { get; set; } = TimeSpan.FromMinutes(2);
    }

    public class MemoryGrainStorageOptions;

    public class StreamPullingAgentOptions {
        public TimeSpan GetQueueMsgsTimerPeriod { get; set; } = TimeSpan.FromMilliseconds(100);
    }

    public class AdoNetGrainStorageOptions {
        public string? ConnectionString { get; set; }
        public string Invariant { get; set; } = "System.Data.SqlClient";
    }

    public class AdoNetReminderTableOptions {
        public string Invariant { get; set; } = null!;
        public string? ConnectionString { get; set; }
    }
}

namespace Orleans.Hosting {
    public sealed class ReminderOptions {
        public TimeSpan MinimumReminderPeriod { get; set; } = TimeSpan.FromMinutes(1);
        public TimeSpan RefreshReminderListPeriod { get; set; } = TimeSpan.FromMinutes(5);
    }
}
