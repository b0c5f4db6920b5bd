using System.Net;
using Granary.Silo.Configuration;
using StackExchange.Redis;

namespace Granary.Process.Tests.Settings;

/// <summary>The connection strings for Redis that docs/cluster.md shows: each is taken, and means what is said there.</summary>
public sealed class RedisConnectionTests
{
    private static readonly string s_key = Convert.ToBase64String(new byte[32]);

    [Fact]
    public void One_server_with_a_password() =>
        Assert.Equal(("redis.example.org", 6379, "secret", false), Of("redis.example.org:6379,password=secret"));

    [Fact]
    public void One_server_over_TLS_with_the_name_of_its_certificate()
    {
        Assert.Equal(("redis.example.org", 6380, "secret", true), Of("redis.example.org:6380,password=secret,ssl=true,sslHost=redis.example.org"));
        Assert.Equal("redis.example.org", ConfigurationOptions.Parse(Taken("redis.example.org:6380,ssl=true,sslHost=redis.example.org")).SslHost);
    }

    [Fact]
    public void Sentinels_and_the_name_of_what_they_watch()
    {
        var options = ConfigurationOptions.Parse(Taken("sentinel-0:26379,sentinel-1:26379,sentinel-2:26379,serviceName=granary,password=secret"));
        Assert.Equal("granary", options.ServiceName);
        Assert.Equal(["sentinel-0:26379", "sentinel-1:26379", "sentinel-2:26379"], options.EndPoints.OfType<DnsEndPoint>().Select(end => $"{end.Host}:{end.Port}"));
    }

    [Theory]
    [InlineData("redis:6379,no-such-word=1")]
    [InlineData("redis:6379,ssl=perhaps")]
    [InlineData("password=only")]
    public void What_is_none_is_refused_at_the_start_without_being_shown(string text)
    {
        var failure = Assert.Throws<InvalidSettingsException>(() => Taken(text));
        var error = Assert.Single(failure.Errors);
        Assert.StartsWith("GRANARY_CLUSTER_REDIS is", error, StringComparison.Ordinal);
        Assert.DoesNotContain(text, error, StringComparison.Ordinal);
    }

    private static (string Host, int Port, string? Password, bool Ssl) Of(string text)
    {
        var options = ConfigurationOptions.Parse(Taken(text));
        var end = Assert.IsType<DnsEndPoint>(Assert.Single(options.EndPoints));
        return (end.Host, end.Port, options.Password, options.Ssl);
    }

    // As the silo reads it, with everything else that a cluster needs.
    private static string Taken(string redis) => SiloSettings.Read(
        new Dictionary<string, string>
        {
            ["GRANARY_CLUSTER_REDIS"] = redis, ["GRANARY_CLUSTER_KEY"] = s_key, ["GRANARY_ENCRYPTION_KEY"] = s_key,
            ["GRANARY_OPERATOR_KEY"] = "gk_op_0123456789abcdef0123456789", ["GRANARY_DATABASE"] = "Server=db;Database=granary;User ID=granary;Password=x",
        },
        Path.GetTempPath()).Cluster!.Redis;
}
