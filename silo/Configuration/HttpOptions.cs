using System.Net;

namespace Granary.Silo.Configuration;

/// <summary>Where and how the silo answers HTTP.</summary>
public sealed class HttpOptions
{
    /// <summary>Address to listen on. Default 127.0.0.1: this machine only.</summary>
    public required IPAddress Listen { get; init; }

    /// <summary>TCP port; 0 lets the system choose. Default 8080.</summary>
    public required int Port { get; init; }

    /// <summary>Prefix of every path when a proxy forwards it unchanged, such as <c>/granary</c>. Default empty.</summary>
    public required string PathBase { get; init; }

    /// <summary>Proxies (addresses or networks) whose forwarded headers are believed. Default none.</summary>
    public required IReadOnlyList<IPNetwork> TrustedProxies { get; init; }

    /// <summary>Origins whose pages may call the API. Default none.</summary>
    public required IReadOnlyList<string> CorsOrigins { get; init; }

    /// <summary>
    /// How long a silo that was told to stop still takes requests after it said that it is not ready, so that balancers have
    /// time to see it. Default 0.
    /// </summary>
    public required TimeSpan Drain { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static HttpOptions Read(SettingSource source) => new()
    {
        Listen = ReadAddress(source),
        Port = source.Number("GRANARY_PORT", 8080, 0, 65535),
        PathBase = ReadPathBase(source),
        TrustedProxies = ReadNetworks(source, "GRANARY_TRUSTED_PROXIES"),
        CorsOrigins = ReadOrigins(source),
        Drain = TimeSpan.FromSeconds(source.Number("GRANARY_DRAIN_SECONDS", 0, 0, 600)),
    };

    private static IPAddress ReadAddress(SettingSource source)
    {
        var text = source.Text("GRANARY_LISTEN", "127.0.0.1");
        if (IPAddress.TryParse(text, out var address))
        {
            return address;
        }

        source.Fail("GRANARY_LISTEN", text, "give an IP address of this machine, or 0.0.0.0 for all of them");
        return IPAddress.Loopback;
    }

    private static string ReadPathBase(SettingSource source)
    {
        var text = (source.OptionalText("GRANARY_PATH_BASE") ?? "").TrimEnd('/');
        if (text.Length > 0 && (!text.StartsWith('/') || text.Contains("//", StringComparison.Ordinal)))
        {
            source.Fail("GRANARY_PATH_BASE", text, "give a path that starts with a slash, such as /granary");
            return "";
        }

        return text;
    }

    /// <summary>Reads addresses and networks, separated by commas.</summary>
    internal static List<IPNetwork> ReadNetworks(SettingSource source, string name)
    {
        var networks = new List<IPNetwork>();
        foreach (var item in source.List(name, ','))
        {
            if (IPNetwork.TryParse(item, out var network))
            {
                networks.Add(network);
            }
            else if (IPAddress.TryParse(item, out var address))
            {
                networks.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            }
            else
            {
                source.Fail(name, item, "give addresses or networks such as 10.0.0.0/8, separated by commas");
            }
        }

        return networks;
    }

    private static List<string> ReadOrigins(SettingSource source)
    {
        var origins = new List<string>();
        foreach (var item in source.List("GRANARY_CORS_ORIGINS", ','))
        {
            if (Uri.TryCreate(item, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.PathAndQuery == "/")
            {
                origins.Add(uri.GetLeftPart(UriPartial.Authority));
            }
            else
            {
                source.Fail("GRANARY_CORS_ORIGINS", item, "give origins such as https://files.example.org, separated by commas");
            }
        }

        return origins;
    }
}
