using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Granary.Silo.Configuration;

/// <summary>How this silo finds and is found by the others of a cluster.</summary>
public sealed class ClusterOptions
{
    /// <summary>Least characters of the cluster key: 24 random bytes in base64 have 32.</summary>
    public const int LeastKeyLength = 32;

    /// <summary>Redis connection string of the membership table; Sentinel (<c>serviceName=</c>) and TLS (<c>ssl=true</c>) as StackExchange.Redis takes them.</summary>
    public required string Redis { get; init; }

    /// <summary>Secret that silos show each other; the same for all.</summary>
    public required string Key { get; init; }

    /// <summary>Address by which the other silos reach this one. Default: the machine's first that is not loopback.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>TCP port of grain calls between silos. Default 11111.</summary>
    public required int SiloPort { get; init; }

    /// <summary>TCP port by which other silos reach this one's local stores. Default 8081.</summary>
    public required int InternalPort { get; init; }

    /// <summary>Where this silo listens for the others: loopback only when that is its address.</summary>
    public IPAddress Listen => IPAddress.IsLoopback(Address) ? Address : IPAddress.Any;

    /// <summary>The internal endpoint as other silos use it.</summary>
    public Uri Endpoint => new UriBuilder("http", Address.ToString(), InternalPort).Uri;

    /// <summary>Reads and checks the settings; null when no cluster is wanted.</summary>
    public static ClusterOptions? Read(SettingSource source, SecretOptions secrets, bool hasSharedDatabase)
    {
        var redis = source.Secret("GRANARY_CLUSTER_REDIS");
        var key = source.Secret("GRANARY_CLUSTER_KEY");
        var options = new ClusterOptions
        {
            Redis = redis ?? "",
            Key = key ?? "",
            Address = ReadAddress(source),
            SiloPort = source.Number("GRANARY_SILO_PORT", 11111, 1, 65535),
            InternalPort = source.Number("GRANARY_INTERNAL_PORT", 8081, 1, 65535),
        };
        if (redis is null)
        {
            return null;
        }

        CheckRedis(source, redis);
        Check(source, key, secrets, hasSharedDatabase);
        return options;
    }

    // Never with its value: it may hold a password.
    private static void CheckRedis(SettingSource source, string redis)
    {
        try
        {
            if (StackExchange.Redis.ConfigurationOptions.Parse(redis).EndPoints.Count == 0)
            {
                source.Fail("GRANARY_CLUSTER_REDIS", "(secret)", "name a server, such as redis.example.org:6379, or all Sentinels with serviceName=NAME");
            }
        }
        catch (ArgumentException)
        {
            source.Fail("GRANARY_CLUSTER_REDIS", "(secret)", "give a connection string as StackExchange.Redis takes it, such as redis.example.org:6379,password=...,ssl=true");
        }
    }

    private static void Check(SettingSource source, string? key, SecretOptions secrets, bool hasSharedDatabase)
    {
        if (key is null || key.Length < LeastKeyLength)
        {
            source.Fail("GRANARY_CLUSTER_KEY", key is null ? "(none)" : "(secret)", $"a cluster needs one, the same for all silos, of at least {LeastKeyLength} characters");
        }

        if (!hasSharedDatabase)
        {
            source.Fail("GRANARY_DATABASE", "(none)", "a cluster (GRANARY_CLUSTER_REDIS is set) needs a database that all silos reach");
        }

        if (secrets.EncryptionKey is null)
        {
            source.Fail("GRANARY_ENCRYPTION_KEY", "(none)", "a cluster needs one, the same for all silos: 32 random bytes in base64");
        }

        if (secrets.OperatorKey is null)
        {
            source.Fail("GRANARY_OPERATOR_KEY", "(none)", "a cluster needs one, the same for all silos");
        }
    }

    private static IPAddress ReadAddress(SettingSource source)
    {
        var text = source.OptionalText("GRANARY_ADVERTISED_ADDRESS");
        if (text is null)
        {
            return FirstAddress();
        }

        if (IPAddress.TryParse(text, out var address) && address.AddressFamily == AddressFamily.InterNetwork && !address.Equals(IPAddress.Any))
        {
            return address;
        }

        source.Fail("GRANARY_ADVERTISED_ADDRESS", text, "give the IPv4 address by which the other silos reach this one");
        return IPAddress.Loopback;
    }

    private static IPAddress FirstAddress() => NetworkInterface.GetAllNetworkInterfaces()
        .Where(network => network.OperationalStatus == OperationalStatus.Up && network.NetworkInterfaceType != NetworkInterfaceType.Loopback)
        .SelectMany(network => network.GetIPProperties().UnicastAddresses)
        .Select(address => address.Address)
        .FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork) ?? IPAddress.Loopback;
}
