using System.Net;
using System.Net.Sockets;
using Granary.Silo.Configuration;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;

namespace Granary.Silo.Hosting;

/// <summary>Orleans in the embedded default: one silo on loopback, its own tables in a SQLite file beside the catalog.</summary>
internal static class OrleansSetup
{
    /// <summary>Orleans' name for the SQLite provider.</summary>
    private const string SqliteInvariant = "System.Data.SQLite";

    /// <summary>Adds a silo to the host.</summary>
    public static void Add(IHostApplicationBuilder builder, SiloSettings settings, string installationId)
    {
        var connection = $"Data Source={settings.Storage.OrleansFile}";
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(FreePort(), FreePort(), primarySiloEndpoint: null, "granary", installationId);
            silo.Configure<SiloOptions>(options => options.SiloName = settings.Name);
            silo.AddAdoNetGrainStorageAsDefault(options =>
            {
                options.Invariant = SqliteInvariant;
                options.ConnectionString = connection;
            });
            silo.AddAdoNetGrainStorage(ChangeStreamSetup.Subscriptions, options =>
            {
                options.Invariant = SqliteInvariant;
                options.ConnectionString = connection;
            });
            silo.AddChangeStreams();
            silo.UseAdoNetReminderService(options =>
            {
                options.Invariant = SqliteInvariant;
                options.ConnectionString = connection;
            });
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
