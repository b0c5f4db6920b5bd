using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Granary.Silo.LocalCluster;

/// <summary>Free TCP ports of this machine, kept in a file of the data folder, so that a restart has the same.</summary>
internal sealed class LocalPorts
{
    private readonly string _file;
    private readonly Dictionary<string, int> _ports = new(StringComparer.Ordinal);

    /// <summary>Reads what an earlier start chose.</summary>
    public LocalPorts(string file)
    {
        _file = file;
        foreach (var line in File.Exists(file) ? File.ReadAllLines(file) : [])
        {
            if (line.Split('=') is [var name, var text] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            {
                _ports[name] = port;
            }
        }
    }

    /// <summary>The port for a purpose: the one of the last time where nobody else has taken it, else a free one.</summary>
    public int Get(string purpose)
    {
        if (!_ports.TryGetValue(purpose, out var port) || !IsFree(port))
        {
            do
            {
                port = FreePort();
            }
            while (_ports.ContainsValue(port));
            _ports[purpose] = port;
            File.WriteAllLines(_file, _ports.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key}={pair.Value}")));
        }

        return port;
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    // Below those that the system gives to outgoing connections: the port of a silo that is being started again must not be
    // taken by one.
    private static int FreePort()
    {
        int port;
        do
        {
            port = RandomNumberGenerator.GetInt32(12_000, 32_000);
        }
        while (!IsFree(port));
        return port;
    }
}
