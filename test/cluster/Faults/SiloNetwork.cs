using System.Net;
using Granary.TestSupport;

namespace Granary.Cluster.Tests;

/// <summary>
/// A network of this test's own: a namespace for each silo, joined by a bridge that this machine is on as well, so that a
/// silo can be cut off from one other and still reach everybody else.
/// </summary>
internal sealed class SiloNetwork : IDisposable
{
    private readonly string _id = $"g{Environment.ProcessId % 100_000}";
    private readonly string _subnet;
    private readonly List<string> _namespaces = [];

    /// <summary>Makes it.</summary>
    /// <param name="silos">How many namespaces.</param>
    public SiloNetwork(int silos)
    {
        // Of 10.200.0.0/13, which nobody routes to; one of 2,000 by the process, so that two runs do not meet.
        _subnet = $"10.{200 + (Environment.ProcessId / 250 % 8)}.{Environment.ProcessId % 250}";
        try
        {
            Ip("link", "add", Bridge, "type", "bridge");
            Ip("address", "add", $"{Host}/24", "dev", Bridge);
            Ip("link", "set", Bridge, "up");
            for (var i = 0; i < silos; i++)
            {
                var (name, outside, inside) = (NameOf(i), $"{_id}o{i}", $"{_id}i{i}");
                Ip("netns", "add", name);
                _namespaces.Add(name);
                Ip("link", "add", outside, "type", "veth", "peer", "name", inside);
                Ip("link", "set", inside, "netns", name);
                Ip("link", "set", outside, "master", Bridge);
                Ip("link", "set", outside, "up");
                Ip("-n", name, "link", "set", "lo", "up");
                Ip("-n", name, "address", "add", $"{AddressOf(i)}/24", "dev", inside);
                Ip("-n", name, "link", "set", inside, "up");
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Why there can be none.</summary>
    public static string? Missing { get; } = Try();

    /// <summary>This machine on the network.</summary>
    public IPAddress Host => IPAddress.Parse($"{_subnet}.1");

    private string Bridge => $"{_id}b";

    /// <summary>A silo on the network.</summary>
    public IPAddress AddressOf(int silo) => IPAddress.Parse($"{_subnet}.{silo + 11}");

    /// <summary>What stands before a program that is to run at a silo's place.</summary>
    public string[] WrapperOf(int silo) => ["ip", "netns", "exec", NameOf(silo)];

    /// <summary>From here on nothing of one silo reaches the other. What the other sends still arrives.</summary>
    public void CutOneWay(int from, int to) => Ip("-n", NameOf(from), "route", "add", "blackhole", $"{AddressOf(to)}/32");

    /// <summary>From here on the two hear nothing of each other.</summary>
    public void Cut(int one, int other)
    {
        CutOneWay(one, other);
        CutOneWay(other, one);
    }

    /// <summary>Ends a cut in both directions.</summary>
    public void Heal(int one, int other)
    {
        foreach (var (from, to) in new[] { (one, other), (other, one) })
        {
            Repository.Run("ip", ["-n", NameOf(from), "route", "del", "blackhole", $"{AddressOf(to)}/32"]);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The veth pairs go with their namespaces.
        _namespaces.ForEach(static name => Repository.Run("ip", ["netns", "delete", name]));
        Repository.Run("ip", ["link", "delete", Bridge]);
    }

    private string NameOf(int silo) => $"{_id}-silo{silo + 1}";

    private static void Ip(params string[] arguments)
    {
        var (code, output) = Repository.Run("ip", arguments);
        if (code != 0)
        {
            throw new InvalidOperationException($"ip {string.Join(' ', arguments)}: {output}");
        }
    }

    private static string? Try()
    {
        if (!Repository.HasProgram("ip"))
        {
            return "no network namespaces: the program ip is missing (package iproute2)";
        }

        var name = $"g{Environment.ProcessId}-try";
        var (code, output) = Repository.Run("ip", ["netns", "add", name]);
        Repository.Run("ip", ["netns", "delete", name]);
        return code == 0 ? null : $"no right to make network namespaces: {output.Trim()}";
    }
}

/// <summary>A test that makes a network of its own. Without root it is skipped everywhere: no server can be installed that would help.</summary>
public sealed class ClusterWithNetworkFactAttribute : FactAttribute
{
    /// <summary>Skips where a server or the right is missing.</summary>
    public ClusterWithNetworkFactAttribute() => Skip = Requirement.SkipReason(LocalCluster.Missing)
        ?? (Environment.IsPrivilegedProcess ? Requirement.SkipReason(SiloNetwork.Missing) : "no right to make network namespaces: not root");
}
