using System.Net;
using System.Net.Sockets;
using Granary.Silo.Configuration;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using ClusterOptions = Granary.Silo.Configuration.ClusterOptions;

namespace Granary.Silo.Hosting;

/// <summary>
/// Orleans: one silo on loopback with its own tables in a SQLite file beside the catalog, or a member of a cluster that meets
/// in Redis and keeps its tables in the catalog's database.
/// </summary>
internal static class OrleansSetup
{
    /// <summary>Orleans' name for the SQLite provider.</summary>
    private const string SqliteInvariant = "System.Data.SQLite";

    /// <summary>Orleans' name for MySqlConnector.</summary>
    private const string MariaDbInvariant = "MySql.Data.MySqlConnector";

    private const string Service = "granary";

    /// <summary>Adds a silo to the host.</summary>
    public static void Add(IHostApplicationBuilder builder, SiloSettings settings, string installationId)
    {
        var (invariant, connection) = settings.Storage.Database is { } database
            ? (MariaDbInvariant, database)
            : (SqliteInvariant, $"Data Source={settings.Storage.OrleansFile}");
        builder.UseOrleans(silo =>
        {
            if (settings.Cluster is { } cluster)
            {
                Join(silo, cluster, installationId);
            }
            else
            {
                silo.UseLocalhostClustering(FreePort(), FreePort(), primarySiloEndpoint: null, Service, installationId);
            }

            silo.Configure<SiloOptions>(options => options.SiloName = settings.Name);
            silo.AddAdoNetGrainStorageAsDefault(options =>
            {
                options.Invariant = invariant;
                options.ConnectionString = connection;
            });
            silo.AddAdoNetGrainStorage(ChangeStreamSetup.Subscriptions, options =>
            {
                options.Invariant = invariant;
                options.ConnectionString = connection;
            });
            silo.AddChangeStreams();
            silo.UseAdoNetReminderService(options =>
            {
                options.Invariant = invariant;
                options.ConnectionString = connection;
            });
        });
    }

    /// <summary>
    /// A silo that was killed is found dead by the refused connections in about a second, one that is frozen or cut off in
    /// three; a pause of the runtime is shorter.
    /// </summary>
    private static void Join(ISiloBuilder silo, ClusterOptions cluster, string installationId)
    {
        silo.UseRedisClustering(cluster.Redis);
        silo.ConfigureEndpoints(cluster.Address, cluster.SiloPort, gatewayPort: 0, listenOnAnyHostAddress: !IPAddress.IsLoopback(cluster.Address));
        silo.Configure<Orleans.Configuration.ClusterOptions>(options =>
        {
            options.ClusterId = installationId;
            options.ServiceId = Service;
        });
        silo.Configure<ClusterMembershipOptions>(options =>
        {
            options.ProbeTimeout = TimeSpan.FromSeconds(1);
            options.NumMissedProbesLimit = 3;
            options.NumVotesForDeathDeclaration = 1;
            options.TableRefreshTimeout = TimeSpan.FromSeconds(5);
        });
    }

    // Nothing connects to these from outside the process; they only must not collide with other silos on the machine.
    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
