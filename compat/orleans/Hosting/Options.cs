using System.Net;

namespace Orleans.Configuration;

/// <summary>Which cluster, which service.</summary>
public class ClusterOptions {
    public string ClusterId { get; set; } = "default";
    public string ServiceId { get; set; } = "default";
}

/// <summary>The silo's name.</summary>
public class SiloOptions {
    public string SiloName { get; set; } = null!;
}

/// <summary>Where the silo listens.</summary>
public class EndpointOptions {
    public const int DEFAULT_SILO_PORT = 11111;
    public const int DEFAULT_GATEWAY_PORT = 30000;
    public IPAddress AdvertisedIPAddress { get; set; } = IPAddress.Loopback;
    public int SiloPort { get; set; } = DEFAULT_SILO_PORT;
    public int GatewayPort { get; set; } = DEFAULT_GATEWAY_PORT;
    public IPEndPoint? SiloListeningEndpoint { get; set; }
    public IPEndPoint? GatewayListeningEndpoint { get; set; }
}

/// <summary>Calls.</summary>
public abstract class MessagingOptions {
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>Calls made by silos.</summary>
public class SiloMessagingOptions : MessagingOptions;

/// <summary>Calls made by clients.</summary>
public class ClientMessagingOptions : MessagingOptions;

/// <summary>Collection of idle activations.</summary>
public class GrainCollectionOptions {
    public TimeSpan CollectionQuantum { get; set; } = TimeSpan.FromMinutes(1);
    public TimeSpan CollectionAge { get; set; } = TimeSpan.FromMinutes(15);
    public Dictionary<string, TimeSpan> ClassSpecificCollectionAge { get; set; } = [];
    public TimeSpan ActivationTimeout { get; set; } = TimeSpan.FromSeconds(30);
    public TimeSpan DeactivationTimeout { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>How silos find out that another died; here they see it at once.</summary>
public class ClusterMembershipOptions {
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(5);
    public int NumMissedProbesLimit { get; set; } = 3;
    public int NumVotesForDeathDeclaration { get; set; } = 2;
    public TimeSpan TableRefreshTimeout { get; set; } = TimeSpan.FromSeconds(60);
}
