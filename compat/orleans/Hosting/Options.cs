using System.Net;

namespace Orleans.Configuration;

/// <summary>Which cluster, which service.</summary>
public class ClusterOptions
{
    /// <summary>Silos with the same id form a cluster.</summary>
    public string ClusterId { get; set; } = "default";

    /// <summary>Names the service in stores and reminders; stays over deployments.</summary>
    public string ServiceId { get; set; } = "default";
}

/// <summary>The silo's name.</summary>
public class SiloOptions
{
    /// <summary>The name; by default one is made up.</summary>
    public string SiloName { get; set; } = null!;
}

/// <summary>Where the silo listens.</summary>
public class EndpointOptions
{
    /// <summary>Default port for silos.</summary>
    public const int DEFAULT_SILO_PORT = 11111;

    /// <summary>Default port for clients.</summary>
    public const int DEFAULT_GATEWAY_PORT = 30000;

    /// <summary>The address others use.</summary>
    public IPAddress AdvertisedIPAddress { get; set; } = IPAddress.Loopback;

    /// <summary>Port for silos.</summary>
    public int SiloPort { get; set; } = DEFAULT_SILO_PORT;

    /// <summary>Port for clients; 0: none.</summary>
    public int GatewayPort { get; set; } = DEFAULT_GATEWAY_PORT;

    /// <summary>What to bind for silos instead.</summary>
    public IPEndPoint? SiloListeningEndpoint { get; set; }

    /// <summary>What to bind for clients instead.</summary>
    public IPEndPoint? GatewayListeningEndpoint { get; set; }
}

/// <summary>Calls.</summary>
public abstract class MessagingOptions
{
    /// <summary>How long a caller waits.</summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>Calls made by silos.</summary>
public class SiloMessagingOptions : MessagingOptions;

/// <summary>Calls made by clients.</summary>
public class ClientMessagingOptions : MessagingOptions;

/// <summary>Collection of idle activations.</summary>
public class GrainCollectionOptions
{
    /// <summary>How often to look.</summary>
    public TimeSpan CollectionQuantum { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long an activation may be idle.</summary>
    public TimeSpan CollectionAge { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>The same by full name of the grain class.</summary>
    public Dictionary<string, TimeSpan> ClassSpecificCollectionAge { get; set; } = [];

    /// <summary>How long a grain may take to activate.</summary>
    public TimeSpan ActivationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a grain may take to deactivate.</summary>
    public TimeSpan DeactivationTimeout { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>How silos find out that another died; here they see it at once.</summary>
public class ClusterMembershipOptions
{
    /// <summary>How long a probe may take.</summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Probes that fail before a silo is suspected.</summary>
    public int NumMissedProbesLimit { get; set; } = 3;

    /// <summary>Silos that must suspect.</summary>
    public int NumVotesForDeathDeclaration { get; set; } = 2;

    /// <summary>How often the table is read.</summary>
    public TimeSpan TableRefreshTimeout { get; set; } = TimeSpan.FromSeconds(60);
}
