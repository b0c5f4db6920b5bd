using System.Net;
using System.Net.Sockets;

namespace Granary.Grains.Webhooks;

/// <summary>
/// Which addresses webhooks may send to: public ones, and those that the operator allows. The addresses are looked at when
/// the connection is made, so that a name that resolves to another one later helps nobody. Pure but for its list.
/// </summary>
public sealed class WebhookTargets(IReadOnlyList<IPNetwork> allowed)
{
    // RFC 6890 and its updates: everything that is not a public unicast address.
    private static readonly IPNetwork[] Special =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "::/128", "::1/128", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7",
            "fe80::/10", "fec0::/10", "ff00::/8",
        }.Select(IPNetwork.Parse),
    ];

    /// <summary>May this address be sent to?</summary>
    public bool Allows(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return Array.TrueForAll(Special, network => !network.Contains(plain)) || allowed.Any(network => network.Contains(plain));
    }

    /// <summary>Connects to the first address of a name that may be sent to.</summary>
    /// <exception cref="HttpRequestException">It has none, or none of them answers.</exception>
    public async Task<Stream> ConnectAsync(DnsEndPoint target, CancellationToken cancellationToken)
    {
        var addresses = IPAddress.TryParse(target.Host.Trim('[', ']'), out var literal) ? [literal] : await Dns.GetHostAddressesAsync(target.Host, cancellationToken);
        var open = Array.FindAll(addresses, Allows);
        if (open.Length == 0)
        {
            throw new HttpRequestException("The target has no public address, and its own is not allowed.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(open, target.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
