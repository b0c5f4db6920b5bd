using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Granary.Cluster.Tests;

/// <summary>Where silos under test listen, and who asks them there.</summary>
internal static class SiloAddress
{
    /// <summary>A client of one silo that acts as the operator.</summary>
    /// <param name="url">The silo.</param>
    /// <param name="operatorKey">The operator's key.</param>
    /// <param name="patience">How long a request may take; null: 30 s.</param>
    public static HttpClient Client(Uri url, string operatorKey, TimeSpan? patience)
    {
        var client = new HttpClient { BaseAddress = url, Timeout = patience ?? TimeSpan.FromSeconds(30) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", operatorKey);
        return client;
    }

    /// <summary>Whether the silo there answers that it is ready.</summary>
    public static async Task<bool> IsReadyAsync(HttpClient client, Uri url)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri(url, "api/v1/ready"));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    /// <summary>
    /// A port P so that P, P + <paramref name="step"/>, P + 2 <paramref name="step"/> ... are free, below those that the system
    /// gives to outgoing connections: one that a silo left for a moment must not be taken by somebody's client.
    /// </summary>
    public static int FreePorts(int count, int step)
    {
        while (true)
        {
            var port = RandomNumberGenerator.GetInt32(12_000, 32_000);
            if (Enumerable.Range(0, count).All(i => IsFree(port + (step * i))))
            {
                return port;
            }
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Any, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
